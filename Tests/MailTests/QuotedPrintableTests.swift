import Testing

@testable import Mail

@Suite struct QuotedPrintableTests {
    @Test(
        "text is encoded as RFC 2045 says, and dots and From at a line's start too",
        arguments: [
            ("abc", "abc"), ("a=b", "a=3Db"), ("é", "=C3=A9"), ("x \r\ny\t", "x=20\r\ny=09"),
            (".\r\n..a\r\n", "=2E\r\n=2E.a\r\n"),
            ("From me\r\nFrom", "=46rom me\r\nFrom"), ("a\rb\nc", "a=0Db=0Ac"), ("\u{1b}[0m", "=1B[0m"), ("a b", "a b"),
        ]) func encoding(text: String, encoded: String)
    {
        #expect(String(decoding: QuotedPrintable.encode(Array(text.utf8)), as: UTF8.self) == encoded)
    }

    @Test(
        "what is damaged stays as it is, and blanks before a line's end go",
        arguments: [
            ("a=3Db", "a=b"), ("a=3db", "a=b"), ("a=\r\nb", "ab"), ("a=\nb", "ab"), ("a= \t\r\nb", "ab"), ("a=", "a"),
            ("a=4", "a=4"),
            ("a=zz", "a=zz"), ("a \t\r\nb \n", "a\r\nb\n"), ("=C3=A9", "é"), ("a  b", "a  b"), ("a=20 \r\n", "a \r\n"),
            ("==3D", "=="),
        ]) func decoding(encoded: String, text: String)
    {
        #expect(String(decoding: QuotedPrintable.decode(Array(encoded.utf8)), as: UTF8.self) == text)
    }

    @Test("lines are at most 76 octets, and every octet comes back") func roundTrip() {
        var bytes = (0..<2000).map { UInt8(truncatingIfNeeded: $0 &* 7) }.filter { $0 != 0x0d && $0 != 0x0a }
        for place in stride(from: 0, to: bytes.count, by: 173) {
            bytes.replaceSubrange(place..<place, with: [0x20, 0x0d, 0x0a])
        }
        bytes += [UInt8](repeating: 0x20, count: 200) + [UInt8](repeating: 0x2e, count: 200)
        let encoded = QuotedPrintable.encode(bytes)
        let lines = encoded.split(separator: 0x0a, omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { $0.count <= 77 && $0.allSatisfy { $0 < 0x7f } })
        #expect(QuotedPrintable.decode(encoded) == bytes)
    }
}
