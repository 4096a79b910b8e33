// Encodings in which a log cannot be matched: patterns are of bytes, in ASCII and what has ASCII in it.

package enum TextEncoding {
    /// Whether a text that begins with these bytes is UTF-16, by its byte order mark, without which nobody can tell.
    package static func isUTF16(_ head: [UInt8]) -> Bool {
        head.starts(with: [0xff, 0xfe]) || head.starts(with: [0xfe, 0xff])
    }

    /// Behind the name of a file: what it is, and what can be done with it.
    package static let utf16Words = "is UTF-16: `iconv -f UTF-16 -t UTF-8 FILE | herald scan -`"
}
