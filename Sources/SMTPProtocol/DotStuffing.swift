// A message as it goes over the wire (RFC 5321 sections 2.3.8 and 4.5.2). What must stay true: whatever a message holds,
// it ends where we end it. A receiver that takes a bare LF or CR for a line's end would see the end of the data in
// `\n.\n`, and what follows as commands (SMTP smuggling); so no bare CR or LF goes out.

/// A walk over a message that gives it in blocks: line ends as CRLF, dots at the start of lines doubled, the final dot at
/// the end of the last block.
package struct DotStuffing: Sendable {
    private let message: [UInt8]
    private let blockSize: Int
    private var at = 0
    private var atLineStart = true
    private var isFinished = false

    /// Blocks have `blockSize` octets and a few more at most.
    package init(_ message: [UInt8], blockSize: Int = 64 << 10) {
        self.message = message
        self.blockSize = max(1, blockSize)
    }

    /// The whole message in one block.
    package static func framed(_ message: [UInt8]) -> [UInt8] {
        var blocks = DotStuffing(message, blockSize: .max)
        return blocks.next()?.bytes ?? []
    }

    /// The size that SIZE declares (RFC 1870 section 3): with CRLF, without what stuffing adds and without the dot.
    package static func size(of message: [UInt8]) -> Int {
        var extra = 0
        message.withUnsafeBufferPointer { bytes in
            for (i, byte) in bytes.enumerated() {
                if byte == 0x0a, i == 0 || bytes[i - 1] != 0x0d { extra += 1 }
                if byte == 0x0d, i + 1 == bytes.count || bytes[i + 1] != 0x0a { extra += 1 }
            }
        }
        if let last = message.last, last != 0x0a, last != 0x0d { extra += 2 }
        return message.count + extra
    }

    /// The next block and whether it is the last, which ends with the dot. Nil after that.
    package mutating func next() -> (bytes: [UInt8], isLast: Bool)? {
        if isFinished { return nil }
        var out: [UInt8] = []
        out.reserveCapacity(min(blockSize, message.count) + 16)
        message.withUnsafeBufferPointer { bytes in
            while at < bytes.count, out.count < blockSize {
                let start = at
                let limit = min(bytes.count - at, blockSize - out.count) + at
                while at < limit, bytes[at] != 0x0d, bytes[at] != 0x0a { at += 1 }
                if at > start {
                    if atLineStart, bytes[start] == 0x2e { out.append(0x2e) }
                    out.append(contentsOf: bytes[start..<at])
                    atLineStart = false
                }
                guard at < limit else { continue }
                let isReturn = bytes[at] == 0x0d
                at += 1
                if isReturn, at < bytes.count, bytes[at] == 0x0a { at += 1 }
                out.append(0x0d)
                out.append(0x0a)
                atLineStart = true
            }
        }
        guard at == message.count else { return (out, false) }
        if !atLineStart { out.append(contentsOf: [0x0d, 0x0a]) }
        out.append(contentsOf: [0x2e, 0x0d, 0x0a])
        isFinished = true
        return (out, true)
    }
}
