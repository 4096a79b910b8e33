// The charset of a text that does not say: byte order mark, else UTF-8 if it is valid, else Windows-1252.

package enum CharsetGuess {
    /// Never fails. Line ends become LF; NUL becomes a space.
    package static func decode(_ bytes: [UInt8]) -> String {
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { return lines(String(decoding: bytes.dropFirst(3), as: UTF8.self)) }
        if bytes.starts(with: [0xff, 0xfe]) { return lines(utf16(bytes.dropFirst(2), littleEndian: true)) }
        if bytes.starts(with: [0xfe, 0xff]) { return lines(utf16(bytes.dropFirst(2), littleEndian: false)) }
        if let text = String(validating: bytes, as: UTF8.self) { return lines(text) }
        return lines(windows1252(bytes))
    }

    private static func utf16(_ bytes: ArraySlice<UInt8>, littleEndian: Bool) -> String {
        var units: [UInt16] = []
        units.reserveCapacity(bytes.count / 2)
        var pending: UInt8?
        for byte in bytes {
            if let first = pending {
                units.append(littleEndian ? UInt16(byte) << 8 | UInt16(first) : UInt16(first) << 8 | UInt16(byte))
                pending = nil
            } else {
                pending = byte
            }
        }
        return String(decoding: units, as: UTF16.self)
    }

    /// 0x80...0x9f of Windows-1252 (WHATWG Encoding); the five holes are controls, as there.
    private static let upper: [UInt16] = [
        0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d,
        0x8f,
        0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e,
        0x178,
    ]

    private static func windows1252(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.map { (0x80..<0xa0).contains($0) ? upper[Int($0) - 0x80] : UInt16($0) }, as: UTF16.self)
    }

    private static func lines(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        var afterReturn = false
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\r": out.append("\n")
            case "\n" where afterReturn: break
            case "\0": out.append(" ")
            default: out.append(scalar)
            }
            afterReturn = scalar == "\r"
        }
        return String(out)
    }
}
