// The TXT record that says that a domain has an MTA-STS policy (RFC 8461 section 3.1).

/// `v=STSv1; id=20261121T120000;`
package struct STSRecord: Hashable, Sendable {
    /// 1 to 32 letters and digits; another one means another policy.
    package let id: String

    /// From the TXT records of `_mta-sts.DOMAIN`. Nil where there is none, or more than one, or it is malformed: all of
    /// them mean that there is no (new) policy.
    package init?(parsing records: [[UInt8]]) {
        let candidates = records.filter(Self.hasVersion)
        guard candidates.count == 1, candidates[0].allSatisfy({ (0x20...0x7e).contains($0) || $0 == 0x09 }) else {
            return nil
        }
        var id: String?
        for field in candidates[0].split(separator: UInt8(ascii: ";")).dropFirst() {
            let parts = field.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = STSPolicy.trimmed(parts[0])
            guard parts.count == 2 else {
                if name.isEmpty { continue }
                return nil
            }
            // The first of several counts; fields of other names are for extensions.
            if name.elementsEqual("id".utf8), id == nil {
                id = String(decoding: STSPolicy.trimmed(parts[1]), as: UTF8.self)
            }
        }
        guard let id, (1...32).contains(id.utf8.count), id.utf8.allSatisfy(Self.isAlphanumeric) else { return nil }
        self.id = id
    }

    /// `v=STSv1` and a semicolon, blanks allowed before it.
    private static func hasVersion(_ record: [UInt8]) -> Bool {
        record.starts(with: "v=STSv1".utf8) && STSPolicy.trimmed(record.dropFirst(7)).first == UInt8(ascii: ";")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
}
