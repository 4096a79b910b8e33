import Testing

@testable import Mail

@Suite struct AddressListTests {
    @Test(
        "what stands where somebody should, and is no address, is named; what is nobody on purpose is not",
        arguments: [
            ("broken <", "broken <"), ("a@b.example, Doe, Jane <j@b.example>", "Doe"), ("<>", "<>"), ("root", "root"),
            ("a@b.example", nil), ("undisclosed-recipients:;", nil), ("Friends: a@b.example, c@d.example;", nil),
            ("a@b.example,, (nobody) , \"Doe, Jane\" <j@b.example>,", nil), ("", nil),
        ] as [(String, String?)])
    func leftOut(_ text: String, _ expected: String?) {
        #expect(AddressList.leftOut(of: Array(text.utf8)) == expected)
    }

    @Test(
        "lists are read as RFC 5322 has them, and as the world writes them",
        arguments: [
            ("a@b", ["|a@b"]), ("<a@b>", ["|a@b"]), ("Jane <a@b>", ["Jane|a@b"]),
            ("A  \u{301}B <a@b>", ["A \u{301}B|a@b"]),
            ("\"Doe, Jane\" <a@b>, c@d", ["Doe, Jane|a@b", "|c@d"]),
            ("a@b (Jane Doe)", ["Jane Doe|a@b"]), ("(x (nested) y) a@b", ["x (nested) y|a@b"]),
            ("Jane(comment) Doe <a@b>", ["Jane Doe|a@b"]),
            ("team: a@b, Jo <c@d>;, e@f", ["|a@b", "Jo|c@d", "|e@f"]), ("undisclosed-recipients:;", []), ("", []),
            (",,;", []),
            ("<@r1.example,@r2.example:a@b>", ["|a@b"]), ("Jane <a @ b . example>", ["Jane|a@b.example"]),
            ("a . b @ c", ["|a.b@c"]),
            ("=?utf-8?Q?Jos=C3=A9?= <a@b>", ["José|a@b"]), ("\"=?utf-8?Q?Jos=C3=A9?=\" <a@b>", ["José|a@b"]),
            ("=?utf-8?Q?Doe,_J_<x>?= <a@b>", ["Doe, J <x>|a@b"]), ("=?utf-8?Q?A?=\r\n =?utf-8?Q?B?= <a@b>", ["AB|a@b"]),
            ("=?utf-8?Q?Jos=C3=A9?= a@b", ["José|a@b"]), ("=?utf-8?Q?a@b?= a@b", ["|a@b"]),
            ("=?a?q?x?=@d", ["|=?a?q?x?=@d"]), ("<0=?f-1?q??-1?q?=?f/p@d>", ["|0=?f-1?q??-1?q?=?f/p@d"]),
            ("0=?f-1?q??-1?q?=?f/p@d", ["|0=?f-1?q??-1?q?=?f/p@d"]),
            ("=?a?q?x?==?b?q?y?=.z@d", ["|=?a?q?x?==?b?q?y?=.z@d"]), ("0=?a?q?x?= @d", ["|0=?a?q?x?=@d"]),
            ("\"a\\\"b\" <a@b>", ["a\"b|a@b"]), ("\"no end <a@b>", ["\"no end|a@b"]), ("Jane <a@b", ["Jane|a@b"]),
            ("Jane a@b>", ["Jane|a@b"]), ("Jane Doe a@b", ["Jane Doe|a@b"]), ("<a b@c>", []), ("< a@b >", ["|a@b"]),
            ("<a@b> Jane", ["Jane|a@b"]), ("Jane <a@b>; Joe <c@d>", ["Jane|a@b", "Joe|c@d"]),
            ("Jane <not an address>, c@d", ["|c@d"]),
            ("\"q s\"@d", ["|\"q s\"@d"]), ("Jane <\"q, s\"@d>", ["Jane|\"q, s\"@d"]),
            ("a@[192.0.2.1], b@c", ["|a@[192.0.2.1]", "|b@c"]),
            ("a@[IPv6:2001:db8::1]", ["|a@[IPv6:2001:db8::1]"]), ("x..y@d", ["|\"x..y\"@d"]),
            ("<mailto:a@b>", ["|a@b"]),
            ("Jane <<a@b>>", ["Jane|a@b"]), ("Jane <a@b> <c@d>", ["Jane|a@b", "|c@d"]),
            ("A <a@b> B <c@d>", ["A|a@b", "B|c@d"]), ("(((((", []), ("\\", []), ("<", []),
            ("<>", []),
            ("李 <用户@例え.テスト>", ["李|用户@例え.テスト"]), ("J\u{fc}rg <a@b>", ["Jürg|a@b"]),
            ("jane@example.com <jane@example.com>", ["jane@example.com|jane@example.com"]),
            ("Mailing List <list@d> (via x)", ["Mailing List|list@d"]), ("a@b c@d", []),
        ] as [(String, [String])]) func parsing(raw: String, expected: [String])
    {
        #expect(AddressList.parse(raw).map { ($0.name ?? "") + "|" + $0.address.text } == expected)
    }

    @Test("a list without end is read in a bounded way") func huge() {
        #expect(AddressList.parse([UInt8](repeating: 0x28, count: 1 << 18)).isEmpty)
        #expect(AddressList.parse([UInt8](repeating: 0x22, count: (1 << 18) + 1)).isEmpty)
        #expect(AddressList.parse([UInt8](repeating: 0x3c, count: 1 << 18)).isEmpty)
        #expect(AddressList.parse(String(repeating: "=?u?q?", count: 1 << 15)).isEmpty)
        #expect(AddressList.parse(String(repeating: "a@b,", count: 6000)).count == 5000)
    }
}
