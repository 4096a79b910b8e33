// Bodies made 7-bit: the choice of transfer encoding, and base64 in lines.

import Formats

/// A body as it goes over the wire.
struct EncodedBody {
    /// `7bit`, `quoted-printable` or `base64`.
    var encoding: String
    /// 7-bit, lines of at most 998, ends in CRLF unless empty.
    var bytes: [UInt8]

    /// Text with any line ends: as it is when it is plain, else in the encoding that is shorter.
    static func text(_ bytes: [UInt8]) -> EncodedBody {
        let text = bytes.withCRLF
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
        for byte in Base64.encode(bytes).utf8 {
            if column == 76 {
                out += [0x0d, 0x0a]
                column = 0
            }
            out.append(byte)
            column += 1
        }
        if column > 0 { out += [0x0d, 0x0a] }
        return EncodedBody(encoding: "base64", bytes: out)
    }

    /// Whether CRLF text passes every server unchanged: printable ASCII and tabs, lines of at most 998 octets (RFC 5322
    /// section 2.1.1), none that begins with `From `, which mailbox files change.
    static func isPlain(_ text: [UInt8]) -> Bool {
        var start = 0
        for (at, byte) in text.enumerated() {
            switch byte {
            case 0x0a:
                if at == 0 || text[at - 1] != 0x0d { return false }
                start = at + 1
            case 0x0d:
                if at + 1 == text.count || text[at + 1] != 0x0a || at - start > 998 { return false }
            case 0x09, 0x20...0x7e:
                if byte == 0x46, at == start, text[at...].starts(with: "From ".utf8) { return false }
            default: return false
            }
        }
        return text.count - start <= 998
    }
}
