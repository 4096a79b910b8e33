// A letter as a file: one line of JSON, then the message's bytes.

import Mail

/// The file form of a letter.
package enum LetterFile {
    package static func encode(_ letter: Letter) -> [UInt8] { [] }

    /// Strict: a file that is not exactly what `encode` writes is a fault.
    package static func decode(_ bytes: [UInt8]) throws(LetterFileError) -> Letter { throw LetterFileError("not yet") }
}

/// What is wrong with a letter file.
package struct LetterFileError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
