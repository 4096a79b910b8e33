// Email addresses in the text of documents, as people and programs write them: plain, behind mailto:, letter-spaced,
// "name (at) example (dot) com". What may be half an address is reported as doubtful, because half an address is
// somebody else's.

import Formats
import Mail

/// An address in a text, and how it was written there.
struct FoundAddress: Hashable, Sendable {
    enum Form: String, Sendable {
        case plain
        case letterSpaced = "letter-spaced"
        case obfuscated
        case link
    }

    var address: EmailAddress
    /// From 0.
    var line: Int
    var form: Form
    /// Something touches it that may belong to it: not to be answered without a human.
    var doubtful = false
}

struct AddressScanner {
    /// Bounds the work on hostile text: no resume has more.
    static let maximum = 200

    private(set) var found: [FoundAddress] = []

    /// All addresses of `lines`, in order.
    static func scan(_ lines: [String]) -> [FoundAddress] {
        var scanner = AddressScanner()
        for (number, line) in lines.enumerated() where mayHold(line) {
            if scanner.found.count >= maximum { break }
            scanner.scan(line, number: number, next: number + 1 < lines.count ? lines[number + 1] : nil)
        }
        return scanner.found
    }

    /// The address of a mailto: link, or of a bare address in a link; nil when it is none.
    static func link(_ target: String) -> FoundAddress? {
        var text = target[...]
        if text.lowercased().hasPrefix("mailto:") { text = text.dropFirst(7) }
        let encoded = text.prefix { $0 != "?" && $0 != "," && $0 != ";" }
        let decoded = String(decoding: Hex.percentDecoded(Array(MachineRows.trim(encoded).utf8)), as: UTF8.self)
        guard let address = try? EmailAddress(MachineRows.trim(decoded)) else { return nil }
        return FoundAddress(address: address, line: -1, form: .link, doubtful: !isPlausible(address))
    }

    private static func mayHold(_ line: String) -> Bool {
        var previous: UInt8 = 0
        for byte in line.utf8 {
            if byte == UInt8(ascii: "@") || byte == 0xa0 && previous == 0xbc { return true }  // ＠ is EF BC A0
            previous = byte
        }
        return AddressMarkers.mayHold(line)
    }

    private mutating func scan(_ line: String, number: Int, next: String?) {
        let scalars = line.unicodeScalars.map { $0 == "\u{ff20}" ? "@" as Unicode.Scalar : $0 }
        var seen: Set<String> = []
        for spaced in LetterSpacing.addresses(in: scalars) {
            add(spaced.text, number, .letterSpaced, spaced.doubtful, &seen)
        }
        for at in scalars.indices where scalars[at] == "@" {
            guard let piece = Self.plain(scalars, at: at, next: next) else { continue }
            add(piece.text, number, .plain, piece.doubtful, &seen)
        }
        if let rewritten = AddressMarkers.rewrite(scalars) {
            for at in rewritten.indices where rewritten[at] == "@" {
                guard let piece = Self.plain(rewritten, at: at, next: nil) else { continue }
                add(piece.text, number, .obfuscated, piece.doubtful, &seen)
            }
        }
    }

    private mutating func add(
        _ text: String, _ line: Int, _ form: FoundAddress.Form, _ doubtful: Bool, _ seen: inout Set<String>
    ) {
        guard found.count < Self.maximum, let address = try? EmailAddress(text) else { return }
        guard Self.hasTopLevelDomain(address), seen.insert(address.key).inserted else { return }
        found.append(
            FoundAddress(
                address: address, line: line, form: form,
                doubtful: doubtful || !Self.isPlausible(address) || Self.changesCase(text)))
    }
}

extension AddressScanner {
    /// The address around the `@` at an index; nil when there is none.
    static func plain(
        _ scalars: [Unicode.Scalar], at: Int, next: String?
    ) -> (text: String, doubtful: Bool)? {
        var start = at
        while start > 0, isLocal(scalars[start - 1]), at - start < 64 { start -= 1 }
        var end = at + 1
        while end < scalars.count, isDomain(scalars[end]), end - at < 255 { end += 1 }
        while start < at, isTrimmed(scalars[start]) { start += 1 }
        while end > at + 1, scalars[end - 1] == "." || scalars[end - 1] == "-" { end -= 1 }
        var doubtful = start > 0 && continuesLocal(scalars[start - 1])
        // "john @ example.com": one space beside the @ belongs to the typing, not to the address.
        if start == at, at > 1, scalars[at - 1] == " " {
            guard end > at + 1 else { return spaced(scalars, at: at) }
            return spaced(scalars, at: at)
        }
        if end == at + 1 {
            if at + 2 < scalars.count, scalars[at + 1] == " " { return spaced(scalars, at: at) }
            // Broken at the @ by the end of the line.
            guard let next, start < at else { return nil }
            let rest = next.unicodeScalars.drop { $0 == " " }.prefix { isDomain($0) }
            return (text(scalars[start..<at]) + "@" + text(Array(rest)[...]), true)
        }
        guard start < at else { return nil }
        let (local, glued) = withoutLabel(scalars[start..<at])
        let (domain, cut) = withinScript(scalars[(at + 1)..<end])
        doubtful = doubtful || glued || cut || (end < scalars.count && scalars[end] == "@")
        if !domain.contains("."), let next, end == scalars.count {
            let rest = next.unicodeScalars.drop { $0 == " " }.prefix { isDomain($0) }
            return (local + "@" + domain + text(Array(rest)[...]), true)
        }
        return (local + "@" + domain, doubtful)
    }

