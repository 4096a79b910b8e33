import MailRouting
import Testing

@Suite struct TLSARecordTests {
    private static let digest = [UInt8](repeating: 7, count: 32)
    private static let long = [UInt8](repeating: 7, count: 64)

    private static func record(_ usage: UInt8, _ selector: UInt8, _ matching: UInt8, _ data: [UInt8]) -> TLSARecord {
        TLSARecord(usage: usage, selector: selector, matching: matching, data: data)
    }

    @Test("usages 2 and 3 with a digest of the right length can be used") func usable() {
        for usage: UInt8 in [2, 3] {
            for selector: UInt8 in [0, 1] {
                #expect(Self.record(usage, selector, 1, Self.digest).isUsable)
                #expect(Self.record(usage, selector, 2, Self.long).isUsable)
                #expect(Self.record(usage, selector, 0, [0x30, 1, 0]).isUsable)
            }
        }
    }

    @Test(
        "all else cannot: authorities of the web (0, 1), unknown numbers, digests of another length, no DER",
        arguments: [
            record(0, 1, 1, digest), record(1, 1, 1, digest), record(4, 1, 1, digest), record(255, 1, 1, digest),
            record(3, 2, 1, digest), record(3, 255, 1, digest), record(3, 1, 3, digest), record(3, 1, 255, digest),
            record(3, 1, 1, []), record(3, 1, 1, [1, 2, 3]), record(3, 1, 1, long), record(3, 1, 2, digest),
            record(3, 0, 0, []), record(3, 0, 0, [0x30]), record(3, 0, 0, digest), record(3, 0, 0, [0x30, 2, 0]),
            record(3, 0, 0, [0x30, 1, 0, 0]), record(3, 0, 0, [0x30, 0x80, 0, 0]),
            record(3, 0, 0, [0x30, 0x84, 1, 1, 1, 1]),
            record(3, 0, 0, [0x30, 0x83, 0xff, 0xff, 0xff]), record(3, 0, 0, [0x30, 0x82, 1]),
        ]) func unusable(_ record: TLSARecord)
    { #expect(!record.isUsable) }

    @Test("a long certificate in DER can be used") func certificate() {
        let body = [UInt8](repeating: 1, count: 1000)
        #expect(Self.record(3, 0, 0, [0x30, 0x82, 0x03, 0xe8] + body).isUsable)
        #expect(!Self.record(3, 0, 0, [0x30, 0x82, 0x03, 0xe9] + body).isUsable)
    }

    @Test("none, none that can be used, and the usable ones among others are three things") func sets() {
        let good = Self.record(3, 1, 1, Self.digest)
        let bad = Self.record(1, 1, 1, Self.digest)
        #expect(TLSASet.judged([]) == .none)
        #expect(TLSASet.judged([bad, bad]) == .unusable)
        #expect(TLSASet.judged([bad, good, bad]) == .usable([good]))
    }

    @Test("of very many only so many are kept") func many() {
        guard case .usable(let kept) = TLSASet.judged((0..<1000).map { _ in Self.record(3, 1, 1, Self.digest) }) else {
            Issue.record("not usable")
            return
        }
        #expect(kept.count == TLSASet.maximum)
    }
}
