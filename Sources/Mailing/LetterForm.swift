// The form of a message that a daemon hands over. Ours are always written so; one that is not was not written by them,
// and servers disagree on how to read it, which is how a second message is smuggled past one of them. Pure.

import Formats

/// What a message's octets must keep to: RFC 5321 section 2.3.8 and 4.5.3.1.6, RFC 5322 section 2.1.1 and 2.2.
enum LetterForm {
    /// Octets of a line without its CRLF.
    private static let lineLimit = 998

    /// What is wrong with `message`; nil when nothing is.
    static func fault(of message: [UInt8]) -> String? {
        var start = 0
        var inHeader = true
        var number = 1
        while start < message.count {
            var end = start
            while end < message.count, message[end] != 0x0d {
                if message[end] == 0x0a { return "its line \(number) has a bare LF" }
                if message[end] == 0 { return "its line \(number) has a NUL" }
                end += 1
            }
            if end < message.count, end + 1 >= message.count || message[end + 1] != 0x0a {
                return "its line \(number) has a bare CR"
            }
            if end - start > lineLimit { return "its line \(number) has \(end - start) octets" }
            if inHeader {
                if end == start {
                    if number == 1 { return "it has no header" }
                    inHeader = false
                } else if !isHeaderLine(message[start..<end], isFirst: number == 1) {
                    return "its line \(number) is no line of a header"
                }
            }
            start = end + 2
            number += 1
        }
        return nil
    }

    /// `Name: …`, or what continues one: readers that forgive more would find other fields than we do.
    private static func isHeaderLine(_ line: ArraySlice<UInt8>, isFirst: Bool) -> Bool {
        if let first = line.first, first == 0x20 || first == 0x09 { return !isFirst }
        guard let colon = line.firstIndex(of: 0x3a) else { return false }
        return colon > line.startIndex && line[..<colon].allSatisfy { (33...126).contains($0) }
    }
}
