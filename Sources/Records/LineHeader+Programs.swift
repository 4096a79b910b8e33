// Lines of programs that write their own files: a date first, or in brackets. nginx, PostgreSQL, MySQL, Redis, Apache,
// PHP, Kubernetes, the kernel's ring buffer, and whatever begins with an ISO time.

import Formats

extension LineHeader {
    /// A line that begins with a date: syslog's with ISO times, CRI, nginx, PostgreSQL, any program's.
    static func dated(_ scanner: inout LineScanner, _ context: LineContext, depth: Int) -> LineHeader? {
        if let header = dmesgISO(&scanner, context) ?? isoSyslog(&scanner, context) { return header }
        var header = LineHeader()
        if let (time, hasZone) = scanner.isoTime(localOffset: context.utcOffset) {
            header.time = time
            if hasZone, depth == 0, let inner = cri(&scanner, context, time) { return inner }
        } else if let time = scanner.dayFirstTime(context) {
            header.time = time
        } else {
            return nil
        }
        // Behind the time: spaces, or nothing at all.
        guard scanner.skipSpaces() > 0 || scanner.isAtEnd || scanner.peek() == UInt8(ascii: ":") else { return nil }
        header.messageStart = scanner.at
        if header.nginx(scanner) || header.postgresql(&scanner) { return header }
        header.take(LogLevel.found(in: scanner))
        return header
    }

    /// nginx, behind the time: `[error] 812#812: *1 message`.
    private mutating func nginx(_ scanner: LineScanner) -> Bool {
        var scanner = scanner
        guard scanner.take("["), let level = scanner.word(limit: 8, until: { $0 == 0x5d }), scanner.take("] "),
            let number = scanner.number(limit: 10), scanner.take("#"), scanner.number(limit: 10) != nil,
            scanner.take(": ")
        else { return false }
        pid = Int32(exactly: number)
        priority = LogLevel.named(level)
        return true
    }

    /// PostgreSQL (log_line_prefix '%m [%p] %q%u@%d '), behind the time: `[812] app@db ERROR:  message`.
    private mutating func postgresql(_ scanner: inout LineScanner) -> Bool {
        let start = scanner.at
        if scanner.take("["), let number = scanner.number(limit: 10), scanner.take("] ") {
            for _ in 0..<3 {
                let wordStart = scanner.at
                guard let word = scanner.word(limit: 128) else { break }
                if word.last == 0x3a, let level = LogLevel.postgresql(word.dropLast()) {
                    (pid, priority, messageStart) = (Int32(exactly: number), level, wordStart)
                    isLevelVague = LogLevel.isForAdministrator(postgresql: word.dropLast())
                    return true
                }
                guard scanner.take(" ") else { break }
            }
        }
        scanner.at = start
        return false
    }

    /// `812:M 21 Nov 2026 12:41:14.123 # message`.
    static func redis(_ scanner: inout LineScanner, _ context: LineContext) -> LineHeader? {
        let start = scanner.at
        if let number = scanner.number(limit: 10), scanner.take(":"), let role = scanner.peek(),
            [0x4d, 0x53, 0x43, 0x58].contains(role)  // master, slave, child, sentinel
        {
            scanner.at += 1
            if scanner.take(" "), let time = scanner.dayFirstTime(context), scanner.take(" "),
                let mark = scanner.peek(), let level = redisLevel(mark)
            {
                scanner.at += 1
                _ = scanner.take(" ")
                var header = LineHeader()
                (header.time, header.pid, header.priority) = (time, Int32(exactly: number), level)
                header.messageStart = scanner.at
                return header
            }
        }
        scanner.at = start
        return nil
    }

    private static func redisLevel(_ mark: UInt8) -> UInt8? {
        switch mark {
        case UInt8(ascii: "#"): 4
        case UInt8(ascii: "*"): 5
        case UInt8(ascii: "-"): 6
        case UInt8(ascii: "."): 7
        default: nil
        }
    }

    /// `[  123.456789] …` (printk), `[Sat Nov 21 12:41:14.123456 2026] [core:error] …` (Apache; dmesg -T),
    /// `[21-Nov-2026 12:41:14 UTC] PHP Fatal error: …`, `[2026-11-21T12:41:14,123][ERROR][…] …` (Elasticsearch).
    static func bracketed(_ scanner: inout LineScanner, _ context: LineContext) -> LineHeader? {
        var header = LineHeader()
        if header.printk(&scanner) {
            header.messageStart = scanner.at
            return header
        }
        if let header = dmesgTime(&scanner, context) { return header }
        guard scanner.take("[") else { return nil }
        let start = scanner
        guard
            let time = scanner.isoTime(localOffset: context.utcOffset)?.time ?? scanner.dayFirstTime(context)
                ?? scanner.asctime(context)
        else { return nil }
        if let level = takeCeleryLevel(&scanner) {
            (header.time, header.priority, header.messageStart) = (time, level, start.at - 1)
            return header
        }
        guard scanner.take("]") else { return nil }
        scanner.skipSpaces()
        header.time = time
        if isRequest(scanner, isCommon: false) {
            (header.isAccess, header.messageStart) = (true, start.at - 1)
            return header
        }
        header.take(LogLevel.found(in: scanner))
        header.messageStart = scanner.at
        return header
    }

    /// `[2026-11-21 12:41:14,123: CRITICAL/MainProcess] message` (Celery), behind the time: `: CRITICAL/MainProcess]`.
    private static func takeCeleryLevel(_ scanner: inout LineScanner) -> UInt8? {
        let start = scanner.at
        if scanner.take(": "), let word = scanner.word(limit: 10, until: { !(65...90).contains($0) }),
            let level = LogLevel.named(word), scanner.take("/"),
            scanner.word(limit: 64, until: { $0 == 0x5d }) != nil, scanner.take("]")
        {
            return level
        }
        scanner.at = start
        return nil
    }

