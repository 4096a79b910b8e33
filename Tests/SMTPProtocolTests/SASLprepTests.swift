import SMTPProtocol
import Testing

@Suite struct SASLprepTests {
    /// The password as SCRAM proves it: the same proof comes of the same octets.
    private func proof(_ password: some Collection<UInt8>) throws -> String {
        var exchange = try SASLExchange(.scramSHA256, .password(name: "user", Secret(password)), .init(nonce: "n"))
        return try exchange.respond(to: Array("r=nX,s=QSXC,i=4096".utf8), initialWasSent: true).text
    }

    @Test(
        "what RFC 4013 maps is mapped",
        arguments: [
            ("I\u{ad}X", "IX"), ("user", "user"), ("USER", "USER"), ("a\u{a0}b", "a b"), ("a\u{3000}b", "a b"),
            ("a\u{200b}b", "a b"), ("a\u{2060}b\u{feff}", "ab"), ("pässwörd\u{ad}", "pässwörd"),
            ("\u{c4}rger\u{ad}", "\u{c4}rger"), ("\u{3a9}\u{ad}", "\u{3a9}"),
            ("пароль\u{200d}", "пароль"),
        ]) func mapped(_ given: String, _ prepared: String) throws
    {
        #expect(try proof(given.utf8) == proof(prepared.utf8))
    }

    @Test(
        "text that may not be in its normal form goes as it is, octet by octet",
        arguments: [
            ("\u{aa}", "a"), ("\u{2168}", "IX"), ("e\u{301}\u{ad}", "é"), ("ﬁ\u{a0}", "fi "),
            ("\u{2126}\u{ad}", "\u{3a9}"), ("\u{212b}\u{ad}", "\u{c5}"), ("\u{9c7}\u{9be}\u{ad}", "\u{9cb}"),
            ("\u{1112}\u{1161}\u{ad}", "\u{d558}"),
        ])
    func asItIs(_ given: String, _ normal: String) throws {
        #expect(try proof(given.utf8) != proof(normal.utf8))
    }

    @Test("what is not UTF-8 goes as it is") func octets() throws {
        #expect(try proof([0xff, 0xfe]) != proof([0xff]))
    }

    @Test(
        "what RFC 4013 prohibits is refused, with its number",
        arguments: [
            ("\u{7}", "U+0007"), ("a\tb", "U+0009"), ("a\u{7f}", "U+007F"), ("\u{85}", "U+0085"),
            ("a\u{2028}", "U+2028"),
            ("\u{202e}x", "U+202E"), ("\u{e000}", "U+E000"), ("\u{fffd}", "U+FFFD"), ("\u{10ffff}", "U+10FFFF"),
            ("a\u{e0041}", "U+E0041"), ("\u{200e}", "U+200E"),
        ]) func prohibited(_ password: String, _ number: String)
    {
        let error = #expect(throws: SASLError.self) { try proof(password.utf8) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(number))
        #expect("\(error.map { "\($0)" } ?? "")".contains("password"))
    }

    @Test("a password of which nothing is left is refused", arguments: ["", "\u{ad}\u{feff}"])
    func empty(_ password: String) {
        #expect(throws: SASLError.self) { try proof(password.utf8) }
    }

    @Test("a name is prepared as well") func name() throws {
        func first(_ name: String) throws -> String? {
            try SASLExchange(.scramSHA256, .password(name: name, Secret("p")), .init(nonce: "n")).initialResponse?.text
        }
        #expect(try first("us\u{ad}er\u{a0}x") == "n,,n=user x,r=n")
        let error = #expect(throws: SASLError.self) { try first("a\u{0}b") }
        #expect("\(error.map { "\($0)" } ?? "")".contains("login"))
    }
}
