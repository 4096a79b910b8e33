// Where the message of a line begins, and nothing else of its header: all that `herald scan --count` asks of most lines
// that the scan names. It reads the line where it stands, and makes neither time nor text of it.
// Must stay true: an answer is the one that `LineHeader.parse` would give. So only the common forms are known here, as
// they are usually written; for every other line the answer is nil.

extension LineHeader {
    /// Where the message begins in `line` (without its newline), or nil: then `parse` must be asked.
    package static func messageStart(of line: UnsafeRawBufferPointer, format: LineFormat) -> Int? {
        switch format {
        case .plain: return 0
        case .auto: break
        case .json, .docker, .cri: return nil
        }
        var walk = HeaderWalk(line)
        return walk.messageStart()
    }
}

/// A walk over a line's header. Nothing here reads outside the line.
private struct HeaderWalk {
    private let line: UnsafeRawBufferPointer
    private var at = 0

    init(_ line: UnsafeRawBufferPointer) { self.line = line }

    mutating func messageStart() -> Int? {
        guard let first = peek() else { return 0 }
        switch first {
        case UInt8(ascii: "{"), UInt8(ascii: "*"), UInt8(ascii: "<"), UInt8(ascii: "["): return nil
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return dated()
        case 0x20, 0x09: return 0
        default:
            if let month = month() { return syslog(month) }
            // klog's letter stands before digits, asctime's name of a day before a space.
            let isCapital = first &- 65 < 26
            return isCapital && (isDigit(peek(1)) || peek(3) == 0x20) ? nil : 0
        }
    }

    // MARK: Bytes

    private func peek(_ ahead: Int = 0) -> UInt8? {
        let index = at + ahead
        return index < line.count ? line[index] : nil
    }

