// Text made comparable: without case, accents and typographic variants, so that "José" meets "jose" and "RÉFÉRENCES"
// meets "références". For comparing only; what is shown or sent is never folded.

import Formats

enum TextFolding {
    /// Lower case, Latin letters without their marks, typographic apostrophes and dashes as ASCII, full-width forms as
    /// the normal ones, runs of white space as one space; what is written in pieces (NFD) as one, and nothing invisible.
    /// What comes out is compared by octets, and is without runs of marks that would make other comparisons slow.
    static func fold(_ text: some StringProtocol) -> String {
        var out = ""
        var spaced = false
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace {
                spaced = !out.isEmpty
                continue
            }
            if spaced { out += " " }
            spaced = false
            append(scalar, to: &out)
        }
        return out
    }

    /// The folded letters and digits alone: `O'Brien-Smith` is `obriensmith`.
    static func letters(_ text: some StringProtocol) -> String {
        var out = String.UnicodeScalarView()
        for scalar in fold(text).unicodeScalars where scalar.properties.isAlphabetic { out.append(scalar) }
        return String(out)
    }

    private static func append(_ scalar: Unicode.Scalar, to out: inout String) {
        switch scalar.value {
        case 0x41...0x5a: out.unicodeScalars.append(Unicode.Scalar(UInt8(scalar.value + 32)))
        case 0x20..<0x7f: out.unicodeScalars.append(scalar)
        case 0x2018, 0x2019, 0x2bc, 0xb4: out += "'"
        case 0x2010...0x2015, 0x2212: out += "-"
        case 0xdf: out += "ss"
        case 0xff01...0xff5e: if let ascii = Unicode.Scalar(scalar.value - 0xfee0) { append(ascii, to: &out) }
        case 0xc0..<0x250, 0x1e00..<0x1f00: out += baseLetter(scalar)
        default:
            if let last = out.unicodeScalars.last, let whole = composed(last, scalar) {
                out.unicodeScalars.removeLast()
                out.unicodeScalars.append(whole)
            } else if !isDropped(scalar, behind: out.utf8.last) {
                out += scalar.properties.lowercaseMapping
            }
        }
    }

    /// What is not seen, and what is drawn on a letter. A mark without a combining class is a letter of its own in the
    /// scripts that have it (the vowels of Thai, Hindi…), and on a letter of ASCII a mark like the others.
    private static func isDropped(_ scalar: Unicode.Scalar, behind last: UInt8?) -> Bool {
        let properties = scalar.properties
        if scalar.isUnsafeInNames || properties.isDefaultIgnorableCodePoint { return true }
        guard scalar.isMark else { return false }
        return properties.canonicalCombiningClass != .notReordered || properties.generalCategory == .enclosingMark
            || last.map { $0 < 0x80 } ?? true
    }

    /// The one scalar that two are the pieces of (UAX #15), for the letters of the words that folded texts are compared
    /// with and that keep their marks: Hangul, kana, Cyrillic in lower case. Nil where they are none's.
    private static func composed(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
        let (a, b) = (first.value, second.value)
        switch (a, b) {
        case (0x1100..<0x1113, 0x1161..<0x1176): return Unicode.Scalar(0xac00 + ((a - 0x1100) * 21 + b - 0x1161) * 28)
        case (0xac00..<0xd7a4, 0x11a8..<0x11c3) where (a - 0xac00) % 28 == 0: return Unicode.Scalar(a + b - 0x11a7)
        case (0x3040..<0x3100, 0x3099):
            // Katakana stands 0x60 behind Hiragana, each voiced form behind its plain one.
            let kana = a >= 0x30a0 ? a - 0x60 : a
            let isVoiced = (0x304b...0x3061).contains(kana) && kana % 2 == 1 || [0x3064, 0x3066, 0x3068].contains(kana)
            if isVoiced || isOfHa(kana) { return Unicode.Scalar(a + 1) }
            return a == 0x30a6 ? "\u{30f4}" : a == 0x3046 ? "\u{3094}" : nil
        case (0x3040..<0x3100, 0x309a) where isOfHa(a >= 0x30a0 ? a - 0x60 : a): return Unicode.Scalar(a + 2)
        case (0x438, 0x306): return "й"
        case (0x443, 0x306): return "ў"
        case (0x435, 0x308): return "ё"
        case (0x456, 0x308): return "ї"
        default: return nil
        }
    }

    /// は ひ ふ へ ほ, which have two other forms each.
    private static func isOfHa(_ kana: UInt32) -> Bool { (0x306f...0x307b).contains(kana) && (kana - 0x306f) % 3 == 0 }

    /// The letter beneath the marks, from the character's own name: LATIN SMALL LETTER E WITH ACUTE is `e`.
    private static func baseLetter(_ scalar: Unicode.Scalar) -> String {
        guard let name = scalar.properties.name, name.hasPrefix("LATIN ") else {
            return scalar.properties.lowercaseMapping
        }
        let words = name.split(separator: " ")
        guard words.count >= 4, words[2] == "LETTER" else { return scalar.properties.lowercaseMapping }
        switch words[3] {
        case "DOTLESS" where words.count > 4: return words[4].lowercased()
        case "ETH": return "d"
        case "THORN": return "th"
        case let base where base.utf8.count <= 2: return base.lowercased()
        default: return scalar.properties.lowercaseMapping
        }
    }
}

extension Unicode.Scalar {
    /// Controls and invisible characters.
    var isUnsafeInNames: Bool { isUnsafeToShow }

    var isMark: Bool {
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }
}
