// The words and numbers by which programs say how bad a line is, as syslog's severities (RFC 5424 section 6.2.1).

enum LogLevel {
    /// 0 (emergency) to 7 (debug) for a word such as `ERROR`, `warn` or `Fatal`; nil for any other.
    static func named(_ word: some Collection<UInt8>) -> UInt8? {
        // Most words are none: their first letter and length say so without a string for each.
        guard let first = word.first, lengths(of: first | 0x20) & (1 << UInt16(min(word.count, 15))) != 0 else {
            return nil
        }
        return words.first { $0.word.utf8CodeUnitCount == word.count && isSame(word, $0.word) }?.level
    }

    private static let words: [(word: StaticString, level: UInt8)] = [
        ("emerg", 0), ("emergency", 0), ("alert", 1), ("crit", 2), ("critical", 2), ("fatal", 2), ("panic", 2),
        ("dpanic", 2), ("error", 3), ("err", 3), ("eror", 3), ("severe", 3), ("warn", 4), ("warning", 4), ("notice", 5),
        ("info", 6), ("information", 6), ("informational", 6), ("log", 6), ("debug", 7), ("trace", 7), ("verbose", 7),
        ("finest", 7), ("finer", 7), ("fine", 7),
    ]

    /// Letters of either case; compared where they stand, since each line of syslog asks of its host's name.
    private static func isSame(_ word: some Collection<UInt8>, _ name: StaticString) -> Bool {
        var at = 0
        for byte in word {
            guard (65...90).contains(byte) ? byte | 0x20 == name.utf8Start[at] : byte == name.utf8Start[at] else {
                return false
            }
            at += 1
        }
        return true
    }

    /// A bit for each length of the words below that begin with this letter.
    private static func lengths(of letter: UInt8) -> UInt16 {
        switch letter {
        case UInt8(ascii: "e"): 1 << 3 | 1 << 4 | 1 << 5 | 1 << 9
        case UInt8(ascii: "c"): 1 << 4 | 1 << 8
        case UInt8(ascii: "f"): 1 << 4 | 1 << 5 | 1 << 6
        case UInt8(ascii: "d"): 1 << 5 | 1 << 6
        case UInt8(ascii: "w"): 1 << 4 | 1 << 7
        case UInt8(ascii: "i"): 1 << 4 | 1 << 11 | 1 << 13
        case UInt8(ascii: "l"): 1 << 3
        case UInt8(ascii: "s"), UInt8(ascii: "n"): 1 << 6
        case UInt8(ascii: "a"), UInt8(ascii: "p"), UInt8(ascii: "t"): 1 << 5
        case UInt8(ascii: "v"): 1 << 7
        default: 0
        }
    }

    /// What PostgreSQL itself sends to syslog for its words (its manual, table "Message Severity Levels"): an ERROR
    /// there is one client's statement.
    static func postgresql(_ word: some Collection<UInt8>) -> UInt8? {
        switch String(decoding: word, as: UTF8.self) {
        case "PANIC": 2
        case "FATAL": 3
        case "ERROR": 4
        case "WARNING", "NOTICE": 5
        case "INFO", "LOG", "STATEMENT", "DETAIL", "HINT", "CONTEXT": 6
        case "DEBUG": 7
        default: nil
        }
    }

    /// A number in a JSON line: 0 to 7 as in syslog (GELF), 10 to 60 as bunyan and pino count.
    static func numbered(_ number: Int64) -> UInt8? {
        switch number {
        case 0...7: UInt8(number)
        case 60...: 2
        case 50..<60: 3
        case 40..<50: 4
        case 30..<40: 6
        case 8..<30: 7
        default: nil
        }
    }

    /// The level among the first words behind the time: `ERROR`, `[error]`, `[core:error]`, `level=error`.
    static func found(in rest: LineScanner) -> UInt8? {
        var scanner = rest
        let start = scanner.at
        var words = 0
        while words < 6, scanner.at - start < 96, !scanner.isAtEnd {
            if let word = scanner.word(limit: 96, until: { !isLetter($0) }) {
                if let level = named(word) { return level }
                words += 1
            } else {
                if scanner.peek().map(isLetter) == true { return nil }
                scanner.at += 1
            }
        }
        return nil
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) }
}
