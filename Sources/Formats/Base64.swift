// Base64 (RFC 4648) and hexadecimal.

package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// With padding, without line breaks.
    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: encoded(Array(bytes)), as: UTF8.self)
    }

    // The loops are over arrays: unspecialised generic code is 20 times slower, and attachments are large.
    private static func encoded(_ bytes: [UInt8]) -> [UInt8] {
        let alphabet = alphabet
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        var accumulator: UInt32 = 0
        var held = 0
        for byte in bytes {
            accumulator = accumulator << 8 | UInt32(byte)
            held += 1
            if held == 3 {
                out.append(alphabet[Int(accumulator >> 18 & 63)])
                out.append(alphabet[Int(accumulator >> 12 & 63)])
                out.append(alphabet[Int(accumulator >> 6 & 63)])
                out.append(alphabet[Int(accumulator & 63)])
                (accumulator, held) = (0, 0)
            }
        }
        if held > 0 {
            accumulator <<= held == 1 ? 16 : 8
            for (i, shift) in ([18, 12, 6, 0] as [UInt32]).enumerated() {
                out.append(i <= held ? alphabet[Int(accumulator >> shift & 63)] : UInt8(ascii: "="))
            }
        }
        return out
    }

    /// Nil when a character is foreign to the alphabet or the padding is wrong. With `ignoringForeign`, as MIME asks for
    /// (RFC 2045 section 6.8), foreign characters are skipped, missing padding is forgiven, and nothing is nil.
    package static func decode(_ text: some Sequence<UInt8>, ignoringForeign: Bool = false) -> [UInt8]? {
        decoded(Array(text), ignoringForeign: ignoringForeign)
    }

    private static func decoded(_ text: [UInt8], ignoringForeign: Bool) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(text.count / 4 * 3 + 3)
        var accumulator: UInt32 = 0
        var held = 0
        var padding = 0
        for byte in text {
            if byte == UInt8(ascii: "=") {
                padding += 1
                if ignoringForeign, held >= 2 {  // the end of one run; another may follow in damaged mail
                    flush(&out, accumulator, held)
                    (accumulator, held, padding) = (0, 0, 0)
                }
                continue
            }
            guard let value = value(of: byte) else {
                if ignoringForeign { continue }
                return nil
            }
            if padding > 0, !ignoringForeign { return nil }
            accumulator = accumulator << 6 | UInt32(value)
            held += 1
            if held == 4 {
                out.append(UInt8(truncatingIfNeeded: accumulator >> 16))
                out.append(UInt8(truncatingIfNeeded: accumulator >> 8))
                out.append(UInt8(truncatingIfNeeded: accumulator))
                (accumulator, held) = (0, 0)
            }
        }
        if !ignoringForeign {
            guard held != 1, (held + padding) % 4 == 0, padding <= 2 else { return nil }
        }
        if held >= 2 { flush(&out, accumulator, held) }
        return out
    }

    private static func flush(_ out: inout [UInt8], _ accumulator: UInt32, _ held: Int) {
        if held == 2 { out.append(UInt8(truncatingIfNeeded: accumulator >> 4)) }
        if held == 3 {
            out.append(UInt8(truncatingIfNeeded: accumulator >> 10))
            out.append(UInt8(truncatingIfNeeded: accumulator >> 2))
        }
    }

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte + 4
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}

package enum Hex {
    private static let digits = Array("0123456789abcdef".utf8)

    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var out: [UInt8] = []
        for byte in bytes {
            out.append(digits[Int(byte >> 4)])
            out.append(digits[Int(byte & 15)])
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Nil unless `text` is an even number of hexadecimal digits.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var out: [UInt8] = []
        var high: UInt8?
        for byte in text.utf8 {
            guard let digit = value(of: byte) else { return nil }
            if let h = high {
                out.append(h << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return high == nil ? out : nil
    }

    /// `%40` undone (RFC 3986 section 2.1); a percent sign without two digits stays.
    package static func percentDecoded(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] == 0x25, at + 2 < bytes.count, let high = value(of: bytes[at + 1]),
                let low = value(of: bytes[at + 2])
            {
                out.append(high << 4 | low)
                at += 3
            } else {
                out.append(bytes[at])
                at += 1
            }
        }
        return out
    }

    /// The value of one hexadecimal digit.
    package static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 48
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - 87
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - 55
        default: nil
        }
    }
}
