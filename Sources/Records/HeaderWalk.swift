// The walk over the header of a line as it stands in a block: over the common forms, as they are usually written, with
// neither time nor text made of them.
// Must stay true: what it finds is what `LineHeader.parse` would find; where it might not be, it finds nothing.

/// Nothing here reads outside the line.
struct HeaderWalk {
    private let line: UnsafeRawBufferPointer
    private var at = 0
    /// What was passed over of a header of syslog: its time, else nil, and where the names stand in the line.
    private(set) var stamp: SyslogStamp?
    private(set) var host = 0..<0
    private(set) var program = 0..<0
    private(set) var pid: Int32?
    /// The kernel's own stamp, in microseconds.
    private(set) var uptime: Int64?
    /// Of a header that names a host: where what stands behind it begins, and whether its time is rsyslog's.
    private(set) var hostEnd: Int?
    private(set) var isDated = false

    init(_ line: UnsafeRawBufferPointer) { self.line = line }

    /// A walk over a line of which the header is known as far as its host, and the spaces behind that.
    init(_ line: UnsafeRawBufferPointer, host: Range<Int>, end: Int) {
        self.line = line
        (self.host, at) = (host, end)
    }

    /// Where the message begins, of a walk that stands behind a host. `isDated`: behind a time that rsyslog wrote.
    mutating func messageStartBehindHost(isDated: Bool) -> Int? { isDated ? tagBehindHost() : behindHost() }

    mutating func messageStart() -> Int? {
        guard let first = peek() else { return 0 }
        switch first {
        case UInt8(ascii: "{"), UInt8(ascii: "*"), UInt8(ascii: "<"), UInt8(ascii: "["): return nil
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return dated()
        case 0x20, 0x09: return 0
        default:
            if let month = month() { return syslog(month) }
            // klog's letter stands before digits, asctime's name of a day before a space, and what dmesg decoded is `kern  :`.
            let isCapital = first &- 65 < 26
            if first == UInt8(ascii: "k"), peek(4) == 0x20, peek(6) == UInt8(ascii: ":") { return nil }
            if isPrompt { return nil }
            return isCapital && (isDigit(peek(1)) || peek(3) == 0x20) ? nil : 0
        }
    }

    /// `web1 login: [`: the kernel's stamp may stand behind it.
    private var isPrompt: Bool {
        guard let space = line.prefix(65).firstIndex(of: 0x20), line.count > space + 8, line[space + 8] == 0x5b else {
            return false
        }
        return line[space..<space + 8].elementsEqual(" login: ".utf8)
    }

    var isOfKernel: Bool {
        guard program.count == Self.kernel.utf8CodeUnitCount else { return false }
        for at in 0..<program.count where line[program.lowerBound + at] != Self.kernel.utf8Start[at] { return false }
        return true
    }

    private static let kernel: StaticString = "kernel"

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

    /// `12:41:14`, nothing finer; its second of the day. No second of a leap.
    private mutating func timeOfDay() -> Int? {
        guard let hour = twoDigits(), hour < 24, take(UInt8(ascii: ":")), let minute = twoDigits(), minute < 60,
            take(UInt8(ascii: ":")), let second = twoDigits(), second < 60
        else { return nil }
        return hour * 3600 + minute * 60 + second
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
        guard take(0x20), let second = timeOfDay(), Self.isCertain(day: day, of: month), take(0x20) else { return nil }
        stamp = SyslogStamp(month: month, day: day, second: second)
        let start = at
        switch tag() {
        case .message(let message):
            guard pid == nil, LineHeader.isWordOfMessage(tag: line[program]) else { return message }
            program = 0..<0
            return start
        case .unknown: return nil
        case .none: break
        }
        at = start
        guard takeHost() else { return start }
        return behindHost()
    }

    private mutating func behindHost() -> Int? {
        let (start, afterHost) = (host.lowerBound, at)
        hostEnd = afterHost
        var tagged: Int?
        switch tag() {
        case .message(let message): tagged = message
        case .unknown: return nil
        case .none: break
        }
        if LineHeader.isMessage(line[start...], withHost: line[host], isTagged: tagged != nil) {
            (host, program, pid, uptime, hostEnd) = (0..<0, 0..<0, nil, nil, nil)
            return start
        }
        return tagged ?? afterHost
    }

    /// What a time that rsyslog wrote must have behind its host.
    private mutating func tagBehindHost() -> Int? {
        let start = host.lowerBound
        (hostEnd, isDated) = (at, true)
        guard case .message(let message) = tag(),
            !LineHeader.isMessage(line[start...], withHost: line[host], isTagged: true)
        else { return nil }
        return message
    }

