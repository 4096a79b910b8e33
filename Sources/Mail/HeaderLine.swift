// Header fields composed: cleaned of what could end them early, encoded where they are not ASCII, folded.

import Formats

package enum HeaderLine {
    /// CR LF, and every other control or line separator, as one space: nothing in a value can begin another field.
    package static func cleaned(_ value: String) -> String {
        var out = String.UnicodeScalarView()
        var afterReturn = false
        for scalar in value.unicodeScalars {
            switch scalar.value {
            case 0x0a where afterReturn: break
            case 0..<0x20, 0x7f..<0xa0, 0x2028, 0x2029: out.append(" ")
            default: out.append(scalar)
            }
            afterReturn = scalar == "\r"
        }
        return String(out)
    }

    /// A field whose value is free text.
    static func unstructured(_ name: String, _ value: String) -> [UInt8] {
        let text = trimmed(cleaned(value))
        guard needsEncoding(text) else { return folded(name, text) }
        let room = 78 - name.utf8.count - 2
        return folded(name, EncodedWord.encode(text, firstRoom: room).joined(separator: " "))
    }

    /// Whether free text must be encoded: not ASCII, what a reader would decode, a run of spaces that folding could
    /// damage, or a word that no fold can bring under 998 octets.
    private static func needsEncoding(_ text: String) -> Bool {
        if text.utf8.contains(where: { $0 >= 0x80 }) || text.contains("=?") || text.contains("  ") { return true }
        return text.utf8.split(separator: 0x20).contains { $0.count > 900 }
    }

    /// `name: value` in lines of at most 78 octets where there are spaces to fold at, ended by CRLF. Folds before
    /// spaces and keeps them, so that unfolding gives the value again. `value` is clean.
    static func folded(_ name: String, _ value: String) -> [UInt8] {
        var out = Array(name.utf8) + [0x3a]
        var column = out.count
        var first = true
        for word in spaced(value) {
            if !first, column + word.count > 78 || (column > 900 && word.count > 90) {
                out += [0x0d, 0x0a]
                column = 0
            }
            out += word
            column += word.count
            first = false
        }
        return out + [0x0d, 0x0a]
    }

    /// The words of `value`, each with the spaces before it, the first with one. None is only spaces, so no line is.
    private static func spaced(_ value: String) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var word: [UInt8] = [0x20]
        var inWord = false
        for byte in trimmed(value).utf8 {
            if byte == 0x20, inWord {
                words.append(word)
                word = []
                inWord = false
            } else if byte != 0x20 {
                inWord = true
            }
            word.append(byte)
        }
        words.append(word)
        return words
    }

    static func trimmed(_ text: String) -> String {
        var slice = text.utf8[...]
        while slice.first == 0x20 { slice.removeFirst() }
        while slice.last == 0x20 { slice.removeLast() }
        return String(Substring(slice))
    }

    /// A name for a further field: printable ASCII without a colon (RFC 5322 section 3.6.8), short enough for a line.
    static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 76 && name.utf8.allSatisfy(\.isFieldName)
    }

    /// `<left@right>` in printable ASCII, one @, short enough for a line of its own.
    package static func isMessageID(_ id: String) -> Bool {
        let inner = id.utf8.dropFirst().dropLast()
        guard id.utf8.first == 0x3c, id.utf8.last == 0x3e, (5...900).contains(id.utf8.count) else { return false }
        guard inner.first != 0x40, inner.last != 0x40, inner.contains(0x40) else { return false }
        return inner.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x3c && $0 != 0x3e }
    }
}
