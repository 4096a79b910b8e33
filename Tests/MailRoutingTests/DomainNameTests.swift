import MailRouting
import Testing

@Suite struct DomainNameTests {
    @Test(
        "a name in any script becomes A-labels; spellings of one name are equal",
        arguments: [
            ("bücher.example", "xn--bcher-kva.example"), ("BÜCHER.Example", "xn--bcher-kva.example"),
            ("bu\u{308}cher.example", "xn--bcher-kva.example"), ("faß.de", "xn--fa-hia.de"),
            ("例え。jp", "xn--r8jz45g.jp"), ("Example.ORG.", "example.org"), ("_dmarc.example.org", "_dmarc.example.org"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"), ("r3---sn-4g5.example", "r3---sn-4g5.example"),
        ]) func names(_ text: String, _ ascii: String) throws
    {
        #expect(try DomainName(text).ascii == ascii)
    }

    @Test(
        "what is no domain name is refused",
        arguments: [
            "", ".", "..", "a..b", "a b.example", "a*b.example", "a/b.example", "a\r\nb.example",
            "ｅxample.org/x", ".a", "a\u{0}b", String(repeating: "a", count: 64) + ".org",
            (0..<64).map { _ in "abc" }.joined(separator: "."), "☃︎\u{200b}.example\u{ad}\u{2028}x",
        ]) func refused(_ text: String)
    {
        #expect(throws: DomainNameError.self) { try DomainName(text) }
    }

    @Test("a name beneath labels, unless that is too long for a name") func beneath() throws {
        #expect(try DomainName("mx.example.org").beneath("_25._tcp")?.ascii == "_25._tcp.mx.example.org")
        let long = try DomainName((0..<62).map { _ in "abc" }.joined(separator: ".") + ".de")
        #expect(long.ascii.utf8.count == 250)
        #expect(long.beneath("_25._tcp") == nil)
        #expect(long.beneath("a")?.ascii.utf8.count == 252)
    }
}
