// Names as they stand in DNS messages: any octets in labels. What a name of this kind means to a person is DomainName's.

/// A name of the DNS in its wire form, uncompressed, in lower case.
package struct DNSName: Hashable, Sendable, CustomStringConvertible {
    /// Length, octets, length, octets … 0. At most 255 octets, labels of at most 63.
    package let wire: [UInt8]

    /// Every domain name has a wire form: its limits are the tighter ones.
    package init(_ name: DomainName) {
        var wire: [UInt8] = []
        for label in name.ascii.utf8.split(separator: UInt8(ascii: ".")) {
            wire.append(UInt8(truncatingIfNeeded: label.count))
            wire += label
        }
        self.wire = wire + [0]
    }

    /// `wire` must be well-formed; DNSReader makes it.
    init(wire: [UInt8]) {
        // A length is at most 63 and so never an ASCII capital.
        self.wire = wire.map { (65...90).contains($0) ? $0 | 0x20 : $0 }
    }

    /// The name above all others.
    package static let root = DNSName(wire: [0])

    /// A domain that is signed, and will stay so.
    package static let org = DNSName(wire: [3] + Array("org".utf8) + [0])

    /// `.`, the name of nothing: the exchange of a null MX (RFC 7505).
    package var isRoot: Bool { wire == [0] }

    /// The same as a domain name; nil for the root and for labels with other octets than names of hosts have.
    package var domain: DomainName? { isRoot ? nil : try? DomainName(text) }

    /// As zone files write it (RFC 1035 section 5.1): safe to show.
    package var description: String { isRoot ? "." : text }

    private var text: String {
        var text = ""
        var at = 0
        while at < wire.count, wire[at] != 0 {
            if at > 0 { text += "." }
            for byte in wire[(at + 1)..<min(wire.count, at + 1 + Int(wire[at]))] { text += Self.shown(byte) }
            at += 1 + Int(wire[at])
        }
        return text
    }

    private static func shown(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "\\"): "\\" + String(UnicodeScalar(byte))
        case 0x21...0x7e: String(UnicodeScalar(byte))
        default: "\\" + String(1000 + Int(byte)).dropFirst()
        }
    }
}
