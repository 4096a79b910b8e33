// Character references of HTML: the numeric ones, and the names that mail and resumes use.

import Formats

enum HTMLEntity {
    /// The character of the reference that begins at `start` with `&`, and what follows it. Nil when it is none.
    static func decode(_ bytes: [UInt8], at start: Int) -> (text: String, end: Int)? {
        var at = start + 1
        while at < bytes.count, bytes[at].isLetter || bytes[at].isDigit || bytes[at] == 0x23, at - start < 12 {
            at += 1
        }
        let name = String(decoding: bytes[(start + 1)..<at], as: UTF8.self)
        guard let text = name.hasPrefix("#") ? number(name.dropFirst()) : names[name] else { return nil }
        return (text, at < bytes.count && bytes[at] == 0x3b ? at + 1 : at)
    }

    /// All of them in a value.
    static func decodeAll(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] == 0x26, let (text, end) = decode(bytes, at: at) {
                out += Array(text.utf8)
                at = end
            } else {
                out.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func number(_ digits: Substring) -> String? {
        let hexadecimal = digits.first == "x" || digits.first == "X"
        guard let value = hexadecimal ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits) else { return nil }
        // As browsers: 128 to 159 are meant as Windows-1252.
        if (0x80..<0xa0).contains(value) { return Charset.guess([UInt8(value)]) }
        guard value >= 0x20 || value == 9 || value == 10, let scalar = Unicode.Scalar(value) else { return "\u{fffd}" }
        return String(scalar)
    }

    private static let names: [String: String] = {
        var names = [
            "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "AMP": "&", "LT": "<", "GT": ">", "QUOT": "\"",
            "euro": "€", "ndash": "–", "mdash": "—", "lsquo": "‘", "rsquo": "’", "sbquo": "‚", "ldquo": "“",
            "rdquo": "”", "bdquo": "„", "bull": "•", "hellip": "…", "trade": "™", "permil": "‰", "lsaquo": "‹",
            "rsaquo": "›", "oelig": "œ", "OElig": "Œ", "scaron": "š", "Scaron": "Š", "Yuml": "Ÿ", "fnof": "ƒ",
            "circ": "ˆ", "tilde": "˜", "ensp": " ", "emsp": " ", "thinsp": " ", "zwnj": "\u{200c}",
            "zwj": "\u{200d}", "lrm": "", "rlm": "", "larr": "←", "uarr": "↑", "rarr": "→", "darr": "↓", "minus": "−",
            "infin": "∞", "ne": "≠", "le": "≤", "ge": "≥", "commat": "@", "period": ".", "lowbar": "_", "num": "#",
            "colon": ":", "sol": "/", "lpar": "(", "rpar": ")", "hyphen": "-", "Tab": "\t", "NewLine": "\n",
        ]
        // Latin-1 from U+00A0, in order.
        let latin = """
            nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute \
            micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring \
            AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml \
            times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil \
            egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash \
            ugrave uacute ucirc uuml yacute thorn yuml
            """
        for (index, name) in latin.split(separator: " ").enumerated() {
            if let scalar = Unicode.Scalar(0xa0 + UInt32(index)) { names[String(name)] = String(scalar) }
        }
        return names
    }()
}
