// The words and numbers by which programs say how bad a line is, as syslog's severities (RFC 5424 section 6.2.1).

package enum LogLevel {
    /// 0 (emergency) to 7 (debug) for a word such as `ERROR`, `warn` or `Fatal`; nil for any other.
    static func named(_ word: some Collection<UInt8>) -> UInt8? {
        // Most words are none: their first letter and length say so without a string for each.
        guard let first = word.first, lengths(of: first | 0x20) & (1 << UInt16(min(word.count, 15))) != 0 else {
            return nil
        }
        if word.count == 3, let short = abbreviations.first(where: { isSame(word, $0.word) }) {
            // A host may have such a name, in small letters.
            return word.allSatisfy { $0 < 97 } ? short.level : nil
        }
        return words.first { $0.word.utf8CodeUnitCount == word.count && isSame(word, $0.word) }?.level
    }

    /// As the value of a member or a key: a word, or one of Go's slog with what is added to it (`ERROR+4`; its levels are
    /// four apart).
    static func valued(_ value: some Collection<UInt8>) -> UInt8? {
        if let level = named(value) ?? phrased(value) { return level }
        guard value.count <= 12, let sign = value.firstIndex(where: { $0 == 0x2b || $0 == 0x2d }),
            let base = ["DEBUG", "INFO", "WARN", "ERROR"].firstIndex(where: { value[..<sign].elementsEqual($0.utf8) }),
            let distance = Int(String(decoding: value[value.index(after: sign)...], as: UTF8.self))
        else { return nil }
        switch base * 4 - 4 + (value[sign] == 0x2b ? distance : -distance) {
        case 12...: return 2
        case 8..<12: return 3
        case 4..<8: return 4
        case 0..<4: return 6
        default: return 7
        }
    }

    /// `High Severity`, several of them with bars between, of which the gravest counts: Zscaler's feeds (its manual, "NSS Feed
    /// Output Format"), where high is the gravest that there is.
    private static func phrased(_ value: some Collection<UInt8>) -> UInt8? {
        guard (12...120).contains(value.count) else { return nil }
        var gravest: UInt8?
        for part in String(decoding: value, as: UTF8.self).split(separator: "|") {
            switch part {
            case "Critical Severity", "High Severity": gravest = 2
            case "Medium Severity": gravest = min(gravest ?? 4, 4)
            case "Low Severity", "Info Severity", "Informational Severity": gravest = min(gravest ?? 6, 6)
            default: return nil
            }
        }
        return gravest
    }

    /// Of Serilog and zerolog, in capitals only.
    private static let abbreviations: [(word: StaticString, level: UInt8)] = [
        ("ftl", 2), ("pnc", 2), ("wrn", 4), ("inf", 6), ("dbg", 7), ("trc", 7), ("vrb", 7),
    ]

    private static let words: [(word: StaticString, level: UInt8)] = [
        ("emerg", 0), ("emergency", 0), ("alert", 1), ("crit", 2), ("critical", 2), ("fatal", 2), ("panic", 2),
        ("dpanic", 2), ("error", 3), ("err", 3), ("eror", 3), ("severe", 3), ("warn", 4), ("warning", 4), ("notice", 5),
        ("info", 6), ("information", 6), ("informational", 6), ("log", 6), ("debug", 7), ("dbug", 7), ("trace", 7),
        ("verbose", 7),
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

    /// A bit for each length of the words and abbreviations that begin with this letter.
    private static func lengths(of letter: UInt8) -> UInt16 {
        switch letter {
        case UInt8(ascii: "e"): 1 << 3 | 1 << 4 | 1 << 5 | 1 << 9
        case UInt8(ascii: "c"): 1 << 4 | 1 << 8
        case UInt8(ascii: "f"): 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6
        case UInt8(ascii: "d"): 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6
        case UInt8(ascii: "w"): 1 << 3 | 1 << 4 | 1 << 7
        case UInt8(ascii: "i"): 1 << 3 | 1 << 4 | 1 << 11 | 1 << 13
        case UInt8(ascii: "l"): 1 << 3
        case UInt8(ascii: "s"), UInt8(ascii: "n"): 1 << 6
        case UInt8(ascii: "a"): 1 << 5
        case UInt8(ascii: "p"), UInt8(ascii: "t"): 1 << 3 | 1 << 5
        case UInt8(ascii: "v"): 1 << 3 | 1 << 7
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

    /// Whether PostgreSQL writes what it so calls for its administrator, though it is no error of a statement.
    static func isForAdministrator(postgresql word: some Collection<UInt8>) -> Bool {
        word.elementsEqual("LOG".utf8) || word.elementsEqual("WARNING".utf8)
    }

    /// Notice, info or milder.
    static func isRoutine(_ level: UInt8) -> Bool { level > 4 }

    /// A number in a JSON line: 10 to 60 as bunyan and pino count, 100 to 600 as Monolog does; below 8 it is syslog's
    /// where the line is of a form that has those (GELF), else it may be of any scale and says nothing.
    static func numbered(_ number: Int64, isSyslog: Bool) -> UInt8? {
        switch number {
        case 0...7: isSyslog ? UInt8(number) : nil
        case 100: 7
        case 200: 6
        case 250: 5
        case 300: 4
        case 400: 3
        case 500: 2
        case 550: 1
        case 600: 0
        case 60..<100: 2
        case 50..<60: 3
        case 40..<50: 4
        case 30..<40: 6
        case 8..<30: 7
        default: nil
        }
    }

    /// What is searched for in a block so that every line is found whose header names one of these levels (a bit for
    /// each): patterns, and expressions for Vectorscan that follow a line's start. More lines are found than have them.
    package static func searches(for levels: UInt8) -> (patterns: [String], atStart: [String]) {
        let asked = (UInt8(0)..<8).filter { levels & (1 << $0) != 0 }
        guard let mildest = asked.last else { return ([], []) }
        // Below critical any of the words may be read as the level, wherever it stands among the first.
        let isLoose = mildest > 2
        let names = (words + abbreviations).filter { isLoose || asked.contains($0.level) }.map { "\($0.word)" }.joined(
            separator: "|")
        var patterns =
            isLoose
            ? ["\\b(?i:\(names)|statement|detail|hint|context)\\b", ":[MSXC] [0-9]"]
            : ["\\b(?:\(names.uppercased()))\\b", "[=\\[|:(<\"](?i:\(names))\\b", "[^a-z0-9](?i:\(names))[:/|)\\]]"]
        let numbers = asked.compactMap { Self.numbers[$0] }.joined(separator: "|")
        patterns.append("(?i:level|lvl|severity|priority)\"\\s*:\\s*\"?(?:\(numbers))\\b")
        let values = (0...191).filter { asked.contains(UInt8($0 & 7)) }.map { "\($0)" }.joined(separator: "|")
        // With a second byte beside the first: see StopBytes in RuleMatching.
        var atStart = ["[<\\xff](?:\(values))>"]
        let digits = asked.map { "\($0)" }.joined()
        patterns.append("%[A-Z][A-Z0-9_]*-(?:[A-Z0-9_]+-)?[\(digits)]-[A-Z0-9_]+: ")
        patterns.append("CEF:[01]\\|")
        patterns.append("LEEF:[12]\\.[0-9]\\|")
        if asked.contains(2) {
            patterns.append("PHP Fatal error:")
            patterns.append("(?:High|Critical) Severity")
            patterns.append("[=\"](?:ERROR|WARN|INFO|DEBUG)\\+[0-9]")
            atStart.append("[c\\xff]rit: ")
        }
        for (letter, level) in letters where asked.contains(level) {
            patterns.append("\"s\"\\s*:\\s*\"\(letter)\"")
            // Behind a syslog header.
            patterns.append(" \(letter)(?:[0-9]{4,8} [0-9]{2}:|, \\[)")
            atStart.append("[\(letter)\\xff](?:[0-9]{4}|, \\[)")
        }
        return (patterns, atStart)
    }

    /// The numbers of `numbered`.
    private static let numbers: [UInt8: String] = [
        0: "0|600", 1: "1|550", 2: "2|500|[6-9][0-9]", 3: "3|400|5[0-9]", 4: "4|300|4[0-9]", 5: "5|250",
        6: "6|200|3[0-9]", 7: "7|100|[89]|[12][0-9]",
    ]

    /// As glog, Ruby's Logger and MongoDB abbreviate.
    static let letters: [(letter: Character, level: UInt8)] = [("F", 2), ("E", 3), ("W", 4), ("I", 6), ("D", 7)]

    private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) }
}
