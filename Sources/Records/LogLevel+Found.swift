// The level among the first words of a line, behind its time: `ERROR`, `[error]`, `[core:error]`, `level=error`.
// Must stay true: a word of prose is no level. "critical" and "fatal" stand in many a harmless sentence, and a line that
// is taken for a critical one wakes somebody; so those that are worse than an error must stand where a level stands.

import Formats

extension LogLevel {
    /// Words outside of brackets that may stand before the level.
    private static let reach = 6
    private static let length = 160

    /// A level among the words of a line.
    struct Found {
        var level: UInt8
        /// It does not stand where a level stands, and may be a word of the sentence; or it is one that PostgreSQL gives to
        /// what is for its administrator.
        var isVague = false
    }

    /// The level that the program gave the line whose rest this is.
    static func found(in rest: LineScanner) -> Found? {
        let end = min(rest.end, rest.at + length)
        var at = rest.at
        var words = 0
        var depth = 0
        while at < end, words < reach {
            let byte = rest.bytes[at]
            guard isLetter(byte) else {
                if byte == 0x5b || byte == 0x28 { depth += 1 }
                if byte == 0x5d || byte == 0x29 { depth = max(0, depth - 1) }
                at += 1
                continue
            }
            let start = at
            while at < rest.end, isLetter(rest.bytes[at]) { at += 1 }
            // `trace=4bf9`, `error=none`: a name of something.
            let isName = at < rest.end && rest.bytes[at] == 0x3d
            if !isName, let level = named(rest.bytes[start..<at]) {
                let place = Place(line: rest, word: start..<at, words: words, isInBrackets: depth > 0)
                if place.isOfLevel {
                    let word = rest.bytes[start..<at]
                    guard place.isPostgreSQL else { return Found(level: level) }
                    let own = level > 2 ? level : postgresql(word) ?? level
                    return Found(level: own, isVague: isForAdministrator(postgresql: word))
                }
                if level > 2 { return Found(level: level, isVague: true) }
            }
            if depth == 0 { words += 1 }
        }
        return nil
    }

    /// The level of a line without a time of its own, which begins with it: `CRITICAL:root:message` (Python),
    /// `[ALERT] 324/124114 (812) : message` (HAProxy), `crit: App.Worker[0]` (.NET), `FATAL 2026-11-21 12:41:14 message`.
    static func first(of line: LineScanner) -> Found? {
        var start = line.at
        while start < line.end, line.bytes[start] == 0x5b || line.bytes[start] == 0x20 { start += 1 }
        var at = start
        while at < line.end, at - start < 16, isLetter(line.bytes[at]) { at += 1 }
        guard let level = named(line.bytes[start..<at]), at < line.end else { return nil }
        let place = Place(line: line, word: start..<at, words: 0, isInBrackets: start > line.at)
        if !place.isCapital {
            return line.bytes[line.at..<line.end].starts(with: "crit: ".utf8) && line.bytes[line.end - 1] == 0x5d
                ? Found(level: 2) : nil
        }
        let ends = place.isInBrackets ? [0x5d, 0x20] : [UInt8(ascii: ":"), UInt8(ascii: "|")]
        guard
            ends.contains(line.bytes[at])
                || (!place.isInBrackets && line.bytes[at] == 0x20
                    && (place.isBeforeBar || place.isBeforeTime || place.isBeforeLog15Time))
        else { return nil }
        guard place.isPostgreSQL else { return Found(level: level) }
        let word = line.bytes[start..<at]
        return postgresql(word).map { Found(level: $0, isVague: isForAdministrator(postgresql: word)) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) }

    /// Where a word stands in its line.
    private struct Place {
        let line: LineScanner
        let word: Range<Int>
        /// How many words stand before it, outside of brackets.
        let words: Int
        let isInBrackets: Bool

        private var before: UInt8? { word.lowerBound > line.at ? line.bytes[word.lowerBound - 1] : nil }
        private var after: UInt8? { byte(word.upperBound) }
        private func byte(_ at: Int) -> UInt8? { at < line.end ? line.bytes[at] : nil }
        private static func isPartOfName(_ byte: UInt8?) -> Bool {
            byte.map { isLetter($0) || $0 &- 48 < 10 || $0 == 0x5f } ?? false
        }

