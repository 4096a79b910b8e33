// The level that a message names by itself, where another header stands before it: behind a syslog tag, or in the journal,
// whose PRIORITY is that of the stream which a service's lines come through.
// Must stay true: only a message that as a whole begins with a structure names one. A sentence does not, nor does its first
// word: what sshd calls fatal is a stranger who gave up.

import Formats

extension LogLevel {
    /// Of the message in `range` of `bytes`: an object of JSON; `time=… level=fatal`; a time, and a level behind it;
    /// `[CRITICAL] `; the letter of klog or Ruby; `%SYS-2-NAME:` and CEF of devices.
    package static func stated(in bytes: [UInt8], _ range: Range<Int>) -> UInt8? {
        let message = LineScanner(bytes, range)
        // What it says of the time is not asked.
        let context = LineContext(readAt: Timestamp(seconds: 0))
        var scanner = message
        guard let first = message.peek() else { return nil }
        switch first {
        case UInt8(ascii: "{"):
            return (LineHeader.json(message.rest, context: context, depth: 1) ?? LineHeader.partOfJSON(message))?
                .priority
        case UInt8(ascii: "["):
            return LineHeader.bracketed(&scanner, context)?.priority ?? Self.first(of: message) ?? inBrackets(message)
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            return (LineHeader.dated(&scanner, context, depth: 1) ?? LineHeader.timed(message))?.priority
        default:
            if let level = LineHeader.klog(&scanner, context)?.priority ?? LineHeader.rubyLevel(message) {
                return level
            }
            if let header = LineHeader.asctimeLine(&scanner, context) { return header.priority }
            return beginsWithKey(message)
                ? LineHeader.logfmt(message, context)?.priority : ofDevice(message)
        }
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
    /// severity of the Common Event Format. A firewall's own numbers say how bad what it turned away was: they are not read.
    static func ofDevice(_ line: LineScanner) -> UInt8? {
        if line.bytes[line.at..<line.end].starts(with: "CEF:".utf8) { return commonEvent(line) }
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
        switch word {
        case "9", "10", "Very-High": return 2
        case "7", "8", "High": return 3
        case "4", "5", "6", "Medium": return 4
        default: return 6
        }
    }
}
