// The contents of the records that delivering mail needs.

/// What one record says.
package enum DNSRecord: Hashable, Sendable {
    case address(IPAddress)
    case exchange(preference: UInt16, DNSName)
    /// A TXT record's strings, put together.
    case text([UInt8])
    case tlsa(TLSARecord)
    case alias(DNSName)
    /// Where a zone begins; only that it is there is of interest.
    case start

    /// Reads the data of a record of `type`, which is what stands in `reader` from `reader.at` to `end`. Throws where it
    /// is malformed; but a TLSA record is never that: one that says nothing is unusable, which is another thing than none
    /// (RFC 7672 section 2.2).
    init(_ type: DNSType, _ reader: DNSReader, end: Int) throws(DNSFault) {
        var reader = reader
        switch type {
        case .a, .aaaa:
            guard let address = IPAddress(try reader.octets(end - reader.at)), address.isIPv6 == (type == .aaaa) else {
                throw DNSFault(words: "an address has a wrong length")
            }
            self = .address(address)
        case .mx: self = .exchange(preference: try reader.number16(), try reader.name())
        case .cname: self = .alias(try reader.name())
        case .txt:
            var text: [UInt8] = []
            while reader.at < end { text += try reader.octets(Int(try reader.octet())) }
            self = .text(text)
        case .tlsa: self = .tlsa(TLSARecord(data: try reader.octets(end - reader.at)))
        case .soa: self = .start
        }
        guard type == .soa || reader.at == end else {
            throw DNSFault(words: "a record is shorter or longer than it says")
        }
    }
}
