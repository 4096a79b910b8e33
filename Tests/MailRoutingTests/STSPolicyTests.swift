import MailRouting
import Testing

@Suite struct STSPolicyTests {
    private func parse(_ text: String) throws -> STSPolicy { try STSPolicy(parsing: Array(text.utf8)) }

    @Test("the policy of RFC 8461 section 3.2, with either line end") func example() throws {
        let text =
            "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmx: Backupmx.Example.com.\nmax_age: 604800\n"
        let policy = STSPolicy(
            mode: .enforce, patterns: ["mail.example.com", "*.example.net", "backupmx.example.com"], maximumAge: 604800)
        #expect(try parse(text) == policy)
        #expect(try parse(text.split(separator: "\n").joined(separator: "\r\n")) == policy)
    }

    @Test("any order, blanks, unknown keys, empty lines; the first of a key counts") func lenient() throws {
        let policy = try parse(
            "\nmax_age:60\n x-later : :y\nmode:testing\nmode: enforce\nmx:a.b\n\r\nversion :STSv1  \n")
        #expect(policy == STSPolicy(mode: .testing, patterns: ["a.b"], maximumAge: 60))
    }

    @Test("mode none needs no host; an age beyond a year is a year") func edges() throws {
        #expect(try parse("version: STSv1\nmode: none\nmax_age: 0").mode == .none)
        #expect(try parse("version: STSv1\nmode: none\nmax_age: 9999999999").maximumAge == 31_557_600)
    }

    @Test(
        "what is no policy says why",
        arguments: [
            ("", "version"), ("version: STSv2\nmode: none\nmax_age: 1", "version"),
            ("version: STSv1\nmax_age: 1", "mode"),
            ("version: STSv1\nmode: strict\nmax_age: 1\nmx: a.b", "mode"), ("version: STSv1\nmode: none", "max_age"),
            ("version: STSv1\nmode: none\nmax_age: -1", "max_age"),
            ("version: STSv1\nmode: none\nmax_age: 1d", "max_age"),
            ("version: STSv1\nmode: none\nmax_age: 99999999999", "max_age"),
            ("version: STSv1\nmode: none\nmax_age:", "max_age"),
            ("version: STSv1\nmode: enforce\nmax_age: 1", "no host"),
            ("version: STSv1\nmode: enforce\nmx: *\nmax_age: 1", "host"),
            ("version: STSv1\nmode: enforce\nmx: a.*.b\nmax_age: 1", "host"),
            ("version: STSv1\nmode: enforce\nmx:\nmax_age: 1", "host"),
            ("<html>not found</html>", "colon"), ("version: STSv1\nmode: none\nmax_age: 1\nrubbish", "colon"),
        ]) func refused(_ text: String, _ words: String)
    {
        let error = #expect(throws: STSPolicyError.self) { try parse(text) }
        #expect(error?.words.contains(words) == true, "\(String(describing: error))")
    }

    @Test("a policy of very many hosts is none") func many() {
        let text = "version: STSv1\nmode: enforce\nmax_age: 1\n"
        #expect(throws: STSPolicyError.self) { try parse(text + String(repeating: "mx: a.b\n", count: 1001)) }
        #expect(throws: Never.self) { try parse(text + String(repeating: "mx: a.b\n", count: 1000)) }
    }

    @Test("octets of any kind are no policy and no crash") func octets() {
        for byte in UInt8.min...UInt8.max {
            #expect(throws: STSPolicyError.self) { try STSPolicy(parsing: [byte]) }
            #expect(throws: STSPolicyError.self) { try STSPolicy(parsing: [byte, 0x3a, byte]) }
        }
    }

    @Test(
        "a pattern's star stands for one label, the first",
        arguments: [
            ("mail.example.com", true), ("MAIL.example.COM", true), ("x.mail.example.com", false),
            ("example.com", false),
            ("mx1.example.net", true), ("a.mx1.example.net", false), ("example.net", false), ("xexample.net", false),
            ("com", false),
        ]) func covers(_ host: String, _ expected: Bool) throws
    {
        let policy = STSPolicy(mode: .enforce, patterns: ["mail.example.com", "*.example.net"], maximumAge: 1)
        #expect(policy.covers(try DomainName(host)) == expected)
    }
}
