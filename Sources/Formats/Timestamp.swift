// A point in time, and its standard written forms. Pure: the clock is read by Platform alone.

/// A point in time in microseconds since 1970-01-01 00:00 UTC, as journald and the file system count it.
package struct Timestamp: Hashable, Comparable, Sendable {
    package var microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }
    package init(seconds: Int64) { self.microseconds = seconds.multipliedReportingOverflow(by: 1_000_000).partialValue }

    /// Whole seconds since the epoch, rounded down.
    package var seconds: Int64 { microseconds.flooredDivision(by: 1_000_000) }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }
    package static func + (a: Timestamp, b: Duration) -> Timestamp {
        Timestamp(microseconds: a.microseconds &+ b.microseconds)
    }
    package static func - (a: Timestamp, b: Duration) -> Timestamp {
        Timestamp(microseconds: a.microseconds &- b.microseconds)
    }
    package static func - (a: Timestamp, b: Timestamp) -> Duration {
        .microseconds(a.microseconds &- b.microseconds)
    }
}

extension Duration {
    /// Whole microseconds, saturating.
    package var microseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        return overflow ? (seconds < 0 ? .min : .max) : product &+ attoseconds / 1_000_000_000_000
    }
    /// Whole milliseconds, saturating.
    package var milliseconds: Int64 { microseconds / 1000 }
}

extension Int64 {
    /// Division that rounds towards minus infinity, so that times before 1970 fall on the right day.
    package func flooredDivision(by divisor: Int64) -> Int64 {
        let (q, r) = quotientAndRemainder(dividingBy: divisor)
        return r < 0 ? q - 1 : q
    }
}

/// A date and time of day in the proleptic Gregorian calendar, at some offset from UTC.
package struct CivilTime: Hashable, Sendable {
    package var year: Int
    package var month: Int  // 1...12
    package var day: Int  // 1...31
    package var hour: Int
    package var minute: Int
    package var second: Int
    package var microsecond: Int = 0

    package init(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, microsecond: Int = 0
    ) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.microsecond = microsecond
    }

    /// The civil time of `timestamp` where clocks are `utcOffset` seconds ahead of UTC.
    ///
    /// Times come out of foreign files: at the ends of Int64 the arithmetic wraps, and never traps.
    package init(_ timestamp: Timestamp, utcOffset: Int = 0) {
        let local = timestamp.seconds &+ Int64(utcOffset)
        let days = local.flooredDivision(by: 86400)
        let rest = Int(local &- days &* 86400)
        // Days to civil date, after Howard Hinnant's "chrono-compatible low-level date algorithms".
        let z = days &+ 719_468
        let era = z.flooredDivision(by: 146_097)
        let dayOfEra = z &- era &* 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let m = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * m + 2) / 5 + 1)
        month = Int(m < 10 ? m + 3 : m - 9)
        year = Int(yearOfEra &+ era &* 400) + (month <= 2 ? 1 : 0)
        hour = rest / 3600
        minute = rest / 60 % 60
        second = rest % 60
        microsecond = Int(timestamp.microseconds &- timestamp.seconds &* 1_000_000)
    }

    /// The point in time, where clocks are `utcOffset` seconds ahead of UTC.
    package func timestamp(utcOffset: Int = 0) -> Timestamp {
        let ofDay = Int64(hour &* 3600 &+ minute &* 60 &+ second &- utcOffset)
        let seconds = daysSinceEpoch &* 86400 &+ ofDay
        return Timestamp(microseconds: seconds &* 1_000_000 &+ Int64(microsecond))
    }

    /// Days since 1970-01-01.
    package var daysSinceEpoch: Int64 {
        let y = Int64(month <= 2 ? year &- 1 : year)
        let era = y.flooredDivision(by: 400)
        let yearOfEra = y &- era &* 400
        let dayOfYear = Int64((153 &* (month > 2 ? month - 3 : month &+ 9) &+ 2) / 5 &+ day &- 1)
        let dayOfEra = yearOfEra &* 365 &+ yearOfEra / 4 &- yearOfEra / 100 &+ dayOfYear
        return era &* 146_097 &+ dayOfEra &- 719_468
    }

    /// 0 is Sunday.
    package var weekday: Int { Int(((daysSinceEpoch &+ 4) % 7 + 7) % 7) }

    /// Whether every field is in its range (a second of 60 is allowed, RFC 3339 section 5.7).
    package var isValid: Bool {
        guard (1...12).contains(month), (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
        else { return false }
        let days =
            switch month {
            case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
            case 4, 6, 9, 11: 30
            default: 31
            }
        return (1...days).contains(day)
    }

    package static let monthNames = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    package static let dayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
}

