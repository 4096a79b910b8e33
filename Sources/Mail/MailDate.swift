// The Date field as the world writes it (RFC 5322 sections 3.3 and 4.3, asctime(3), ISO 8601).

import Formats

package enum MailDate {
    /// Nil when it is no date. Without a zone, or with a military or unknown one, the time is taken as UTC.
    package static func parse(_ raw: [UInt8]) -> Timestamp? {
        var words: [[UInt8]] = []
        var word: [UInt8] = []
        var at = 0
        let bytes = [UInt8](raw.prefix(500))
        while at < bytes.count, words.count < 20 {
            if bytes[at] == 0x28 {
                at = AddressList.endOfComment(bytes, at)
                continue
            }
            if bytes[at].isSpace || bytes[at] == 0x2c {
                if !word.isEmpty { words.append(word) }
                word = []
            } else {
                word.append(bytes[at])
            }
            at += 1
        }
        if !word.isEmpty { words.append(word) }
        var reader = DateReader()
        // No word of a date is longer; and comparing texts costs the square of a run of combining marks.
        for word in words where word.count <= 64 { reader.take(word.lowercasedText) }
        return reader.timestamp
    }

    package static func parse(_ text: String) -> Timestamp? { parse(Array(text.utf8)) }
}

/// Finds the parts of a date among words, each by its form.
private struct DateReader {
    var day: Int?
    var month: Int?
    var year: Int?
    var time: (hour: Int, minute: Int, second: Int)?
    var offset: Int?
    var afternoon: Bool?

    mutating func take(_ word: String) {
        if word.contains(":"), takeTime(word) { return }
        let pieces = word.split { $0 == "-" || $0 == "/" }
        if pieces.count == 3, !word.hasPrefix("-"), takeDate(pieces.map(String.init)) { return }
        if time != nil, word.hasPrefix("+") || word.hasPrefix("-"), let zone = Self.offset(word) {
            offset = offset ?? zone
        } else if let number = Int(word), number >= 0 {
            if day == nil, (1...31).contains(number), word.utf8.count <= 2 {
                day = number
            } else if year == nil, word.utf8.count >= 2 {
                year = Self.year(number, digits: word.utf8.count)
            }
        } else if month == nil, let found = Self.month(word) {
            month = found
        } else if word == "am" || word == "pm" {
            afternoon = word == "pm"
        } else if time != nil, offset == nil {
            offset = Self.zone(word)
        }
    }

    var timestamp: Timestamp? {
        guard let day, let month, let year, (1...9999).contains(year) else { return nil }
        var hour = time?.hour ?? 0
        if let afternoon, hour <= 12 { hour = hour % 12 + (afternoon ? 12 : 0) }
        let civil = CivilTime(
            year: year, month: month, day: day, hour: hour, minute: time?.minute ?? 0, second: time?.second ?? 0)
        return civil.isValid ? civil.timestamp(utcOffset: offset ?? 0) : nil
    }

    /// `12:41`, `12:41:14`, `12:41:14.5+01:00`, `2026-11-21t12:41:14z`.
    private mutating func takeTime(_ word: String) -> Bool {
        var clock = Substring(word)
        if let t = word.firstIndex(of: "t"), word[..<t].contains("-") {
            guard takeDate(word[..<t].split(separator: "-").map(String.init)) else { return false }
            clock = word[word.index(after: t)...]
        }
        let digits = clock.prefix { ($0.isASCII && $0.isNumber) || $0 == ":" || $0 == "." }
        let numbers = digits.split { $0 == ":" || $0 == "." }.prefix(3).map { Int($0.prefix(4)) ?? 99 }
        guard numbers.count >= 2, time == nil else { return false }
        time = (numbers[0], numbers[1], numbers.count > 2 ? numbers[2] : 0)
        let rest = String(clock.dropFirst(digits.count))
        if rest == "am" || rest == "pm" {
            afternoon = rest == "pm"
        } else if !rest.isEmpty {
            offset = Self.offset(rest) ?? Self.zone(rest)
        }
        return true
    }

    /// `21-nov-2026`, `2026-11-21`, `21/11/2026`.
    private mutating func takeDate(_ pieces: [String]) -> Bool {
        guard pieces.count == 3, day == nil, let middle = Int(pieces[1]) ?? Self.month(pieces[1]),
            let first = Int(pieces[0]), let last = Int(pieces[2]), (1...12).contains(middle)
        else { return false }
        month = middle
        if first > 31 {
            (year, day) = (first, last)
        } else {
            (year, day) = (Self.year(last, digits: pieces[2].utf8.count), first)
        }
        return true
    }

    private static func month(_ word: String) -> Int? {
        CivilTime.monthNames.firstIndex { word.hasPrefix($0.lowercased()) }.map { $0 + 1 }
    }

    /// RFC 5322 section 4.3: two digits below 50 are of this century, others and three digits of the last.
    private static func year(_ number: Int, digits: Int) -> Int {
        switch digits {
        case ...2: number < 50 ? number + 2000 : number + 1900
        case 3: number + 1900
        default: number
        }
    }

    /// `+0100`, `-01:00`, `+1`: seconds.
    private static func offset(_ word: String) -> Int? {
        let digits = word.dropFirst().filter { $0 != ":" }
        guard let sign = word.first, sign == "+" || sign == "-", (1...4).contains(digits.utf8.count),
            let number = Int(digits), number >= 0
        else { return nil }
        let (hours, minutes) = digits.utf8.count <= 2 ? (number, 0) : (number / 100, number % 100)
        guard hours < 24, minutes < 60 else { return nil }
        return (hours * 3600 + minutes * 60) * (sign == "-" ? -1 : 1)
    }

    private static func zone(_ word: String) -> Int? {
        for prefix in ["gmt", "utc"] where word.hasPrefix(prefix) && word != prefix {
            return offset(String(word.dropFirst(3)))
        }
        let hours: [String: Int] = [
            "gmt": 0, "ut": 0, "utc": 0, "z": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
            "pst": -8, "pdt": -7, "bst": 1, "cet": 1, "met": 1, "mez": 1, "cest": 2, "mest": 2, "mesz": 2, "eet": 2,
            "eest": 3, "msk": 3, "jst": 9, "kst": 9,
        ]
        return hours[word].map { $0 * 3600 }
    }
}
