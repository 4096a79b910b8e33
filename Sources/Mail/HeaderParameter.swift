// Parameters of structured fields composed (RFC 2045, RFC 2231): file names, boundaries.

import Formats

enum HeaderParameter {
    /// ` name=value` pieces with their separators, ready to be folded: a token, a quoted string, or RFC 2231's form in
    /// as many pieces as it needs.
    static func text(_ name: String, _ value: String) -> String {
        let value = HeaderLine.cleaned(value)
        let bytes = Array(value.utf8)
        if !bytes.isEmpty, bytes.count <= 60, bytes.allSatisfy(\.isToken) { return "; \(name)=\(value)" }
        if bytes.count <= 60, bytes.allSatisfy({ $0 < 0x80 }), !value.contains("=?"), !value.contains("  ") {
            var quoted = ""
            for scalar in value.unicodeScalars {
                if scalar == "\"" || scalar == "\\" { quoted += "\\" }
                quoted.unicodeScalars.append(scalar)
            }
            return "; \(name)=\"\(quoted)\""
        }
        return extended(name, value)
    }

    /// `name*=UTF-8''…`, or `name*0*=UTF-8''…; name*1*=…`; no character is split between two pieces.
    private static func extended(_ name: String, _ value: String) -> String {
        var pieces: [String] = []
        var piece = "UTF-8''"
        for scalar in value.unicodeScalars {
            var octets = ""
            for byte in String(scalar).utf8 { octets += isPlain(byte) ? String(scalar) : percent(byte) }
            if piece.utf8.count + octets.utf8.count > 50 {
                pieces.append(piece)
                piece = ""
            }
            piece += octets
        }
        pieces.append(piece)
        if pieces.count == 1 { return "; \(name)*=\(pieces[0])" }
        return pieces.enumerated().map { "; \(name)*\($0.offset)*=\($0.element)" }.joined()
    }

    /// attribute-char of RFC 2231 section 7.
    private static func isPlain(_ byte: UInt8) -> Bool { byte.isToken && ![0x2a, 0x27, 0x25].contains(byte) }

    private static func percent(_ byte: UInt8) -> String { "%" + Hex.encode([byte]).uppercased() }
}
