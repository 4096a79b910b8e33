import Testing

@testable import Mail

@Suite struct PunycodeTests {
    @Test(
        "labels are encoded as RFC 3492 says",
        arguments: [
            ("bücher.example", "xn--bcher-kva.example"), ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
            ("example.com", "example.com"),
            ("почемужеонинеговорятпорусски", "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l"), ("a.b", "a.b"),
            ("安室奈美恵-with-super-monkeys", "xn---with-super-monkeys-pc58ag80a8qai00g7n9n"),
        ]) func encoding(domain: String, ascii: String)
    {
        #expect(Punycode.domain(domain) == ascii)
    }

    @Test(
        "what mapping might change is left alone",
        arguments: ["e\u{301}.example", "ＡＢＣ.example", "a\u{200d}b.example", "\u{212b}.example", "faß.example"])
    func unsettled(
        domain: String
    ) {
        #expect(Punycode.domain(domain) == nil)
    }

    @Test("a header has the domain in ASCII, unless the local part is not") func headers() throws {
        #expect(try Mailbox(nil, EmailAddress("info@BÜCHER.example")).header == "info@xn--bcher-kva.example")
        #expect(try Mailbox(nil, EmailAddress("josé@bücher.example")).header == "josé@bücher.example")
    }
}
