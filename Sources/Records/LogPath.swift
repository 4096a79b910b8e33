// Paths of log files as text. A file's name is bytes, and need not be UTF-8; a path here is a String that stands for
// exactly one sequence of bytes, so that such a file is watched like any other.

import Formats

/// The text form of a path: its UTF-8, in which each byte that is not UTF-8 is one of the last 128 scalars of the last
/// private plane (U+10FF80 to U+10FFFF). A name that holds such a scalar itself has its four bytes written that way too,
/// so the form is one to one.
package enum LogPath {
    private static let escapes: ClosedRange<UInt32> = 0x10ff80...0x10ffff

    package static func text(_ bytes: [UInt8]) -> String {
        // F4 8F BE 80 to F4 8F BF BF are the UTF-8 of the escapes.
        if let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0xf4) { return text }
        var text = String.UnicodeScalarView()
        for piece in UTF8Pieces(bytes: bytes) {
            switch piece {
            case .invalid(let byte): append(byte, to: &text)
            case .scalar(let scalar) where escapes.contains(scalar.value):
                for byte in String(Character(scalar)).utf8 { append(byte, to: &text) }
            case .scalar(let scalar): text.append(scalar)
            }
        }
        return String(text)
    }

    private static func append(_ byte: UInt8, to text: inout String.UnicodeScalarView) {
        if let scalar = Unicode.Scalar(0x10ff00 + UInt32(byte)) { text.append(scalar) }
    }

    /// The bytes that `path` stands for.
    package static func bytes(_ path: String) -> [UInt8] {
        let plain = Array(path.utf8)
        guard plain.contains(0xf4) else { return plain }
        return path.unicodeScalars.flatMap { scalar -> [UInt8] in
            escapes.contains(scalar.value)
                ? [UInt8(truncatingIfNeeded: scalar.value)] : Array(String(Character(scalar)).utf8)
        }
    }

    /// For people: on one line, foreign bytes as `\xNN`.
    package static func shown(_ path: String) -> String { Printable.text(bytes(path)) }
}
