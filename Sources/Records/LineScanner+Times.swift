// The times that logs write, and nothing looser: RFC 3164 section 4.1.2, RFC 3339 and what ISO 8601 allows beside it,
// asctime(3), and the orders of nginx, PHP and Redis.

import Formats

extension LineScanner {
    /// `12:41:14`, with a fraction after `.` or `,` when there is one.
    mutating func timeOfDay(_ time: inout CivilTime) -> Bool {
        guard let hour = digits(2), take(":"), let minute = digits(2), take(":"), let second = digits(2) else {
            return false
        }
        (time.hour, time.minute, time.second) = (hour, minute, second)
        if let mark = peek(), mark == 0x2e || mark == 0x2c, let next = peek(1), next &- 48 < 10 {
            at += 1
            time.microsecond = fraction()
        }
        return time.isValid
    }

    /// Digits behind the mark as microseconds; finer ones are passed over.
    private mutating func fraction() -> Int {
        var value = 0
        var count = 0
        while let byte = peek(), byte &- 48 < 10 {
            if count < 6 {
                value = value * 10 + Int(byte - 48)
                count += 1
            }
            at += 1
        }
        for _ in count..<6 { value *= 10 }
        return value
    }

    /// Names of zones that logs are written with. A closed list: any other word of capitals, such as RAID, XFS or PHP,
    /// begins the message.
    private static let zoneNames: Set<String> = [
        "UTC", "GMT", "UCT", "WET", "WEST", "BST", "IST", "CET", "CEST", "MET", "MEST", "EET", "EEST", "MSK", "SAST",
        "CAT", "EAT", "WAT", "PKT", "ICT", "WIB", "HKT", "JST", "KST", "AEST", "AEDT", "ACST", "ACDT", "AWST", "NZST",
        "NZDT", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "AKST", "AKDT", "HST", "AST", "ADT", "NST",
        "NDT",
    ]

    /// `Z`, `+01:00`, `+0100`, `+01`, or after a space `UTC`, `GMT`, another name of a zone (then: this host's offset).
    /// Nil where nothing of the kind stands; nothing is taken then.
    mutating func zone(localOffset: Int) -> Int? {
        let start = at
        if take("Z") { return 0 }
        _ = take(" ")
        if let sign = peek(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
            at += 1
            if let hours = digits(2), hours < 24 {
                if peek() == UInt8(ascii: ":"), let next = peek(1), next &- 48 < 10 { at += 1 }
                let rest = digits(2) ?? 0
                if rest < 60 { return (hours * 60 + rest) * (sign == UInt8(ascii: "-") ? -60 : 60) }
            }
        } else if at > start, let name = word(limit: 5, until: { !(65...90).contains($0) }), name.count >= 3,
            peek() == 0x20 || peek() == UInt8(ascii: "]") || isAtEnd, Self.zoneNames.contains(name.text)
        {
            return ["UTC", "GMT", "UCT"].contains(name.text) ? 0 : localOffset
        }
        at = start
        return nil
    }

    /// `2026-11-21T12:41:14.123456+01:00`, `2026-11-21 12:41:14,123`, `2026/11/21 12:41:14` (nginx),
    /// `2026.11.21 12:41:14.123456` (ClickHouse).
    /// `hasZone` when the offset is written there.
    mutating func isoTime(localOffset: Int) -> (time: Timestamp, hasZone: Bool)? {
        let start = at
        if let year = digits(4), let mark = peek(), mark &- 0x2d < 3 {  // - . /
            at += 1
            if let month = digits(2), peek() == mark {
                at += 1
                if let day = digits(2), let between = peek(), [0x54, 0x74, 0x20].contains(between) {
                    at += 1
                    var civil = CivilTime(year: year, month: month, day: day)
                    if timeOfDay(&civil) {
                        let offset = zone(localOffset: localOffset)
                        return (civil.timestamp(utcOffset: offset ?? localOffset), offset != nil)
                    }
                }
            }
        }
        at = start
        return nil
    }

    /// `Nov 21 12:41:14` or `Nov  1 …`; the year is the one that puts it nearest before `readAt`. Some devices write
    /// `Nov 21 2026 12:41:14`.
    mutating func rfc3164Time(_ context: LineContext) -> Timestamp? {
        let start = at
        if let month = monthName(), skipSpaces() > 0, let day = number(limit: 2), take(" ") {
            let beforeYear = at
            var year = digits(4)
            if year == nil || !take(" ") { (year, at) = (nil, beforeYear) }
            var civil = CivilTime(year: year ?? 2000, month: month, day: day)
            if timeOfDay(&civil) {
                if year != nil { return civil.timestamp(utcOffset: context.utcOffset) }
                return Self.nearest(civil, context)
            }
        }
        at = start
        return nil
    }

