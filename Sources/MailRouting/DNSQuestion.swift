// What is asked of the DNS, and the message that asks it (RFC 1035, 6891).

/// The kinds of records that delivering mail needs.
package enum DNSType: UInt16, Hashable, Sendable, CaseIterable {
    case a = 1
    case cname = 5
    case soa = 6
    case mx = 15
    case txt = 16
    case aaaa = 28
    case tlsa = 52
}

/// One question.
package struct DNSQuestion: Hashable, Sendable, CustomStringConvertible {
    package var name: DNSName
    package var type: DNSType

    package init(_ name: DomainName, _ type: DNSType) { self.init(DNSName(name), type) }

    package init(_ name: DNSName, _ type: DNSType) {
        self.name = name
        self.type = type
    }

    /// `MX example.org`
    package var description: String { "\(type)".uppercased() + " \(name)" }

    /// The message that asks it. `id` is random, so that nobody can answer who did not see the question.
    ///
    /// Recursion is wanted, and to be told whether the answer is authentic: the bit AD in a question asks for that
    /// (RFC 6840 section 5.7). The bit DO is not set: the signatures themselves are of no use here, and forwarders pass
    /// another server's AD on to one who sets it.
    package func message(id: UInt16, withEDNS: Bool = true) -> [UInt8] {
        var out = Self.octets(id) + [0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, withEDNS ? 1 : 0]
        out += name.wire + Self.octets(type.rawValue) + [0, 1]
        // OPT: the root's name, type 41, answers of up to 1232 octets by UDP, version 0, no flags, no options.
        if withEDNS { out += [0, 0, 41] + Self.octets(1232) + [0, 0, 0, 0, 0, 0] }
        return out
    }

    private static func octets(_ number: UInt16) -> [UInt8] {
        [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)]
    }
}
