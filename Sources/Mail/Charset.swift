// Octets to text by the charset that a message names: the common ones here, all others by iconv(3). iconv is in glibc
// and used as a pure function of the octets. Never fails: what cannot be read becomes U+FFFD, and a charset that nobody
// knows is read as Windows-1252, which has every printable character of Latin-1 in its place.

import Glibc

package enum Charset {
    /// The text of `bytes` in the charset of that name, in whatever case and spelling.
    package static func decode(_ bytes: [UInt8], label: String) -> String {
        switch normalized(label) {
        case "utf-8", "utf8", "unicode-1-1-utf-8", "cp65001":
            return String(decoding: bytes.starts(with: byteOrderMark) ? [UInt8](bytes[3...]) : bytes, as: UTF8.self)
        case "", "us-ascii", "ascii", "ansi_x3.4-1968", "646", "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1",
            "latin-1",
            "l1", "windows-1252", "cp1252", "x-cp1252", "unknown-8bit", "x-unknown", "unknown", "default", "8bit",
            "7bit":
            // The Latin-1 of mail is Windows-1252; and 8-bit octets that are UTF-8 are never anything else by accident.
            return guess(bytes)
        case "iso-8859-15", "iso8859-15", "iso_8859-15", "latin-9", "latin9":
            return singleByte(bytes) { latin9[$0] ?? UInt32($0) }
        case let name:
            return Iconv.decode(bytes, name: aliases[name] ?? name) ?? guess(bytes)
        }
    }

    /// The text of octets of which nobody says the charset: UTF-8 when they are that, else Windows-1252.
    package static func guess(_ bytes: [UInt8]) -> String {
        let bytes = bytes.starts(with: byteOrderMark) ? [UInt8](bytes[3...]) : bytes
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return singleByte(bytes) { $0 >= 0x80 && $0 < 0xa0 ? windows1252[Int($0) - 0x80] : UInt32($0) }
    }

    private static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

    private static func singleByte(_ bytes: [UInt8], _ value: (UInt8) -> UInt32) -> String {
        var out = String.UnicodeScalarView()
        for byte in bytes { out.append(Unicode.Scalar(value(byte)) ?? "\u{fffd}") }
        return String(out)
    }

    /// In lower case, without quotes and spaces; empty when it is no name that any charset has.
    private static func normalized(_ label: String) -> String {
        let name = label.utf8.filter { !$0.isSpace && $0 != 0x22 && $0 != 0x27 }
        guard name.count <= 40 else { return "" }
        for byte in name where !(byte.isLetter || byte.isDigit || [0x2d, 0x5f, 0x2e, 0x3a, 0x2b].contains(byte)) {
            return ""
        }
        return [UInt8](name).lowercasedText
    }

    /// Octets 0x80 to 0x9f of Windows-1252; the five without a character stay controls.
    private static let windows1252: [UInt32] = [
        0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
        0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d, 0x017d, 0x008f,
        0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
        0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
    ]

    /// Where ISO-8859-15 differs from ISO-8859-1.
    private static let latin9: [UInt8: UInt32] = [
        0xa4: 0x20ac, 0xa6: 0x0160, 0xa8: 0x0161, 0xb4: 0x017d, 0xb8: 0x017e, 0xbc: 0x0152, 0xbd: 0x0153, 0xbe: 0x0178,
    ]

    /// Names that mail uses and iconv does not, and charsets whose supersets senders really mean (as WHATWG's Encoding
    /// Standard has them).
    private static let aliases: [String: String] = [
        "gb2312": "gb18030", "gb_2312-80": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "cp936": "gb18030",
        "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "ksc5601": "cp949", "euc-kr": "cp949", "windows-949": "cp949",
        "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "sjis": "cp932", "windows-31j": "cp932",
        "big5": "big5-hkscs", "x-x-big5": "big5-hkscs", "iso-8859-8-i": "iso-8859-8", "iso-8859-8-e": "iso-8859-8",
        "iso-8859-6-i": "iso-8859-6", "windows-874": "cp874", "iso-8859-11": "cp874", "tis-620": "cp874",
        "x-mac-roman": "macintosh", "unicode": "utf-16", "ucs-2": "utf-16", "cp50220": "iso-2022-jp",
        "cp50221": "iso-2022-jp", "iso-8859-9": "cp1254", "hebrew": "iso-8859-8",
    ]
}

/// iconv(3) from some charset to UTF-8.
private enum Iconv {
    /// Nil when glibc does not know the charset. Linear: every call of iconv is followed by at least one octet of
    /// progress, and the output is bounded.
    static func decode(_ bytes: [UInt8], name: String) -> String? {
        guard !name.isEmpty, let converter = iconv_open("UTF-8", name), Int(bitPattern: converter) != -1 else {
            return nil
        }
        defer { iconv_close(converter) }
        let unit = name.hasPrefix("utf-16") || name.hasPrefix("ucs-2") ? 2 : name.hasPrefix("utf-32") ? 4 : 1
        var out: [UInt8] = []
        var at = 0
        while at < bytes.count, out.count <= bytes.count * 8 + 64 {
            let (taken, fault) = step(converter, bytes[at...], &out)
            at += taken
            if fault == E2BIG, taken > 0 { continue }
            if at < bytes.count {  // no character here (EILSEQ), or half of one at the end (EINVAL)
                out += [0xef, 0xbf, 0xbd]
                at += unit
            }
        }
        _ = step(converter, nil, &out)  // some converters hold a character back, to see whether an accent follows
        return String(decoding: out.starts(with: [0xef, 0xbb, 0xbf]) ? out[3...] : out[...], as: UTF8.self)
    }

    /// One call, or with nil the last one: the octets taken, and errno or 0.
    private static func step(
        _ converter: iconv_t, _ bytes: ArraySlice<UInt8>?, _ out: inout [UInt8]
    ) -> (taken: Int, fault: Int32) {
        var taken = 0
        var fault: Int32 = 0
        out += [UInt8](unsafeUninitializedCapacity: 4096) { buffer, filled in
            var output = UnsafeMutableRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self)
            var outputLeft = buffer.count
            (bytes ?? []).withUnsafeBytes { source in
                // iconv(3) takes a char ** that it does not write through.
                let start = source.baseAddress.map { UnsafeMutableRawPointer(mutating: $0) }
                var input = bytes == nil ? nil : start?.assumingMemoryBound(to: CChar.self)
                var inputLeft = source.count
                let result = iconv(converter, &input, &inputLeft, &output, &outputLeft)
                fault = result == -1 ? errno : 0
                taken = source.count - inputLeft
            }
            filled = buffer.count - outputLeft
        }
        return (taken, fault)
    }
}
