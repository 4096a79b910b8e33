// From the bytes of a server to replies. The server is hostile: lines without end, replies without end, other things than
// SMTP. Whatever the pieces in which the bytes come, the replies and the error are the same.

import Formats

/// Why bytes are not a reply. After one, nothing that follows can be trusted: the connection is closed.
package enum ReplyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The line, safe to show.
    case notAReply(String)
    /// Lines of one reply with different codes.
    case mixedCodes(Int, Int)
    case lineTooLong
    case replyTooLong

    package var description: String {
        switch self {
        case .notAReply(""): "an empty line where a reply should stand"
        case .notAReply(let line): "not an SMTP reply: \(line)"
        case .mixedCodes(let first, let second): "one reply with two codes, \(first) and \(second)"
        case .lineTooLong: "a reply line longer than \(ReplyParser.lineLimit) bytes"
        case .replyTooLong: "a reply longer than \(ReplyParser.replyLimit) bytes"
        }
    }
}

/// Takes bytes as they come, gives replies as they end.
package struct ReplyParser: Sendable {
    /// Bytes of one line with its end; RFC 5321 section 4.5.3.1.5 says 512, some servers' EHLO and banners say more.
    package static let lineLimit = 8 << 10
    package static let replyLimit = 32 << 10

    private var buffer: [UInt8] = []
    /// Where the reading goes on in `buffer`, and how far the line's end has been looked for.
    private var lineStart = 0
    private var scanned = 0
    private var pending: Reply?
    private var replyBytes = 0

    package init() {}

    /// Whether nothing waits: no bytes after the last whole reply, no unfinished reply.
    package var isEmpty: Bool { lineStart == buffer.count && pending == nil }

    package mutating func append(_ bytes: some Sequence<UInt8>) {
        if lineStart > 0 {
            buffer.removeFirst(lineStart)
            scanned -= lineStart
            lineStart = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next whole reply; nil when more bytes are needed. Throws the same error again when called again.
    package mutating func next() throws(ReplyError) -> Reply? {
        while let line = try nextLine() {
            let (code, isLast, text) = try Self.parts(of: line.bytes)
            var reply = pending ?? Reply(code: code, lines: [])
            guard reply.code == code else { throw .mixedCodes(reply.code, code) }
            if reply.enhanced == nil, let enhanced = EnhancedCode(leading: text) {
                reply.enhanced = enhanced.series == code / 100 ? enhanced : EnhancedCode(code / 100, 0, 0)
            }
            reply.lines.append(Printable.text(text))
            reply.hasBareLineFeed = reply.hasBareLineFeed || line.isBare
            lineStart += line.length
            scanned = lineStart
            if isLast {
                (pending, replyBytes) = (nil, 0)
                return reply
            }
            pending = reply
            replyBytes += line.length
        }
        return nil
    }

    private struct Line {
        var bytes: ArraySlice<UInt8>
        var length: Int
        var isBare: Bool
    }

    private mutating func nextLine() throws(ReplyError) -> Line? {
        // Whichever limit is reached first names the error, so that it does not depend on the pieces.
        let room = Self.replyLimit - replyBytes
        let (limit, excess): (Int, ReplyError) =
            Self.lineLimit <= room ? (Self.lineLimit, .lineTooLong) : (room, .replyTooLong)
        let searched = min(buffer.count, lineStart + limit)
        guard let end = buffer[scanned..<searched].firstIndex(of: 0x0a) else {
            scanned = searched
            // The line feed that is still to come makes it one byte longer.
            if buffer.count - lineStart >= limit { throw excess }
            return nil
        }
        scanned = end
        let length = end + 1 - lineStart
        let isBare = end == lineStart || buffer[end - 1] != 0x0d
        return Line(bytes: buffer[lineStart..<(isBare ? end : end - 1)], length: length, isBare: isBare)
    }

    /// `250-text`: the code, whether the reply ends here, and the text. A code alone is allowed (section 4.2).
    private static func parts(of line: ArraySlice<UInt8>) throws(ReplyError) -> (Int, Bool, ArraySlice<UInt8>) {
        let digits = line.prefix(3)
        let mark = line.dropFirst(3).first
        guard digits.count == 3, digits.allSatisfy({ (48...57).contains($0) }),
            let first = digits.first, (49...53).contains(first),
            mark == nil || mark == UInt8(ascii: " ") || mark == UInt8(ascii: "-")
        else { throw .notAReply(Printable.text(line, limit: 200)) }
        let code = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
        return (code, mark != UInt8(ascii: "-"), line.dropFirst(4))
    }
}
