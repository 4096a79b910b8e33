// Text made comparable: without case, accents and typographic variants, so that "José" meets "jose" and "RÉFÉRENCES"
// meets "références". For comparing only; what is shown or sent is never folded.

import Formats

enum TextFolding {
    /// Lower case, Latin letters without their marks, typographic apostrophes and dashes as ASCII, full-width forms as
    /// the normal ones, runs of white space as one space.
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
        case 0x300...0x36f: break  // combining marks
        case 0x2018, 0x2019, 0x2bc, 0xb4: out += "'"
        case 0x2010...0x2015, 0x2212: out += "-"
        case 0xdf: out += "ss"
        case 0xff01...0xff5e: if let ascii = Unicode.Scalar(scalar.value - 0xfee0) { append(ascii, to: &out) }
        case 0xc0..<0x250, 0x1e00..<0x1f00: out += baseLetter(scalar)
        default:
            if !scalar.isUnsafeInNames { out += scalar.properties.lowercaseMapping }
        }
    }

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
}