    /// `name @ example.com`, with at most two spaces on each side.
    private static func spaced(_ scalars: [Unicode.Scalar], at: Int) -> (text: String, doubtful: Bool)? {
        var left = at
        while left > 0, scalars[left - 1] == " ", at - left < 2 { left -= 1 }
        var start = left
        while start > 0, isLocal(scalars[start - 1]), left - start < 64 { start -= 1 }
        var right = at + 1
        while right < scalars.count, scalars[right] == " ", right - at < 3 { right += 1 }
        var end = right
        while end < scalars.count, isDomain(scalars[end]), end - right < 255 { end += 1 }
        while end > right, scalars[end - 1] == "." || scalars[end - 1] == "-" { end -= 1 }
        while start < left, isTrimmed(scalars[start]) { start += 1 }
        // One letter alone is letter-spaced text, which is read elsewhere, or a piece of something.
        guard left - start > 1, end - right > 3 else { return nil }
        return (text(scalars[start..<left]) + "@" + text(scalars[right..<end]), false)
    }

    private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// The characters of local parts that are in use; the rest of RFC 5322's set separates in running text.
    private static func isLocal(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-", "+", "'", "%", "&", "~": true
        default: scalar.value >= 0x80 && scalar.properties.isAlphabetic
        }
    }

    private static func isDomain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "-": true
        default: scalar.value >= 0x80 && scalar.properties.isAlphabetic
        }
    }

    private static func isTrimmed(_ scalar: Unicode.Scalar) -> Bool { "'.-~&%_+".unicodeScalars.contains(scalar) }

    /// A character that a local part may hold but that we do not follow: what stands before it may belong to it.
    private static func continuesLocal(_ scalar: Unicode.Scalar) -> Bool {
        "!#$/=?^`{}\"%&+~".unicodeScalars.contains(scalar)
    }

    private static let labels = [
        "电子邮件", "電子郵件", "电子邮箱", "電子郵箱", "邮箱", "邮件", "電郵", "电邮", "メールアドレス", "メール", "이메일", "전자우편",
    ]

    /// Text without spaces between words puts the label in front of the address. Another script before ASCII is either
    /// such a label or a part of the address: only the first is certain.
    private static func withoutLabel(_ local: ArraySlice<Unicode.Scalar>) -> (String, Bool) {
        let whole = text(local)
        guard local.contains(where: { $0.value >= 0x2e80 }), local.contains(where: { $0.value < 0x80 }) else {
            return (whole, false)
        }
        for label in labels where whole.hasPrefix(label) {
            let rest = String(whole.dropFirst(label.count))
            if rest.unicodeScalars.allSatisfy({ $0.value < 0x2e80 }) { return (rest, false) }
        }
        return (whole, true)
    }

    /// A domain that begins in ASCII ends where another script begins, if a whole domain stands before that.
    private static func withinScript(_ domain: ArraySlice<Unicode.Scalar>) -> (String, Bool) {
        guard let first = domain.first, first.value < 0x80,
            let other = domain.firstIndex(where: { $0.value >= 0x2e80 }),
            other > domain.startIndex, domain[other - 1] != ".", domain[other - 1] != "-"
        else { return (text(domain), false) }
        return (text(domain[..<other]), !domain[..<other].contains("."))
    }

    /// The last label is letters, as every top-level domain's is (or an A-label), and no file's ending.
    private static func hasTopLevelDomain(_ address: EmailAddress) -> Bool {
        let labels = address.domain.split(separator: ".")
        guard labels.count >= 2, let last = labels.last else { return false }
        if last.hasPrefix("xn--") { return true }
        guard last.unicodeScalars.count >= 2, last.unicodeScalars.allSatisfy({ $0.properties.isAlphabetic }) else {
            return false
        }
        return !["png", "jpg", "jpeg", "gif", "svg", "webp", "pdf", "css", "js"].contains(String(last))
    }

    /// Not a disguise, and not the placeholder of a form that nobody filled in.
    static func isPlausible(_ address: EmailAddress) -> Bool {
        let text = address.key
        let marks = [
            "nospam", "no-spam", "removethis", "remove-this", "spamfree", "youremail", "your.email", "your-email",
            "yourname", "your.name", "your-name", "your-website", "yourwebsite", "yourdomain", "your-domain",
        ]
        if marks.contains(where: text.contains) { return false }
        let blanks: Set<String> = [
            "email", "e-mail", "name", "user", "username", "example", "you", "your", "firstname.lastname", "first.last",
        ]
        if blanks.contains(address.local.lowercased()) { return false }
        let last = address.domain.split(separator: ".").last ?? ""
        return last.hasPrefix("xn--") || last.unicodeScalars.count <= 13
    }

    /// `jane@example.comPhone`: a lower-case top-level domain that goes on in upper case is two words.
    private static func changesCase(_ text: String) -> Bool {
        guard let dot = text.lastIndex(of: ".") else { return false }
        let last = text[dot...].dropFirst()
        return last.first?.isLowercase == true && last.contains { $0.isUppercase }
    }
}