    /// A host's name and the spaces behind it.
    private mutating func takeHost() -> Bool {
        let start = at
        guard let word = word(limit: 255), LineHeader.isHost(word), LogLevel.named(word) == nil else { return false }
        let end = at
        guard skipSpaces() else { return false }
        host = start..<end
        return true
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
        var end = at
        guard end - start <= 64, LineHeader.isName(UnsafeRawBufferPointer(rebasing: line[start..<end])) else {
            return .none
        }
        var number: Int32?
        if take(UInt8(ascii: "[")) {
            let content = at
            while let byte = peek(), byte != 0x5d, byte != 0x20 { at += 1 }
            if (1...32).contains(at - content), take(UInt8(ascii: "]")), peek() == UInt8(ascii: ":") {
                number = LineHeader.processID(line[content..<at - 1])
            } else if let tag = LineHeader.bracketedTag(line[start...]) {
                (end, at, number) = (tag.nameEnd, tag.end, tag.pid)
            } else {
                return .none
            }
        }
        guard take(UInt8(ascii: ":")), peek() == 0x20 || peek() == nil else { return .none }
        (program, pid) = (start..<end, number)
        _ = take(0x20)
        if peek() == UInt8(ascii: "["), isOfKernel {
            return kernelStamp() ? .message(at) : .unknown
        }
        return .message(at)
    }

    /// `[  123.456789] `, with nothing else in brackets behind it.
    private mutating func kernelStamp() -> Bool {
        at += 1
        _ = skipSpaces()
        var seconds: Int64 = 0
        let start = at
        while let byte = peek(), byte &- 48 < 10, at - start < 11 {
            seconds = seconds * 10 + Int64(byte - 48)
            at += 1
        }
        guard (1...10).contains(at - start), take(UInt8(ascii: ".")) else { return false }
        let point = at
        guard let fraction = fraction(), (3...9).contains(at - point) else { return false }
        // printk writes six digits.
        uptime = seconds * 1_000_000 + (at - point == 6 ? Int64(fraction) : 0)
        guard take(UInt8(ascii: "]")) else { return false }
        _ = take(0x20)
        return peek() != UInt8(ascii: "[")
    }

    /// rsyslog's `2026-11-21T12:41:14.123456+01:00 host sshd[812]: `, nginx' `2026/11/21 12:41:14 [error] `, PostgreSQL's
    /// `2026-11-21 12:41:14.123 UTC [812] app@db FATAL:  `.
    private mutating func dated() -> Int? {
        guard let century = twoDigits(), let year = twoDigits(), let mark = peek(),
            mark == UInt8(ascii: "-") || mark == UInt8(ascii: "/")
        else { return nil }
        at += 1
        guard let month = twoDigits(), take(mark), let day = twoDigits(), Self.isCertain(day: day, of: month),
            take(UInt8(ascii: "T")) || take(0x20), let second = timeOfDay()
        else { return nil }
        var microsecond = 0
        let isComma = peek() == 0x2c
        if peek() == 0x2e || isComma {
            at += 1
            guard let fraction = fraction() else { return nil }
            microsecond = fraction
        }
        if peek() == 0x20 { return peek(1) == UInt8(ascii: "[") ? bracketed(skipping: 1) : postgresql() }
        // With a comma it may be dmesg's.
        guard !isComma, let offset = offset(), take(0x20) else { return nil }
        var stamp = SyslogStamp(month: month, day: day, second: second)
        (stamp.year, stamp.microsecond, stamp.offset) = (century * 100 + year, microsecond, offset)
        guard takeHost(), let message = tagBehindHost() else { return nil }
        self.stamp = stamp
        return message
    }

    /// Digits as microseconds; finer ones are passed over.
    private mutating func fraction() -> Int? {
        var (value, count) = (0, 0)
        while let byte = peek(), byte &- 48 < 10 {
            if count < 6 { value = value * 10 + Int(byte - 48) }
            (count, at) = (count + 1, at + 1)
        }
        for _ in min(count, 6)..<6 { value *= 10 }
        return count > 0 ? value : nil
    }

    /// `Z`, `+01:00`, in seconds.
    private mutating func offset() -> Int? {
        if take(UInt8(ascii: "Z")) { return 0 }
        let isEast = peek() == UInt8(ascii: "+")
        guard isEast || peek() == UInt8(ascii: "-") else { return nil }
        at += 1
        guard let hours = twoDigits(), hours < 24, take(UInt8(ascii: ":")), let minutes = twoDigits(), minutes < 60
        else { return nil }
        return (hours * 60 + minutes) * (isEast ? 60 : -60)
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
