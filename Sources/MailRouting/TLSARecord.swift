// What a domain publishes about the certificates of its hosts (RFC 6698, 7671), as far as mail uses it (RFC 7672).

/// A TLSA record.
package struct TLSARecord: Hashable, Sendable {
    /// Which certificate it is about: 2 an authority of the domain's own, 3 the host's. 0 and 1 are not for mail.
    package var usage: UInt8
    /// 0: the whole certificate; 1: its public key.
    package var selector: UInt8
    /// 0: `data` is that itself; 1: its SHA-256; 2: its SHA-512.
    package var matching: UInt8
    package var data: [UInt8]

    package init(usage: UInt8, selector: UInt8, matching: UInt8, data: [UInt8]) {
        self.usage = usage
        self.selector = selector
        self.matching = matching
        self.data = data
    }

    /// From a record's data. What is too short to have all its numbers gets 255 for them, which means nothing.
    init(data: ArraySlice<UInt8>) {
        let head = data.prefix(3) + [UInt8](repeating: 255, count: max(0, 3 - data.count))
        self.init(
            usage: head[head.startIndex], selector: head[head.startIndex + 1], matching: head[head.startIndex + 2],
            data: Array(data.dropFirst(3)))
    }

    /// Whether a certificate can be compared with it (RFC 7672 section 3.1): usages 0 and 1 cannot be had for mail, and a
    /// digest has its length. What is published whole must at least have the outer form of DER.
    package var isUsable: Bool {
        guard usage == 2 || usage == 3, selector <= 1 else { return false }
        return switch matching {
        case 0: Self.isSequence(data)
        case 1: data.count == 32
        case 2: data.count == 64
        default: false
        }
    }

    /// One SEQUENCE, and nothing behind it (X.690 sections 8.1.3, 8.9).
    private static func isSequence(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 2, bytes[0] == 0x30 else { return false }
        if bytes[1] < 0x80 { return bytes.count == 2 + Int(bytes[1]) }
        let count = Int(bytes[1] & 0x7f)
        guard (1...3).contains(count), bytes.count > 2 + count else { return false }
        return bytes.count == 2 + count + bytes[2..<(2 + count)].reduce(0) { $0 << 8 | Int($1) }
    }
}

/// What a host's TLSA records come to.
package enum TLSASet: Hashable, Sendable {
    /// There are none.
    case none
    /// There are some, and none can be used: TLS is a must, but nobody is authenticated (RFC 7672 section 2.2).
    case unusable
    case usable([TLSARecord])

    /// More of them are not looked at: OpenSSL checks each against each certificate.
    package static let maximum = 64

    package static func judged(_ records: [TLSARecord]) -> TLSASet {
        let usable = records.filter(\.isUsable).prefix(maximum)
        return records.isEmpty ? .none : usable.isEmpty ? .unusable : .usable(Array(usable))
    }
}
