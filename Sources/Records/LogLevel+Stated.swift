// The level that a message names by itself, where another header stands before it: behind a syslog tag, or in the journal,
// whose PRIORITY is that of the stream which a service's lines come through.
// Must stay true: only a message that as a whole begins with a structure names one. A sentence does not, nor does its first
// word: what sshd calls fatal is a stranger who gave up.

import Formats

extension LogLevel {
    /// Of the message in `range` of `bytes`: an object of JSON; `time=… level=fatal`; a time, and a level behind it;
    /// `[CRITICAL] `; the letter of klog or Ruby; `%SYS-2-NAME:` and CEF of devices.
    package static func stated(in bytes: [UInt8], _ range: Range<Int>) -> UInt8? {
        header(LineScanner(bytes, range))?.priority
    }

    /// Whether the message in `range` of `bytes` calls itself notice, info or milder: as `stated` has it, or by its first
    /// word in capitals (`INFO [http] message`).
    package static func isRoutine(in bytes: [UInt8], _ range: Range<Int>) -> Bool {
        let message = LineScanner(bytes, range)
        return header(message)?.isRoutine ?? false || beginsRoutine(message)
    }

    /// A structure that the message as a whole begins with, as far as it names a level.
    private static func header(_ message: LineScanner) -> LineHeader? {
        // What it says of the time is not asked.
        let context = LineContext(readAt: Timestamp(seconds: 0))
        var scanner = message
        guard let first = message.peek() else { return nil }
        switch first {
        case UInt8(ascii: "{"):
            return LineHeader.json(message.rest, context: context, depth: 1) ?? LineHeader.partOfJSON(message)
                ?? LineHeader.jsonBeforeLines(message.rest, context: context, depth: 1)
        case UInt8(ascii: "["):
            if let header = LineHeader.bracketed(&scanner, context), header.priority != nil { return header }
            return LineHeader(Self.first(of: message)) ?? inBrackets(message).map { LineHeader(level: $0) }
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            return LineHeader.dated(&scanner, context, depth: 1) ?? LineHeader.timed(message)
        default:
            if let header = LineHeader.klog(&scanner, context) { return header }
            if let level = LineHeader.rubyLevel(message) { return LineHeader(level: level) }
            if let header = LineHeader.asctimeLine(&scanner, context) { return header }
            return beginsWithKey(message)
                ? LineHeader.logfmt(message, context) : ofDevice(message).map { LineHeader(level: $0) }
        }
    }

    /// `INFO [http] message`, `DEBUG: message`.
    private static func beginsRoutine(_ message: LineScanner) -> Bool {
        var scanner = message
        guard let word = scanner.word(limit: 7, until: { $0 &- 65 >= 26 }), let level = named(word), isRoutine(level),
            !isForAdministrator(postgresql: word)
        else { return false }
        return [0x20, 0x09, 0x3a, 0x5b, 0x7c].contains(scanner.peek() ?? 0x20)
    }

    private static func beginsWithKey(_ message: LineScanner) -> Bool {
        var scanner = message
        guard let key = scanner.word(limit: 12, until: { $0 == 0x3d || $0 == 0x20 }), scanner.take("=") else {
            return false
        }
        return ["time", "ts", "t", "timestamp", "level", "lvl", "severity"].contains(key.text)
    }

    /// `[12:41:14 FTL] message` (Serilog).
    static func inBrackets(_ line: LineScanner) -> UInt8? {
        var scanner = line
        var civil = CivilTime(year: 2000, month: 1, day: 1)
        guard scanner.take("["), scanner.timeOfDay(&civil), scanner.skipSpaces() > 0,
            let word = scanner.word(limit: 12, until: { $0 == 0x5d }), scanner.take("]")
        else { return nil }
        return named(word)
    }

    /// Of network devices: `%SYS-2-MALLOCFAIL: message` (Cisco), behind a number and a time of theirs or not, and the
    /// severity of the Common Event Format and of LEEF. A firewall's own numbers say how bad what it turned away was: they are not read.
    static func ofDevice(_ line: LineScanner) -> UInt8? {
        if line.bytes[line.at..<line.end].starts(with: "CEF:".utf8) { return commonEvent(line) }
        if line.bytes[line.at..<line.end].starts(with: "LEEF:".utf8) { return logEvent(line) }
        var scanner = line
        while let byte = scanner.peek(), byte != UInt8(ascii: "%"), scanner.at - line.at < 64 { scanner.at += 1 }
        guard scanner.at == line.at || scanner.peek(-1) == 0x20, scanner.take("%"),
            let name = scanner.word(limit: 80, until: { $0 == 0x3a || $0 == 0x20 }), scanner.take(": ")
        else { return nil }
        let parts = name.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 3 || parts.count == 4, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isOfName) }),
            let digit = parts[parts.count - 2].first, parts[parts.count - 2].count == 1, digit &- 48 < 8,
            !["ASA", "PIX", "FTD", "FWSM"].contains(parts[0].text)
        else { return nil }
        return digit - 48
    }

    private static func isOfName(_ byte: UInt8) -> Bool { byte &- 65 < 26 || byte &- 48 < 10 || byte == 0x5f }

    /// `CEF:0|vendor|product|version|id|name|10|`: 9 and 10 are very high.
    private static func commonEvent(_ line: LineScanner) -> UInt8? {
        var scanner = line
        var bars = 0
        while let byte = scanner.peek(), bars < 6, scanner.at - line.at < 1024 {
            scanner.at += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "|") { bars += 1 }
        }
        guard bars == 6, let word = scanner.word(limit: 10, until: { $0 == 0x7c })?.text else { return nil }
        return ofTen(word)
    }

    /// `LEEF:1.0|vendor|product|version|id|src=192.0.2.1<tab>sev=10` (IBM, Log Event Extended Format): what is between the
    /// attributes may be another character.
    private static func logEvent(_ line: LineScanner) -> UInt8? {
        let text = line.bytes[line.at..<min(line.end, line.at + 4096)]
        guard let key = text.firstRange(ofBytes: "sev=".utf8), let before = text[..<key.lowerBound].last,
            !isLetter(before)
        else { return nil }
        var scanner = LineScanner(line.bytes, key.upperBound..<line.end)
        return scanner.number(limit: 2).map { ofTen("\($0)") }
    }

    private static func ofTen(_ severity: String) -> UInt8 {
        switch severity {
        case "9", "10", "Very-High": 2
        case "7", "8", "High": 3
        case "4", "5", "6", "Medium": 4
        default: 6
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) }
}
