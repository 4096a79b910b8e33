// A walk over the octets of a DNS message, which a stranger wrote. What must stay true: nothing here reads past the end,
// runs in a circle or takes memory that the message does not have.

/// Why a message cannot be read.
struct DNSFault: Error {
    var words: String
}

struct DNSReader {
    let bytes: [UInt8]
    private(set) var at: Int

    init(_ bytes: [UInt8], at: Int = 0) {
        self.bytes = bytes
        self.at = at
    }

    mutating func octets(_ count: Int) throws(DNSFault) -> ArraySlice<UInt8> {
        guard count <= bytes.count - at else { throw DNSFault(words: "it ends too early") }
        defer { at += count }
        return bytes[at..<(at + count)]
    }

    mutating func octet() throws(DNSFault) -> UInt8 {
        let taken = try octets(1)
        return taken[taken.startIndex]
    }

    mutating func number16() throws(DNSFault) -> UInt16 { try octets(2).reduce(0) { $0 << 8 | UInt16($1) } }

    mutating func number32() throws(DNSFault) -> UInt32 { try octets(4).reduce(0) { $0 << 8 | UInt32($1) } }

    /// A name, which may end with a pointer to an earlier one (RFC 1035 section 4.1.4). Each pointer must lead to before
    /// the place where its own stretch of the name begins, as any sender's do; so there is no circle.
    mutating func name() throws(DNSFault) -> DNSName {
        var wire: [UInt8] = []
        var place = at
        var start = at
        var end: Int?
        // No name has more stretches than labels; of pointers to pointers there could be thousands.
        for _ in 0..<256 {
            guard place < bytes.count else { throw DNSFault(words: "it ends within a name") }
            let length = Int(bytes[place])
            switch length >> 6 {
            case 0:
                guard length < bytes.count - place else { throw DNSFault(words: "it ends within a name") }
                wire += bytes[place...(place + length)]
                guard wire.count <= 255 else { throw DNSFault(words: "a name has more than 255 octets") }
                place += length + 1
                if length == 0 {
                    at = end ?? place
                    return DNSName(wire: wire)
                }
            case 3:
                guard place + 1 < bytes.count else { throw DNSFault(words: "it ends within a name") }
                let target = (length & 0x3f) << 8 | Int(bytes[place + 1])
                guard target < start else { throw DNSFault(words: "a name points forward") }
                end = end ?? place + 2
                place = target
                start = target
            default: throw DNSFault(words: "a name has a label of no known kind")
            }
        }
        throw DNSFault(words: "a name has more than 255 octets")
    }
}