    /// In the year that puts it nearest before `readAt`. A line may be stamped a little ahead of our clock, not a day; the
    /// 29th of February is in a leap year.
    static func nearest(_ civil: CivilTime, _ context: LineContext) -> Timestamp? {
        var civil = civil
        let thisYear = CivilTime(context.readAt, utcOffset: context.utcOffset).year
        for back in 0...8 {
            civil.year = thisYear - back
            guard civil.isValid else { continue }
            let time = civil.timestamp(utcOffset: context.utcOffset)
            if time <= context.readAt + .seconds(86400) { return time }
        }
        return nil
    }

    /// `Sat Nov 21 12:41:14.123456 2026` (asctime(3), Apache, dmesg -T).
    mutating func asctime(_ context: LineContext) -> Timestamp? {
        let start = at
        if dayName(), take(" "), let month = monthName(), skipSpaces() > 0, let day = number(limit: 2), take(" ") {
            var civil = CivilTime(year: 2000, month: month, day: day)
            if timeOfDay(&civil), take(" "), let year = digits(4) {
                civil.year = year
                if civil.isValid { return civil.timestamp(utcOffset: context.utcOffset) }
            }
        }
        at = start
        return nil
    }

    /// `21 Nov 2026 12:41:14.123` (Redis), `21-Nov-2026 12:41:14 UTC` (PHP, BIND).
    mutating func dayFirstTime(_ context: LineContext) -> Timestamp? {
        let start = at
        if let day = number(limit: 2), let mark = peek(), mark == 0x20 || mark == 0x2d {
            at += 1
            if let month = monthName(), peek() == mark {
                at += 1
                if let year = digits(4), take(" ") {
                    var civil = CivilTime(year: year, month: month, day: day)
                    if let time = timeAndZone(&civil, context) { return time }
                }
            }
        }
        at = start
        return nil
    }

    /// What follows the day; without a zone it is this host's.
    private mutating func timeAndZone(_ civil: inout CivilTime, _ context: LineContext) -> Timestamp? {
        guard timeOfDay(&civil) else { return nil }
        return civil.timestamp(utcOffset: zone(localOffset: context.utcOffset) ?? context.utcOffset)
    }

    /// `21/Nov/2026:12:41:14 +0000` (Apache's `%t`, nginx' `$time_local`); servers of Python write a space in it, and no
    /// zone.
    mutating func accessTime(_ context: LineContext) -> Timestamp? {
        let start = at
        if let day = digits(2), take("/"), let month = monthName(), take("/"), let year = digits(4),
            take(":") || take(" ")
        {
            var civil = CivilTime(year: year, month: month, day: day)
            if let time = timeAndZone(&civil, context) { return time }
        }
        at = start
        return nil
    }

    /// `[  123.456789] `, the kernel's stamp since boot: no time of day, header nevertheless. Behind it may stand who wrote
    /// the line, `[T812]` (a task) or `[C1]` (a processor, in an interrupt): CONFIG_PRINTK_CALLER.
    mutating func printkStamp() -> PrintkStamp? {
        let start = at
        if take("[") {
            skipSpaces()
            if let seconds = number(limit: 10), take("."), let fraction = word(limit: 9, until: { $0 &- 48 >= 10 }),
                fraction.count >= 3, take("]")
            {
                var stamp = PrintkStamp(uptime: Int64(seconds) * 1_000_000)
                // printk writes six digits.
                if fraction.count == 6 { stamp.uptime += Int64(fraction.text) ?? 0 }
                takeCaller(&stamp)
                // One space: what a report indents stays so.
                _ = take(" ")
                return stamp
            }
        }
        at = start
        return nil
    }

    private mutating func takeCaller(_ stamp: inout PrintkStamp) {
        let start = at
        _ = take(" ")
        if take("[") {
            skipSpaces()
            let name = at
            if take("T") || take("C"), number(limit: 10) != nil, peek() == UInt8(ascii: "]") {
                stamp.caller = bytes[name..<at].text
                at += 1
                return
            }
        }
        at = start
    }
}

/// What printk puts before a line.
struct PrintkStamp {
    /// Microseconds.
    var uptime: Int64
    var caller: String?
}
