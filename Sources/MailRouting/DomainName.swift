// A domain name as the DNS, TLS and SMTP want it: in ASCII, whatever script it was written in (RFC 5890, UTS 46).

import CIDN2

/// A domain name, checked; two spellings of one name are equal.
package struct DomainName: Hashable, Sendable, CustomStringConvertible {
    /// In lower case, A-labels where it was not ASCII, without a dot at the end.
    package let ascii: String

    /// Throws where `text` is no domain name: letters that IDNA 2008 forbids, an empty label, more than 63 octets in a
    /// label or 253 in all.
    package init(_ text: String) throws(DomainNameError) {
        guard !text.utf8.contains(0) else { throw DomainNameError(words: "a domain name with a NUL") }
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
        let ascii = String(cString: found).lowercased()
        let name = ascii.hasSuffix(".") ? String(ascii.dropLast()) : ascii
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.allSatisfy({ !$0.isEmpty }), name.utf8.count <= 253 else {
            throw DomainNameError(words: "an empty label, or more than 253 octets")
        }
        self.ascii = name
    }

    package var description: String { ascii }
}

/// Why a text is no domain name.
package struct DomainNameError: Error, Hashable, Sendable, CustomStringConvertible {
    package var words: String
    package var description: String { words }
}
