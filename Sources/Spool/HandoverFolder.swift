// incoming/NAME: where one daemon hands letters to the mailer.

import Mail
import Platform

/// A folder in which letters are handed over.
package struct HandoverFolder: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    /// Durable when this returns; doing it again for the same id does nothing.
    package func deposit(_ letter: Letter) throws(SystemError) {}

    /// The names of the letter files that wait, sorted.
    package func waiting() throws(SystemError) -> [String] { [] }

    /// The bytes of a waiting file; never through a link, only of a regular file, at most `limit`.
    package func read(_ name: String, limit: Int = HandoverFolder.sizeLimit) throws(SystemError) -> [UInt8] { [] }

    /// Takes a file away, durably; nothing happens when it is gone.
    package func remove(_ name: String) throws(SystemError) {}

    /// Moves a file into `folder`, with `NAME.reason` beside it.
    package func reject(_ name: String, reason: String, into folder: String) throws(SystemError) {}

    /// A letter file larger than this is refused.
    package static let sizeLimit = 64 << 20
}