    private func isDigit(_ byte: UInt8?) -> Bool { byte.map { $0 &- 48 < 10 } ?? false }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        at += 1
        return true
    }

    /// Spaces and tabs; whether there are any.
    private mutating func skipSpaces() -> Bool {
        let start = at
        while let byte = peek(), byte == 0x20 || byte == 0x09 { at += 1 }
        return at > start
    }

    /// Passes over digits; how many.
    private mutating func skipDigits() -> Int {
        let start = at
        while isDigit(peek()) { at += 1 }
        return at - start
    }

    private mutating func twoDigits() -> Int? {
        guard let tens = peek(), let ones = peek(1), tens &- 48 < 10, ones &- 48 < 10 else { return nil }
        at += 2
        return Int(tens - 48) * 10 + Int(ones - 48)
    }

    /// Up to the next space; nil when nothing stands there, or more than `limit`.
    private mutating func word(limit: Int) -> UnsafeRawBufferPointer? {
        let start = at
        while let byte = peek(), byte != 0x20 { at += 1 }
        guard at > start, at - start <= limit else { return nil }
        return UnsafeRawBufferPointer(rebasing: line[start..<at])
    }

    // MARK: Times

    private mutating func month() -> Int? {
        guard line.count >= 3, let month = LineScanner.month(line[0], line[1], line[2]) else { return nil }
        at = 3
        return month
    }

    /// `12:41:14`, nothing finer. No second of a leap.
    private mutating func takeTimeOfDay() -> Bool {
        guard let hour = twoDigits(), hour < 24, take(UInt8(ascii: ":")), let minute = twoDigits(), minute < 60,
            take(UInt8(ascii: ":")), let second = twoDigits()
        else { return false }
        return second < 60
    }

    /// Whether every year has that day.
    private static func isCertain(day: Int, of month: Int) -> Bool {
        (1...12).contains(month) && day >= 1 && (day <= 28 || day <= 30 && month != 2)
    }

    // MARK: Forms

    /// Behind the month: ` 21 12:41:14 host sshd[812]: `, with no host or no program too.
    private mutating func syslog(_ month: Int) -> Int? {
        guard skipSpaces(), let tens = peek(), tens &- 48 < 10 else { return nil }
        at += 1
        var day = Int(tens - 48)
        if let ones = peek(), ones &- 48 < 10 {
            at += 1
            day = day * 10 + Int(ones - 48)
        }
        guard take(0x20), takeTimeOfDay(), Self.isCertain(day: day, of: month), take(0x20) else { return nil }
        let start = at
        switch tag() {
        case .message(let message): return message
        case .unknown: return nil
        case .none: break
        }
        at = start
        guard takeHost() else { return start }
        let afterHost = at
        switch tag() {
        case .message(let message): return message
        case .unknown: return nil
        case .none: return afterHost
        }
    }

    /// A host's name and the spaces behind it.
    private mutating func takeHost() -> Bool {
        guard let host = word(limit: 255), LineHeader.isHost(host), LogLevel.named(host) == nil else { return false }
        return skipSpaces()
    }

    private enum Tag {
        case none
        /// The message begins there.
        case message(Int)
        case unknown
    }

    /// `sshd[812]: `, `kernel: ` with the kernel's stamp behind it.
    private mutating func tag() -> Tag {
        let start = at
        while let byte = peek(), byte != 0x20, byte != 0x5b, byte != 0x3a { at += 1 }
        let name = UnsafeRawBufferPointer(rebasing: line[start..<at])
        guard name.count <= 64, LineHeader.isName(name) else { return .none }
        if take(UInt8(ascii: "[")) {
            let content = at
            while let byte = peek(), byte != 0x5d, byte != 0x20 { at += 1 }
            guard (1...32).contains(at - content), take(UInt8(ascii: "]")) else { return .none }
        }
        guard take(UInt8(ascii: ":")), peek() == 0x20 || peek() == nil else { return .none }
        _ = take(0x20)
        if peek() == UInt8(ascii: "["), name.elementsEqual("kernel".utf8) {
            return stamp() ? .message(at) : .unknown
        }
        return .message(at)
    }

    /// `[  123.456789] `, with nothing else in brackets behind it.
    private mutating func stamp() -> Bool {
        at += 1
        _ = skipSpaces()
        guard (1...10).contains(skipDigits()), take(UInt8(ascii: ".")), (3...9).contains(skipDigits()),
            take(UInt8(ascii: "]"))
        else { return false }
        _ = take(0x20)
        return peek() != UInt8(ascii: "[")
    }

    /// rsyslog's `2026-11-21T12:41:14.123456+01:00 host sshd[812]: `, nginx' `2026/11/21 12:41:14 [error] `, PostgreSQL's
    /// `2026-11-21 12:41:14.123 UTC [812] app@db FATAL:  `.
    private mutating func dated() -> Int? {
        guard skipDigits() == 4, let mark = peek(), mark == UInt8(ascii: "-") || mark == UInt8(ascii: "/") else {
            return nil
        }
        at += 1
        guard let month = twoDigits(), take(mark), let day = twoDigits(), Self.isCertain(day: day, of: month),
            take(UInt8(ascii: "T")) || take(0x20), takeTimeOfDay()
        else { return nil }
        if peek() == 0x2e || peek() == 0x2c {
            at += 1
            guard skipDigits() > 0 else { return nil }
        }
        if peek() == 0x20 { return peek(1) == UInt8(ascii: "[") ? bracketed(skipping: 1) : postgresql() }
        guard takeOffset(), take(0x20), takeHost(), case .message(let message) = tag() else { return nil }
        return message
    }

    /// `Z`, `+01:00`.
    private mutating func takeOffset() -> Bool {
        if take(UInt8(ascii: "Z")) { return true }
        guard take(UInt8(ascii: "+")) || take(UInt8(ascii: "-")), let hours = twoDigits(), hours < 24,
            take(UInt8(ascii: ":")), let minutes = twoDigits()
        else { return false }
        return minutes < 60
    }

    private mutating func postgresql() -> Int? {
        for (index, byte) in " UTC [".utf8.enumerated() where peek(index) != byte { return nil }
        return isDigit(peek(6)) ? bracketed(skipping: 5) : nil
    }

    /// Behind a time: `[error] `, or a number and up to two words before one that PostgreSQL begins its messages with.
    private mutating func bracketed(skipping spaces: Int) -> Int? {
        at += spaces
        let start = at
        at += 1
        guard isDigit(peek()) else { return start }
        guard skipDigits() <= 8, take(UInt8(ascii: "]")), take(0x20), !isDigit(peek()) else { return nil }
        for _ in 0..<3 {
            let wordStart = at
            guard let word = word(limit: 128) else { break }
            if word.last == 0x3a, LogLevel.postgresql(word.dropLast()) != nil { return wordStart }
            guard take(0x20) else { break }
        }
        return start
    }
}
