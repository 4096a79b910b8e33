// Classes of octets, and searches among them.

import Glibc

extension UInt8 {
    /// Space or tab.
    var isBlank: Bool { self == 0x20 || self == 0x09 }
    /// Space, tab, CR or LF.
    var isSpace: Bool { isBlank || self == 0x0d || self == 0x0a }
    var isDigit: Bool { self >= 0x30 && self <= 0x39 }
    var isLetter: Bool { (self | 0x20) >= 0x61 && (self | 0x20) <= 0x7a }
    /// ASCII letters in lower case, everything else as it is.
    var lowered: UInt8 { self >= 0x41 && self <= 0x5a ? self | 0x20 : self }
    /// ftext of RFC 5322 section 3.6.8: what a field's name is made of.
    var isFieldName: Bool { self > 0x20 && self < 0x7f && self != 0x3a }
    /// token of RFC 2045 section 5.1.
    var isToken: Bool {
        switch self {
        case 0x28, 0x29, 0x3c, 0x3e, 0x40, 0x2c, 0x3b, 0x3a, 0x5c, 0x22, 0x2f, 0x5b, 0x5d, 0x3f, 0x3d: false
        default: self > 0x20 && self < 0x7f
        }
    }
}

extension [UInt8] {
    /// The first place of `byte` in `range`.
    func index(of byte: UInt8, in range: Range<Int>) -> Int? {
        let range = range.clamped(to: 0..<count)
        return withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress, !range.isEmpty,
                let found = memchr(base + range.lowerBound, Int32(byte), range.count)
            else { return nil }
            return base.distance(to: UnsafeRawPointer(found))
        }
    }

    /// Whether `needle` stands somewhere in these.
    func contains(_ needle: [UInt8]) -> Bool {
        guard let first = needle.first else { return true }
        var at = 0
        while let found = index(of: first, in: at..<count) {
            if count - found < needle.count { return false }
            if self[found..<found + needle.count].elementsEqual(needle) { return true }
            at = found + 1
        }
        return false
    }

    /// Whether these are the letters of `text`, which is in lower case, in whatever case.
    func isName(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && elementsEqual(text.utf8Bytes) { $0.lowered == $1 }
    }

    /// Text for a protocol's word: ASCII letters in lower case, invalid UTF-8 repaired.
    var lowercasedText: String { String(decoding: map(\.lowered), as: UTF8.self) }

    /// Without spaces, tabs, CR and LF at both ends.
    var trimmed: [UInt8] {
        guard let first = firstIndex(where: { !$0.isSpace }), let last = lastIndex(where: { !$0.isSpace }) else {
            return []
        }
        return first == 0 && last == count - 1 ? self : [UInt8](self[first...last])
    }

    /// Every line ending (CRLF, LF, CR) as CRLF.
    var withCRLF: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(count + count / 32 + 2)
        var at = 0
        while at < count {
            let byte = self[at]
            at += 1
            if byte == 0x0d, at < count, self[at] == 0x0a { at += 1 }
            if byte == 0x0d || byte == 0x0a {
                out.append(0x0d)
                out.append(0x0a)
            } else {
                out.append(byte)
            }
        }
        return out
    }

    /// With a CRLF at the end, unless one is there or there is nothing.
    var endingInCRLF: [UInt8] { isEmpty || last == 0x0a ? self : self + [0x0d, 0x0a] }
}

extension StaticString {
    var utf8Bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount) }
}
