// SASLprep (RFC 4013) of logins and passwords, which SCRAM asks for (RFC 5802 section 5.1): the same password typed on two
// keyboards shall be the same octets.
//
// Left out, because the standard library has no tables for them: the normal form KC of text that is not in it already, and
// the check of bidirectional text. Text of which it cannot be told that it is normal goes as it is, as to a server that
// knows nothing of SASLprep.

import Formats

enum SASLprep {
    /// The octets to prove. `what` names it in the error. What is not UTF-8 goes as it is.
    static func prepared(_ secret: Secret, _ what: String) throws(SASLError) -> Secret {
        let isPlain = secret.withBytes { $0.allSatisfy { (0x20..<0x7f).contains($0) } }
        if isPlain, !secret.isEmpty { return secret }
        var bytes = secret.withBytes { Array($0) }
        defer { Secret.wipe(&bytes) }
        guard var scalars = scalars(bytes) else { return secret }
        defer { Secret.wipe(&scalars) }
        var out = try prepared(scalars, what)
        defer { Secret.wipe(&out) }
        return isNormal(out) ? encoded(out) : secret
    }

    static func prepared(_ text: String, _ what: String) throws(SASLError) -> String {
        if !text.isEmpty, text.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) { return text }
        let out = try prepared(Array(text.unicodeScalars), what)
        guard isNormal(out) else { return text }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: out)
        return String(view)
    }

    /// Sections 2.1 and 2.3: mapped, and nothing left that is prohibited.
    private static func prepared(_ scalars: [Unicode.Scalar], _ what: String) throws(SASLError) -> [Unicode.Scalar] {
        var out: [Unicode.Scalar] = []
        out.reserveCapacity(scalars.count)
        for scalar in scalars {
            if isNothing(scalar) { continue }
            // RFC 3454 table C.1.2: spaces other than the one of ASCII.
            let mapped = scalar.properties.generalCategory == .spaceSeparator || scalar == "\u{200b}" ? " " : scalar
            if isProhibited(mapped) {
                let number = String(mapped.value, radix: 16, uppercase: true)
                let zeros = String(repeating: "0", count: max(0, 4 - number.count))
                throw .unavailable("the \(what) has the character U+\(zeros)\(number), which SCRAM forbids (RFC 4013)")
            }
            out.append(mapped)
        }
        guard !out.isEmpty else {
            throw .unavailable("the \(what) is empty, or of characters that SCRAM does not count")
        }
        return out
    }

    /// RFC 3454 table B.1: commonly mapped to nothing.
    private static func isNothing(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xad, 0x34f, 0x1806, 0x180b...0x180d, 0x200c, 0x200d, 0x2060, 0xfe00...0xfe0f, 0xfeff: true
        default: false
        }
    }

    /// RFC 3454 tables C.2.1 to C.9, as section 2.3 names them.
    private static func isProhibited(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        // Controls.
        case 0..<0x20, 0x7f..<0xa0, 0x6dd, 0x70f, 0x180e, 0x2028, 0x2029, 0x2061...0x2063, 0x206a...0x206f,
            0x1d173...0x1d17a:
            true
        // Private use, and what is inappropriate in text.
        case 0xe000...0xf8ff, 0xf0000...0x10fffd, 0xfff9...0xfffd, 0x2ff0...0x2ffb: true
        // What changes the display of others, and tags. (U+0340 and U+0341 have another normal form.)
        case 0x200e, 0x200f, 0x202a...0x202e, 0xe0001, 0xe0020...0xe007f: true
        // No characters.
        default: scalar.value & 0xfffe == 0xfffe || (0xfdd0...0xfdef).contains(scalar.value)
        }
    }

    /// Whether it is certain that normal form KC would change nothing: no marks or letters that join others, none that has
    /// a compatible or another form.
    private static func isNormal(_ scalars: [Unicode.Scalar]) -> Bool {
        scalars.allSatisfy { scalar in
            if scalar.isASCII { return true }
            let properties = scalar.properties
            switch properties.generalCategory {
            case .nonspacingMark, .spacingMark, .enclosingMark: return false
            default: if isJamo(scalar) { return false }
            }
            if !properties.changesWhenNFKCCaseFolded { return true }
            // Capitals change because their case does; but for that of the ohm, which is no letter, it comes back.
            let small = properties.lowercaseMapping.unicodeScalars
            guard let first = small.first, small.count == 1, first != scalar else { return false }
            let capital = first.properties.uppercaseMapping.unicodeScalars
            return !first.properties.changesWhenNFKCCaseFolded && capital.elementsEqual([scalar])
        }
    }

    private static func isJamo(_ scalar: Unicode.Scalar) -> Bool { (0x1100...0x11ff).contains(scalar.value) }

    private static func scalars(_ bytes: [UInt8]) -> [Unicode.Scalar]? {
        var out: [Unicode.Scalar] = []
        out.reserveCapacity(bytes.count)
        for piece in UTF8Pieces(bytes: bytes) {
            guard case .scalar(let scalar) = piece else { return nil }
            out.append(scalar)
        }
        return out
    }

    private static func encoded(_ scalars: [Unicode.Scalar]) -> Secret {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(scalars.count * 4)
        for scalar in scalars { bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter) }
        return Secret(taking: &bytes)
    }
}
