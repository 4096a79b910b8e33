// A walk over the bytes of one hostile line: nothing here reads outside it, and no number overflows.

import Formats

struct LineScanner {
    /// The line, and perhaps others around it: it stands in a block, and is not copied out of it.
    let bytes: [UInt8]
    var at: Int
    /// Where the line ends in `bytes`.
    let end: Int

    init(_ bytes: [UInt8], at start: Int = 0) { self.init(bytes, start..<bytes.count) }

    /// Of the line in `range` of `bytes`.
    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        end = min(max(0, range.upperBound), bytes.count)
        at = min(max(0, range.lowerBound), end)
    }

    var isAtEnd: Bool { at >= end }

    func peek(_ ahead: Int = 0) -> UInt8? {
        let index = at + ahead
        return index >= 0 && index < end ? bytes[index] : nil
    }

    /// A copy of what is left of the line.
    var rest: [UInt8] { Array(bytes[at..<end]) }

    mutating func take(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard at + count <= end else { return false }
        for i in 0..<count where bytes[at + i] != text.utf8Start[i] { return false }
        at += count
        return true
    }

    /// Spaces and tabs; how many.
    @discardableResult
    mutating func skipSpaces() -> Int {
        let start = at
        while let byte = peek(), byte == 0x20 || byte == 0x09 { at += 1 }
        return at - start
    }

    /// Exactly `count` digits.
    mutating func digits(_ count: Int) -> Int? {
        guard at + count <= end else { return nil }
        var value = 0
        for i in 0..<count {
            let digit = bytes[at + i] &- 48
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        at += count
        return value
    }

    /// One to `limit` (at most 18) digits, all that are there; nil when there are none or more.
    mutating func number(limit: Int) -> Int? {
        var value = 0
        var index = at
        while index < end, bytes[index] &- 48 < 10 {
            guard index - at < min(limit, 18) else { return nil }
            value = value * 10 + Int(bytes[index] - 48)
            index += 1
        }
        guard index > at else { return nil }
        at = index
        return value
    }

    /// The bytes up to the first that `ends` accepts, or the line's end; nil when there are none or more than `limit`.
    mutating func word(limit: Int = 255, until ends: (UInt8) -> Bool) -> ArraySlice<UInt8>? {
        var index = at
        while index < end, !ends(bytes[index]) {
            guard index - at < limit else { return nil }
            index += 1
        }
        guard index > at else { return nil }
        defer { at = index }
        return bytes[at..<index]
    }

    /// Up to the next space.
    mutating func word(limit: Int = 255) -> ArraySlice<UInt8>? { word(limit: limit) { $0 == 0x20 } }

    /// `1` to `12` for `Jan` to `Dec`, in English whatever the locale: logs are.
    mutating func monthName() -> Int? {
        guard at + 3 <= end, let month = Self.month(bytes[at], bytes[at + 1], bytes[at + 2]) else { return nil }
        at += 3
        return month
    }

    static func month(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Int? {
        // Three letters in a number: each syslog line asks, and a string for each would cost more than all the rest.
        switch UInt32(first) << 16 | UInt32(second) << 8 | UInt32(third) {
        case 0x4a_61_6e: 1
        case 0x46_65_62: 2
        case 0x4d_61_72: 3
        case 0x41_70_72: 4
        case 0x4d_61_79: 5
        case 0x4a_75_6e: 6
        case 0x4a_75_6c: 7
        case 0x41_75_67: 8
        case 0x53_65_70: 9
        case 0x4f_63_74: 10
        case 0x4e_6f_76: 11
        case 0x44_65_63: 12
        default: nil
        }
    }

    /// `Mon` to `Sun`.
    mutating func dayName() -> Bool {
        guard at + 3 <= end else { return false }
        guard CivilTime.dayNames.contains(String(decoding: bytes[at..<at + 3], as: UTF8.self)) else { return false }
        at += 3
        return true
    }
}

extension ArraySlice<UInt8> {
    var text: String { String(decoding: self, as: UTF8.self) }
}