        /// Nothing but brackets and spaces stands before it.
        private var isFirst: Bool {
            line.bytes[line.at..<word.lowerBound].allSatisfy { [0x20, 0x28, 0x5b].contains($0) }
        }

        var isCapital: Bool { line.bytes[word].allSatisfy { $0 < 97 } }

        /// `FATAL:  message`, with two spaces: PostgreSQL, whatever stands before the level.
        var isPostgreSQL: Bool {
            after == 0x3a && byte(word.upperBound + 1) == 0x20 && byte(word.upperBound + 2) == 0x20
        }

        /// Only spaces stand between the word and a bar: `FATAL  |pool`.
        var isBeforeBar: Bool { line.bytes[word.upperBound..<line.end].first { $0 != 0x20 } == 0x7c }

        /// `FATAL 2026-11-21 12:41:14`, `FATAL 12:41:14`.
        var isBeforeTime: Bool {
            var rest = LineScanner(line.bytes, word.upperBound..<line.end)
            rest.skipSpaces()
            var civil = CivilTime(year: 2000, month: 1, day: 1)
            return rest.isoTime(localOffset: 0) != nil || rest.timeOfDay(&civil)
        }

        /// `CRIT [11-21|12:41:14.123] message` (log15, which geth's lines have).
        var isBeforeLog15Time: Bool {
            var rest = LineScanner(line.bytes, word.upperBound..<line.end)
            var civil = CivilTime(year: 2000, month: 1, day: 1)
            rest.skipSpaces()
            return rest.take("[") && rest.digits(2) != nil && rest.take("-") && rest.digits(2) != nil && rest.take("|")
                && rest.timeOfDay(&civil)
        }

        var isOfLevel: Bool {
            if Self.isPartOfName(after) || Self.isPartOfName(before) { return false }
            // NON-FATAL, ALERT-812.
            if after == 0x2d, Self.isPartOfName(byte(word.upperBound + 1)) { return false }
            if before == 0x2d, word.lowerBound - 2 >= line.at, line.bytes[word.lowerBound - 2] != 0x20 { return false }
            if before == 0x3d { return isValueOfLevel }
            // `H=(fatal)`, `user (FATAL)`: round brackets hold a level directly behind the time, and names elsewhere.
            if before == 0x28 || after == 0x29, !isFirst { return false }
            if isCapital { return words <= 3 || before == 0x7c || after == 0x7c || (before == 0x20 && after == 0x3a) }
            if isPHP { return true }
            switch after {
            case 0x5d, 0x29:
                return before == 0x5b || before == 0x28 || (isInBrackets && (before == 0x3a || before == 0x20))
            case 0x7c: return true
            // ClickHouse.
            case 0x3e: return before == 0x3c
            // `[critical ]` (structlog).
            case 0x20: return before == 0x5b && line.bytes[word.upperBound..<line.end].first { $0 != 0x20 } == 0x5d
            case 0x3a, 0x2f: return words == 0 && (before == nil || before == 0x20)
            default: return false
            }
        }

        /// `level=`, `lvl=`, `severity=`; not `state=`.
        private var isValueOfLevel: Bool {
            let key = line.bytes[line.at..<(word.lowerBound - 1)].suffix(while: LogLevel.isLetter)
            return ["level", "lvl", "severity", "loglevel"].contains(String(decoding: key, as: UTF8.self).lowercased())
        }

        /// `PHP Fatal error:  Uncaught …`.
        private var isPHP: Bool {
            words == 1 && line.bytes[word.upperBound..<line.end].starts(with: " error:".utf8)
                && line.bytes[line.at..<word.lowerBound].elementsEqual("PHP ".utf8)
        }
    }
}

extension ArraySlice<UInt8> {
    fileprivate func suffix(while isPart: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        self[((lastIndex { !isPart($0) }).map { $0 + 1 } ?? startIndex)...]
    }
}