    /// Of a line that names its level, and has no header else.
    init?(_ found: LogLevel.Found?) {
        guard let found else { return nil }
        take(found)
    }

    mutating func take(_ found: LogLevel.Found?) {
        (priority, isLevelVague) = (found?.level, found?.isVague ?? false)
    }

    /// `Sat Nov 21 12:41:14 2026 message`.
    static func asctimeLine(_ scanner: inout LineScanner, _ context: LineContext) -> LineHeader? {
        guard let time = scanner.asctime(context), scanner.skipSpaces() > 0 else { return nil }
        var header = LineHeader()
        header.time = time
        header.take(LogLevel.found(in: scanner))
        header.messageStart = scanner.at
        return header
    }

    private static func klogLevel(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "I"): 6
        case UInt8(ascii: "W"): 4
        case UInt8(ascii: "E"): 3
        case UInt8(ascii: "F"): 2
        default: nil
        }
    }

    /// `E1121 12:41:14.123456   812 file.go:12] message` (klog of Kubernetes); glog of C++ has a year:
    /// `E20261121 12:41:14.123456   812 file.cc:12] message`.
    static func klog(_ scanner: inout LineScanner, _ context: LineContext) -> LineHeader? {
        let start = scanner.at
        if let letter = scanner.peek(), let level = klogLevel(letter) {
            scanner.at += 1
            if let time = klogTime(&scanner, context), scanner.skipSpaces() > 0, let number = scanner.number(limit: 10),
                scanner.take(" "), scanner.word(limit: 128, until: { $0 == 0x5d }) != nil, scanner.take("] ")
            {
                var header = LineHeader()
                header.time = time
                (header.pid, header.priority) = (Int32(exactly: number), level)
                header.messageStart = scanner.at
                return header
            }
        }
        scanner.at = start
        return nil
    }

    private static func klogTime(_ scanner: inout LineScanner, _ context: LineContext) -> Timestamp? {
        let start = scanner.at
        if let year = scanner.digits(4), let month = scanner.digits(2), let day = scanner.digits(2), scanner.take(" ") {
            var civil = CivilTime(year: year, month: month, day: day)
            return scanner.timeOfDay(&civil) && civil.isValid ? civil.timestamp(utcOffset: context.utcOffset) : nil
        }
        scanner.at = start
        guard let month = scanner.digits(2), let day = scanner.digits(2), scanner.take(" ") else { return nil }
        var civil = CivilTime(year: 2000, month: month, day: day)
        guard scanner.timeOfDay(&civil) else { return nil }
        return LineScanner.nearest(civil, context)
    }

    /// `12:41:14.123 [main] ERROR app.Shop - message`, logback's default: no day, so no time is read.
    static func timed(_ line: LineScanner) -> LineHeader? {
        var scanner = line
        var civil = CivilTime(year: 2000, month: 1, day: 1)
        guard scanner.timeOfDay(&civil), scanner.skipSpaces() > 0, let found = LogLevel.found(in: scanner) else {
            return nil
        }
        var header = LineHeader(found)
        header?.messageStart = line.at
        return header
    }

    /// Lines that begin with their level, or name it as logfmt does; all of them stays message.
    static func undated(_ line: LineScanner, _ context: LineContext) -> LineHeader? {
        if var header = LineHeader(LogLevel.first(of: line)) {
            header.messageStart = line.at
            return header
        }
        if let level = rubyLevel(line) ?? LogLevel.inBrackets(line) ?? LogLevel.ofDevice(line) {
            return of(level, from: line)
        }
        return logfmt(line, context)
    }

    private static func of(_ level: UInt8, from line: LineScanner) -> LineHeader {
        var header = LineHeader()
        (header.priority, header.messageStart) = (level, line.at)
        return header
    }

    /// `F, [2026-11-21T12:41:14.123456 #812] FATAL -- : message`.
    static func rubyLevel(_ line: LineScanner) -> UInt8? {
        guard let letter = line.peek(), line.peek(1) == UInt8(ascii: ","), line.peek(2) == 0x20, line.peek(3) == 0x5b
        else { return nil }
        return LogLevel.letters.first { $0.letter.asciiValue == letter }?.level
    }

    /// `time="2026-11-21T12:41:14Z" level=error msg="message"`, in whatever order.
    static func logfmt(_ line: LineScanner, _ context: LineContext) -> LineHeader? {
        var scanner = line
        var header = LineHeader()
        for _ in 0..<8 {
            guard let key = scanner.word(limit: 32, until: { !isKeyByte($0) }), scanner.take("=") else { break }
            let isQuoted = scanner.take("\"")
            let value = scanner.word(limit: 4096) { $0 == (isQuoted ? 0x22 : 0x20) } ?? []
            switch key.text {
            case "level", "lvl", "severity": header.priority = header.priority ?? LogLevel.valued(value)
            case "time", "ts", "t", "timestamp":
                var time = LineScanner(line.bytes, value.startIndex..<value.endIndex)
                header.time = header.time ?? time.isoTime(localOffset: context.utcOffset)?.time
            default: break
            }
            if isQuoted { _ = scanner.take("\"") }
            guard scanner.skipSpaces() > 0 else { break }
        }
        guard header.priority != nil else { return nil }
        header.messageStart = line.at
        return header
    }

    private static func isKeyByte(_ byte: UInt8) -> Bool {
        (97...122).contains(byte | 0x20) || byte &- 48 < 10 || [0x2e, 0x2d, 0x5f, 0x40].contains(byte)
    }
}
