// An email address as SMTP has it (RFC 5321 section 4.1.2, RFC 6531), checked when it is made: whatever holds an
// EmailAddress may put its `text` between < and > of a command or header without looking at it again.

import Formats
import Glibc

/// A mailbox of RFC 5321: a local part and a domain or address literal, UTF-8 allowed in both (RFC 6531).
///
/// Equal when the local parts are the same bytes (quoting that says the same is the same) and the domains are the same
/// whatever their case.
package struct EmailAddress: Sendable {
    /// The local part without quoting.
    package let local: String
    /// In lower case; an address literal with its brackets.
    package let domain: String

    /// Takes an addr-spec, nothing around it. Throws for CR, LF, NUL and other controls, stray `<`, `>` and spaces,
    /// and what exceeds RFC 5321 section 4.5.3.1: 64 octets of local part, 255 of domain, 254 together.
    package init(_ text: String) throws(AddressError) {
        let scalars = Array(text.unicodeScalars)
        if scalars.isEmpty { throw AddressError(.empty) }
        if text.utf8.count > 4096 { throw AddressError(.tooLong("address", 254)) }
        for scalar in scalars where scalar.isRefusedInAddresses { throw AddressError(.character(scalar)) }
        let (local, end) = try Self.localPart(scalars)
        guard end < scalars.count, scalars[end] == "@" else {
            throw AddressError(end < scalars.count ? .character(scalars[end]) : .noDomain)
        }
        self.local = local
        domain = try Self.domain(scalars[(end + 1)...])
        if localText.utf8.count > 64 { throw AddressError(.tooLong("part before the @", 64)) }
        if domain.utf8.count > 255 { throw AddressError(.tooLong("domain", 255)) }
        // 256 octets for a path, of which < and > are two (section 4.5.3.1.3).
        if self.text.utf8.count > 254 { throw AddressError(.tooLong("address", 254)) }
    }

    /// The form of RFC 5321, quoted where it must be and only there.
    package var text: String { localText + "@" + domain }

    /// Whether it can be sent without SMTPUTF8.
    package var isASCII: Bool { local.utf8.allSatisfy { $0 < 0x80 } && domain.utf8.allSatisfy { $0 < 0x80 } }

    /// Whether the domain is an address literal, `[192.0.2.1]`.
    package var isLiteral: Bool { domain.utf8.first == UInt8(ascii: "[") }

    /// The form for a header field: as `text`, but the domain in ASCII where the local part is that and the encoding alone
    /// makes it so, so that a server without SMTPUTF8 takes the letter.
    package var headerText: String {
        guard local.utf8.allSatisfy({ $0 < 0x80 }), let ascii = Punycode.domain(domain), ascii.utf8.count <= 255 else {
            return text
        }
        return localText + "@" + ascii
    }

    private var localText: String {
        let scalars = local.unicodeScalars
        let dotted = local.utf8.first != UInt8(ascii: ".") && local.utf8.last != UInt8(ascii: ".")
        // By scalars, as they are read: a mark after a dot would make a Character of the two that is no dot.
        let doubled = zip(scalars, scalars.dropFirst()).contains { $0 == "." && $1 == "." }
        if !scalars.isEmpty, dotted, !doubled, scalars.allSatisfy({ $0 == "." || $0.isAtomText }) {
            return local
        }
        var quoted = "\""
        for scalar in scalars {
            if scalar == "\"" || scalar == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}

extension EmailAddress: Hashable, CustomStringConvertible {
    package var description: String { text }

    package static func == (a: EmailAddress, b: EmailAddress) -> Bool {
        // By bytes: String's == also equates different normal forms, which are different mailboxes to a server.
        a.local.utf8.elementsEqual(b.local.utf8) && a.domain.utf8.elementsEqual(b.domain.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for byte in local.utf8 { hasher.combine(byte) }
        hasher.combine(0xff as UInt8)
        for byte in domain.utf8 { hasher.combine(byte) }
    }
}

extension EmailAddress {
    /// The local part, unquoted, and the index of what follows it.
    private static func localPart(_ scalars: [Unicode.Scalar]) throws(AddressError) -> (String, Int) {
        var local = String.UnicodeScalarView()
        var at = 0
        if scalars[0] == "\"" {
            at = 1
            while at < scalars.count, scalars[at] != "\"" {
                if scalars[at] == "\\" { at += 1 }
                guard at < scalars.count else { break }
                local.append(scalars[at])
                at += 1
            }
            guard at < scalars.count else { throw AddressError(.quoteNotClosed) }
            return (String(local), at + 1)
        }
        while at < scalars.count, scalars[at].isAtomText || scalars[at] == "." {
            if scalars[at] == ".", at == 0 || scalars[at - 1] == "." { throw AddressError(.dots) }
            local.append(scalars[at])
            at += 1
        }
        if at == 0 { throw AddressError(scalars[0] == "@" ? .noLocalPart : .character(scalars[0])) }
        if scalars[at - 1] == "." { throw AddressError(.dots) }
        return (String(local), at)
    }

    private static func domain(_ scalars: ArraySlice<Unicode.Scalar>) throws(AddressError) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        // The checks see what is kept: lowercasing makes ASCII of some scalars (U+212A, the kelvin sign, becomes k).
        let domain = String(text).lowercased()
        if domain.isEmpty { throw AddressError(.noDomain) }
        if domain.hasPrefix("[") { return try literal(domain) }
        for label in domain.split(separator: ".", omittingEmptySubsequences: false) {
            if label.isEmpty { throw AddressError(.dots) }
            if label.utf8.count > 63, label.utf8.allSatisfy({ $0 < 0x80 }) {
                throw AddressError(.tooLong("name between two dots", 63))
            }
            if label.utf8.first == 0x2d || label.utf8.last == 0x2d { throw AddressError(.character("-")) }
            // RFC 5891 section 4.2.3.2, and the joiners' rules of RFC 5892 appendix A: they join to what stands before.
            if let first = label.unicodeScalars.first, first.isMark || first.value == 0x200c || first.value == 0x200d {
                throw AddressError(.character(first))
            }
            for scalar in label.unicodeScalars where !scalar.isDomainText { throw AddressError(.character(scalar)) }
        }
        return domain
    }

    /// RFC 5321 section 4.1.3. Of the general form only what a server could know is taken: IPv4 and IPv6.
    private static func literal(_ domain: String) throws(AddressError) -> String {
        guard domain.hasSuffix("]") else { throw AddressError(.literal) }
        let inner = domain.dropFirst().dropLast()
        var storage = in6_addr()
        if inner.hasPrefix("ipv6:") {
            let address = String(inner.dropFirst(5))
            guard inet_pton(AF_INET6, address, &storage) == 1 else { throw AddressError(.literal) }
            return "[IPv6:" + address + "]"
        }
        guard inet_pton(AF_INET, String(inner), &storage) == 1 else { throw AddressError(.literal) }
        return "[" + inner + "]"
    }
}

extension Unicode.Scalar {
    /// atext of RFC 5322 section 3.2.3, with RFC 6532's UTF-8.
    var isAtomText: Bool {
        switch self {
        case "a"..."z", "A"..."Z", "0"..."9": true
        case "!", "#", "$", "%", "&", "'", "*", "+", "-", "/", "=", "?", "^", "_", "`", "{", "|", "}", "~": true
        default: value >= 0x80 && !isRefusedInAddresses && !properties.isWhitespace
        }
    }

    fileprivate var isDomainText: Bool {
        switch self {
        case "a"..."z", "A"..."Z", "0"..."9", "-": true
        case "\u{3002}", "\u{ff0e}", "\u{ff61}": false  // other scripts' full stops, which IDNA maps to dots
        default: value >= 0x80 && !isRefusedInAddresses && !properties.isWhitespace
        }
    }

    fileprivate var isMark: Bool {
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }

    /// Controls, and what makes an address read as another one. The two joiners are letters of some scripts.
    fileprivate var isRefusedInAddresses: Bool {
        value == 0xfffd || (isUnsafeToShow && value != 0x200c && value != 0x200d)
    }
}

/// Why a text is no email address, in words for the person who wrote it.
package struct AddressError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Reason: Equatable, Sendable {
        case empty, noDomain, noLocalPart, quoteNotClosed, dots, literal
        case character(Unicode.Scalar)
        case tooLong(String, Int)
    }
    package let reason: Reason

    init(_ reason: Reason) { self.reason = reason }

    package var description: String {
        switch reason {
        case .empty: "the address is empty"
        case .noDomain: "the address has no domain: expected name@domain"
        case .noLocalPart: "the address has nothing before the @"
        case .quoteNotClosed: "the address has an opening quote and no closing one"
        case .dots: "the address has a dot at an end of one of its parts, or two together"
        case .literal: "the address has a [literal] that is no IP address"
        case .character(let scalar):
            "the address has the character '\(Printable.text(String(scalar)))' where it cannot be"
        case .tooLong(let what, let limit): "the \(what) is longer than \(limit) octets"
        }
    }
}
