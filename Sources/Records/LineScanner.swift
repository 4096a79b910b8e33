// A walk over the bytes of one hostile line: nothing here reads outside it, and no number overflows.

import Formats

struct LineScanner {
    let bytes: [UInt8]
    var at = 0

    init(_ bytes: [UInt8], at start: Int = 0) {
        self.bytes = bytes
        at = min(max(0, start), bytes.count)
    }

    var isAtEnd: Bool { at >= bytes.count }

    func peek(_ ahead: Int = 0) -> UInt8? {
        let index = at + ahead
        return index >= 0 && index < bytes.count ? bytes[index] : nil
    }

    mutating func take(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard at + count <= bytes.count else { return false }
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
        guard at + count <= bytes.count else { return nil }
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
        while index < bytes.count, bytes[index] &- 48 < 10 {
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
        while index < bytes.count, !ends(bytes[index]) {
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
        guard at + 3 <= bytes.count else { return nil }
        let name = String(decoding: bytes[at..<at + 3], as: UTF8.self)
        guard let index = CivilTime.monthNames.firstIndex(of: name) else { return nil }
        at += 3
        return index + 1
    }

    /// `Mon` to `Sun`.
    mutating func dayName() -> Bool {
        guard at + 3 <= bytes.count else { return false }
        guard CivilTime.dayNames.contains(String(decoding: bytes[at..<at + 3], as: UTF8.self)) else { return false }
        at += 3
        return true
    }
}

extension ArraySlice<UInt8> {
    var text: String { String(decoding: self, as: UTF8.self) }
}
