// Encoded words (RFC 2047): text that is not ASCII in header fields.

import Formats

package enum EncodedWord {
    /// Encoded words that together say `text`, each at most `room` octets (the first `firstRoom`), no character split
    /// between two. Q or B, whichever is shorter; Q with the characters of a phrase only (RFC 2047 section 5 rule 3).
    package static func encode(_ text: String, firstRoom: Int = 75, room: Int = 75) -> [String] {
        let quoted = text.unicodeScalars.reduce(0) { $0 + quotedLength($1) }
        let useQuoted = quoted <= (text.utf8.count + 2) / 3 * 4
        var words: [String] = []
        var piece: [UInt8] = []
        var length = 0
        for scalar in text.unicodeScalars {
            let octets = Array(String(scalar).utf8)
            let limit = min(75, max(24, words.isEmpty ? firstRoom : room)) - 12  // =?UTF-8?Q? and ?=
            let more = useQuoted ? length + quotedLength(scalar) : (piece.count + octets.count + 2) / 3 * 4
            if more > limit, !piece.isEmpty {
                words.append(word(piece, quoted: useQuoted))
                (piece, length) = ([], 0)
            }
            piece += octets
            length += quotedLength(scalar)
        }
        if !piece.isEmpty { words.append(word(piece, quoted: useQuoted)) }
        return words
    }

    private static func quotedLength(_ scalar: Unicode.Scalar) -> Int {
        scalar.isASCII && (scalar == " " || isPhraseSafe(UInt8(scalar.value))) ? 1 : 3 * UTF8.width(scalar)
    }

    private static func isPhraseSafe(_ byte: UInt8) -> Bool {
        byte.isLetter || byte.isDigit || [0x21, 0x2a, 0x2b, 0x2d, 0x2f].contains(byte)
    }

    private static func word(_ bytes: [UInt8], quoted: Bool) -> String {
        guard quoted else { return "=?UTF-8?B?" + Base64.encode(bytes) + "?=" }
        var text = "=?UTF-8?Q?"
        for byte in bytes {
            if byte == 0x20 {
                text += "_"
            } else if isPhraseSafe(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "=" + Hex.encode([byte]).uppercased()
            }
        }
        return text + "?="
    }
}

extension EncodedWord {
    /// The text of an unstructured value or of the words of a phrase: encoded words decoded, octets outside them as
    /// UTF-8 or else Windows-1252, controls (an encoded CR LF too) as spaces.
    package static func decode(_ bytes: [UInt8]) -> String {
        var text = ""
        for piece in pieces(bytes) {
            switch piece {
            case .plain(let octets): text += Charset.guess(octets)
            case .encoded(let charset, let octets): text += Charset.decode(octets, label: charset)
            }
        }
        return HeaderLine.cleaned(text)
    }

    private enum Piece {
        case plain([UInt8])
        case encoded(charset: String, [UInt8])
    }

    /// Blanks between two encoded words are no text (section 6.2). Neighbours of one charset are joined before the
    /// charset is undone, because some senders split characters.
    private static func pieces(_ bytes: [UInt8]) -> [Piece] {
        var pieces: [Piece] = []
        var plain: [UInt8] = []
        var at = 0
        while at < bytes.count {
            // Bounded, since every word may cost a charset conversion.
            guard bytes[at] == 0x3d, pieces.count < 2000, let word = read(bytes, at: at, inPhrase: false) else {
                plain.append(bytes[at])
                at += 1
                continue
            }
            at = word.end
            if case .encoded(let charset, let before)? = pieces.last, plain.allSatisfy(\.isSpace) {
                plain = []
                if charset == word.charset {
                    pieces[pieces.count - 1] = .encoded(charset: charset, before + word.bytes)
                    continue
                }
            }
            if !plain.isEmpty { pieces.append(.plain(plain)) }
            plain = []
            pieces.append(.encoded(charset: word.charset, word.bytes))
        }
        if !plain.isEmpty { pieces.append(.plain(plain)) }
        return pieces
    }

    /// The encoded word that begins at `start`, if one does. Outside phrases spaces in it are forgiven. Looks no
    /// further than the next `=?`, so that reading many that do not end stays linear.
    static func read(_ bytes: [UInt8], at start: Int, inPhrase: Bool) -> (charset: String, bytes: [UInt8], end: Int)? {
        var at = start + 2
        guard at < bytes.count, bytes[start] == 0x3d, bytes[start + 1] == 0x3f else { return nil }
        while at < bytes.count, bytes[at].isToken || bytes[at] == 0x3a, at - start < 80 { at += 1 }
        guard at + 2 < bytes.count, at > start + 2, bytes[at] == 0x3f, bytes[at + 2] == 0x3f else { return nil }
        let charset = [UInt8](bytes[start + 2..<at].prefix { $0 != 0x2a }).lowercasedText  // RFC 2231: *language
        let encoding = bytes[at + 1].lowered
        guard encoding == 0x71 || encoding == 0x62 else { return nil }
        let text = at + 3
        at = text
        while at + 1 < bytes.count {
            if bytes[at] == 0x3f, bytes[at + 1] == 0x3d {
                let payload = [UInt8](bytes[text..<at])
                return (charset, encoding == 0x62 ? base64(payload) : quoted(payload), at + 2)
            }
            if bytes[at] == 0x3d, bytes[at + 1] == 0x3f, at + 2 >= bytes.count || bytes[at + 2] != 0x3d { return nil }
            if inPhrase, bytes[at].isSpace { return nil }
            at += 1
        }
        return nil
    }

    private static func base64(_ payload: [UInt8]) -> [UInt8] { Base64.decode(payload, ignoringForeign: true) ?? [] }

    private static func quoted(_ payload: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var at = 0
        while at < payload.count {
            if payload[at] == 0x3d, at + 2 < payload.count, let high = Hex.value(of: payload[at + 1]),
                let low = Hex.value(of: payload[at + 2])
            {
                out.append(high << 4 | low)
                at += 3
            } else {
                out.append(payload[at] == 0x5f ? 0x20 : payload[at])
                at += 1
            }
        }
        return out
    }
}
