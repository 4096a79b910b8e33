// A file in a letter.

/// A file in a letter: what it is called, its media type without parameters, and its bytes.
package struct Attachment: Hashable, Sendable {
    /// Decoded, as the sender wrote it; foreign, so never the name of a file of ours. Empty when there was none.
    package var name: String
    /// In lower case, `application/pdf`.
    package var type: String
    package var bytes: [UInt8]

    package init(name: String, type: String, bytes: [UInt8]) {
        self.name = name
        self.type = type
        self.bytes = bytes
    }
}
