// The message out of what comes after DATA, for a server. Only CR LF . CR LF ends it: a bare LF ends no line here, so that
// one message stays one message.

/// Takes bytes as they come; what follows the end is left for the next command.
package struct DotUnstuffing: Sendable {
    package private(set) var message: [UInt8] = []
    /// Lines that ended with LF alone; they are kept as they are.
    package private(set) var bareLineFeeds = 0
    /// Whether the message was longer than allowed; the bytes beyond are not kept.
    package private(set) var isTooLong = false
    private let limit: Int
    private var state = State.lineStart

    private enum State {
        case lineStart, inLine, carriageReturn, dot, dotCarriageReturn
    }

    package init(limit: Int) { self.limit = limit }

    /// How many of `bytes` belong to the message, its final dot included; nil while the end has not come.
    package mutating func append(_ bytes: ArraySlice<UInt8>) -> Int? {
        for (count, byte) in bytes.enumerated() {
            switch (state, byte) {
            case (.lineStart, 0x2e):
                state = .dot
                continue
            case (.dot, 0x0d):
                state = .dotCarriageReturn
                continue
            case (.dotCarriageReturn, 0x0a): return count + 1
            case (.dotCarriageReturn, _):
                keep(0x0d)
                state = byte == 0x0d ? .carriageReturn : .inLine
            case (.carriageReturn, 0x0a): state = .lineStart
            case (_, 0x0d): state = .carriageReturn
            case (_, 0x0a):
                bareLineFeeds += 1
                state = .inLine
            default: state = .inLine
            }
            keep(byte)
        }
        return nil
    }

    private mutating func keep(_ byte: UInt8) {
        if message.count < limit { message.append(byte) } else { isTooLong = true }
    }
}