extension Timestamp {
    /// RFC 3339 section 5.6: `2026-11-21T12:41:14Z`, or with the offset; with `fraction` digits (0, 3 or 6).
    package func rfc3339(utcOffset: Int = 0, fraction: Int = 0) -> String {
        let c = CivilTime(self, utcOffset: utcOffset)
        var text = "\(pad(c.year, 4))-\(pad(c.month))-\(pad(c.day))T\(pad(c.hour)):\(pad(c.minute)):\(pad(c.second))"
        if fraction == 3 { text += "." + pad(c.microsecond / 1000, 3) }
        if fraction == 6 { text += "." + pad(c.microsecond, 6) }
        return text + (utcOffset == 0 ? "Z" : zone(utcOffset, separator: ":"))
    }

    /// Reads RFC 3339 section 5.6, with its zone: `2026-11-21T12:41:14.123Z`, `2026-11-21 13:41:14+01:00`.
    package init?(rfc3339 text: String) {
        var rest = Array(text.utf8)[...]
        func take(_ bytes: String) -> Bool {
            guard let first = rest.first, bytes.utf8.contains(first) else { return false }
            rest.removeFirst()
            return true
        }
        func number(_ width: Int) -> Int? {
            let digits = rest.prefix(width)
            guard digits.count == width, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            rest.removeFirst(width)
            return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2), take("Tt "),
            let hour = number(2), take(":"), let minute = number(2), take(":"), let second = number(2)
        else { return nil }
        var civil = CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        if take(".") {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard (1...9).contains(digits.count) else { return nil }
            rest.removeFirst(digits.count)
            civil.microsecond = (0..<6).reduce(0) { value, place in
                value * 10 + (place < digits.count ? Int(digits[digits.startIndex + place] - 0x30) : 0)
            }
        }
        var offset = 0
        if !take("Zz") {
            let sign = rest.first == UInt8(ascii: "-") ? -1 : 1
            guard take("+-"), let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60 else {
                return nil
            }
            offset = sign * (hours * 3600 + minutes * 60)
        }
        guard rest.isEmpty, civil.isValid else { return nil }
        self = civil.timestamp(utcOffset: offset)
    }

    /// RFC 5322 section 3.3: `Sat, 21 Nov 2026 12:41:14 +0000`.
    package func rfc5322(utcOffset: Int = 0) -> String {
        let c = CivilTime(self, utcOffset: utcOffset)
        return "\(CivilTime.dayNames[c.weekday]), \(c.day) \(CivilTime.monthNames[c.month - 1]) \(pad(c.year, 4)) "
            + "\(pad(c.hour)):\(pad(c.minute)):\(pad(c.second)) \(zone(utcOffset, separator: ""))"
    }

    /// For people: `2026-11-21 12:41:14`.
    package func plain(utcOffset: Int = 0) -> String {
        let c = CivilTime(self, utcOffset: utcOffset)
        return "\(pad(c.year, 4))-\(pad(c.month))-\(pad(c.day)) \(pad(c.hour)):\(pad(c.minute)):\(pad(c.second))"
    }
}

extension Timestamp {
    /// How letters name an offset: `UTC`, `UTC+1`, `UTC-3:30`.
    package static func zoneName(_ utcOffset: Int) -> String {
        let minutes = abs(utcOffset) / 60
        guard minutes != 0 else { return "UTC" }
        let rest = minutes % 60 == 0 ? "" : ":" + pad(minutes % 60)
        return "UTC\(utcOffset < 0 ? "-" : "+")\(minutes / 60)\(rest)"
    }
}

private func zone(_ utcOffset: Int, separator: String) -> String {
    let minutes = abs(utcOffset) / 60
    return (utcOffset < 0 ? "-" : "+") + pad(minutes / 60) + separator + pad(minutes % 60)
}

/// A decimal number with leading zeros.
package func pad(_ number: Int, _ width: Int = 2) -> String {
    let digits = String(abs(number))
    return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
}
