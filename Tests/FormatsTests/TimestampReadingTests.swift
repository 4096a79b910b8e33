import Formats
import Testing

@Suite struct TimestampReadingTests {
    @Test(
        "times with their zone are read, and nothing else is taken for one",
        arguments: [
            ("2026-11-21T12:41:14Z", 1_795_264_874_000_000), ("2026-11-21 13:41:14+01:00", 1_795_264_874_000_000),
            ("2026-11-21T07:11:14.5-05:30", 1_795_264_874_500_000),
            ("2026-11-21T12:41:14.123456789Z", 1_795_264_874_123_456),
            ("2026-11-21T12:41:14", nil), ("2026-02-30T00:00:00Z", nil), ("2026-11-21T12:41:14.Z", nil),
            ("2026-11-21T12:41:14Zx", nil), ("2026-11-21T12:41:14+1:00", nil), ("", nil), ("+026-11-21T12:41:14Z", nil),
        ] as [(String, Int64?)])
    func rfc3339(text: String, microseconds: Int64?) {
        #expect(Timestamp(rfc3339: text)?.microseconds == microseconds)
    }
}
