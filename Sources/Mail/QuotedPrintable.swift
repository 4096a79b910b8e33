// Quoted-printable (RFC 2045 section 6.7).

import Formats

package enum QuotedPrintable {
    /// Lines of at most 76. `text` has CRLF for line ends; every other octet that is not plain is encoded, and so are
    /// a dot and `From ` at the start of a line, which careless servers change.
    package static func encode(_ text: [UInt8]) -> [UInt8] {
        let digits = digits
        var out: [UInt8] = []
        out.reserveCapacity(text.count + text.count / 8)
        var column = 0
        var at = 0
        while at < text.count {
            let byte = text[at]
            let next = at + 1 < text.count ? text[at + 1] : 0
            if byte == 0x0d, next == 0x0a {
                out.append(0x0d)
                out.append(0x0a)
                column = 0
                at += 2
                continue
            }
            var plain = isPlain(byte)
            if byte.isBlank { plain = at + 1 < text.count && !(next == 0x0d || next == 0x0a) }
            // One octet of 76 stays for the soft line break.
            if column + (plain ? 1 : 3) > 75 {
                out += [0x3d, 0x0d, 0x0a]
                column = 0
            }
            if column == 0, byte == 0x2e || (byte == 0x46 && text[at...].starts(with: Self.from)) { plain = false }
            if plain {
                out.append(byte)
                column += 1
            } else {
                out.append(0x3d)
                out.append(digits[Int(byte >> 4)])
                out.append(digits[Int(byte & 15)])
                column += 3
            }
            at += 1
        }
        return out
    }

    /// Tolerant: what is not an escape stays as it is; blanks before a line's end go (they are the transport's).
    package static func decode(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var blanks = 0  // at the end of out, not yet known to stay
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            if byte == 0x3d {
                blanks = 0
                if at + 1 < bytes.count, let high = Hex.value(of: bytes[at]), let low = Hex.value(of: bytes[at + 1]) {
                    out.append(high << 4 | low)
                    at += 2
                } else if let end = endOfSoftBreak(bytes, at) {
                    at = end
                } else {
                    out.append(byte)
                }
                continue
            }
            if byte == 0x0a || (byte == 0x0d && at < bytes.count && bytes[at] == 0x0a) {
                out.removeLast(blanks)
                blanks = 0
            } else {
                blanks = byte.isBlank ? blanks + 1 : 0
            }
            out.append(byte)
            if byte == 0x0d, at < bytes.count, bytes[at] == 0x0a {
                out.append(0x0a)
                at += 1
            }
        }
        return out
    }

    /// After `=`: blanks and a line end, or the end of all.
    private static func endOfSoftBreak(_ bytes: [UInt8], _ start: Int) -> Int? {
        var at = start
        while at < bytes.count, bytes[at].isBlank, at - start < 998 { at += 1 }
        if at == bytes.count { return at }
        if bytes[at] == 0x0a { return at + 1 }
        if bytes[at] == 0x0d { return at + 1 < bytes.count && bytes[at + 1] == 0x0a ? at + 2 : at + 1 }
        return nil
    }

    private static func isPlain(_ byte: UInt8) -> Bool { byte >= 0x21 && byte <= 0x7e && byte != 0x3d }
    private static let digits = Array("0123456789ABCDEF".utf8)
    private static let from = Array("From ".utf8)
}
