// A domain name as the DNS, TLS and SMTP want it: in ASCII, whatever script it was written in (RFC 5890, UTS 46).

import CIDN2

/// A domain name, checked; two spellings of one name are equal.
package struct DomainName: Hashable, Sendable, CustomStringConvertible {
    /// In lower case, A-labels where it was not ASCII, without a dot at the end. Letters, digits, hyphens, underscores and
    /// dots, nothing else: it may stand in a command, a URL or a log as it is.
    package let ascii: String

    /// Throws where `text` is no domain name: letters that IDNA 2008 forbids, an empty label, more than 63 octets in a
    /// label or 253 in all.
    package init(_ text: String) throws(DomainNameError) {
        let ascii = text.utf8.allSatisfy { $0 < 0x80 } ? text.lowercased() : try Self.lookup(text)
        let name = ascii.utf8.last == UInt8(ascii: ".") ? String(ascii.dropLast()) : ascii
        for label in name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard (1...63).contains(label.count) else {
                throw DomainNameError(words: label.isEmpty ? "an empty label" : "a label of more than 63 octets")
            }
            guard label.allSatisfy(Self.isNameByte) else {
                throw DomainNameError(words: "a character that no domain name has")
            }
        }
        guard name.utf8.count <= 253 else { throw DomainNameError(words: "more than 253 octets") }
        self.ascii = name
    }

    /// This name beneath labels such as `_25._tcp`. Nil where that is too long for a name.
    package func beneath(_ labels: String) -> DomainName? { try? DomainName(labels + "." + ascii) }

    package var description: String { ascii }

    /// What is ASCII already is left as it is: IDNA refuses names that are in the DNS and in use (`r3---sn.example`).
    private static func lookup(_ text: String) throws(DomainNameError) -> String {
        guard !text.utf8.contains(0) else { throw DomainNameError(words: "a NUL") }
        var found: UnsafeMutablePointer<UInt8>?
        defer { idn2_free(found) }
        // Nontransitional: `ß` is a letter of its own, as RFC 5891 and browsers have it.
        let code = text.utf8CString.withUnsafeBytes { bytes in
            idn2_lookup_u8(
                bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), &found,
                Int32(IDN2_NFC_INPUT.rawValue | IDN2_NONTRANSITIONAL.rawValue))
        }
        guard code == IDN2_OK.rawValue, let found else {
            throw DomainNameError(words: String(cString: idn2_strerror(code)))
        }
        return String(cString: found).lowercased()
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

/// Why a text is no domain name.
package struct DomainNameError: Error, Hashable, Sendable, CustomStringConvertible {
    package var words: String
    package var description: String { words }
}
