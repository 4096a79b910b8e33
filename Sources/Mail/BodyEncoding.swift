// Bodies made 7-bit: the choice of transfer encoding, and base64 in lines.

import Formats

/// A body as it goes over the wire.
struct EncodedBody {
    /// `7bit`, `quoted-printable` or `base64`.
    var encoding: String
    /// 7-bit, lines of at most 998, ends in CRLF unless empty.
    var bytes: [UInt8]

    /// CRLF text: as it is when it is plain, else in the encoding that is shorter.
    static func text(_ text: [UInt8]) -> EncodedBody {
        if isPlain(text) { return EncodedBody(encoding: "7bit", bytes: text) }
        let quoted = QuotedPrintable.encode(text)
        // 4 octets for 3, and 2 of line end for 76.
        if quoted.count <= text.count * 4 / 3 * 39 / 38 + 4 {
            return EncodedBody(encoding: "quoted-printable", bytes: quoted)
        }
        return binary(text)
    }

    /// Any octets, kept exactly.
    static func binary(_ bytes: [UInt8]) -> EncodedBody {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count / 57 * 78 + 80)
        var column = 0
        for byte in Array(Base64.encode(bytes).utf8) {
            if column == 76 {
                out.append(0x0d)
                out.append(0x0a)
                column = 0
            }
            out.append(byte)
            column += 1
        }
        if column > 0 { out += [0x0d, 0x0a] }
        return EncodedBody(encoding: "base64", bytes: out)
    }

    /// Whether CRLF text passes every server and mailbox file unchanged: printable ASCII and tabs, no line that begins
    /// with `From `.
    static func isPlain(_ text: [UInt8]) -> Bool {
        guard isSevenBit(text) else { return false }
        for at in text.indices {
            let byte = text[at]
            if byte < 0x20, byte != 0x09, byte != 0x0a, byte != 0x0d { return false }
            if byte == 0x7f { return false }
            if byte == 0x46, at == 0 || text[at - 1] == 0x0a, text[at...].starts(with: "From ".utf8) { return false }
        }
        return true
    }

    /// Whether it is 7-bit data of RFC 2045 section 2.7: CR and LF only together, no NUL, lines of at most 998 octets.
    static func isSevenBit(_ text: [UInt8]) -> Bool {
        var start = 0
        for at in text.indices {
            switch text[at] {
            case 0x0a:
                if at == 0 || text[at - 1] != 0x0d { return false }
                start = at + 1
            case 0x0d:
                if at + 1 == text.count || text[at + 1] != 0x0a || at - start > 998 { return false }
            case 1..<0x80: break
            default: return false
            }
        }
        return text.count - start <= 998
    }
}
