import Testing

@testable import Rules

@Suite struct PatternSyntaxTests {
    @Test(
        "the names of groups are found, and nothing that only looks like one",
        arguments: [
            (#"(?<a>x)(?P<b>y)(?'c'z)"#, ["a", "b", "c"]), (#"\(?<a>"#, []), (#"[(?<a>]"#, []), (#"[](?<a>]"#, []),
            (#"(?<=a)(?<!b)(?<c>d)"#, ["c"]), (#"\Q(?<a>\E(?<b>x)"#, ["b"]), (#"[[:alpha:](?<a>](?<b>x)"#, ["b"]),
            (#"(?#(?<a>)(?<b>x)"#, ["b"]), (#"(?:(?<a>(?<b>x)))"#, ["a", "b"]),
        ])
    func names(pattern: String, expected: [String]) throws {
        #expect(try PatternSyntax(pattern).groupNames == expected)
    }

    @Test(
        "what the scan cannot search for is refused by name, with the alternative",
        arguments: [
            (#"(?|a|b)"#, 0, "'(?|' is refused"), (#"ab\Kc"#, 2, #"'\K' is refused"#), (#"\R"#, 0, #"write \r?\n"#),
            (#"\Ga"#, 0, #"'\G' is refused; write ^"#), (#"(?R)"#, 0, "recursion"), (#"(a)(?1)"#, 3, "recursion"),
            (#"(?&n)"#, 0, "recursion"), (#"(?P>n)"#, 0, "recursion"), (#"(?-1)"#, 0, "recursion"),
            (#"\g<1>"#, 0, "recursion"),
            (#"(*SKIP)"#, 0, "verb"), (#"x{1,40000}"#, 1, "write {1,}"), (#"(?(1)a|b)"#, 0, "conditional"),
            (#"(?x) a"#, 0, "option 'x'"), (#"\p{L}"#, 0, #"'\p' is refused"#), (#"\x{100}"#, 0, "more than a byte"),
            (#"(?C1)"#, 0, "callout"), (#"\X"#, 0, "patterns see bytes"),
        ])
    func refused(pattern: String, offset: Int, words: String) {
        let fault = #expect(throws: PatternFault.self) { try PatternSyntax(pattern) }
        #expect(fault?.offset == offset)
        #expect(fault?.message.contains(words) == true, "\(fault?.message ?? "")")
    }

    @Test(
        "what is broken passes, for PCRE2 to name",
        arguments: ["(", ")", "a)b", "[a", #"a\"#, "(?<a", "*", "a{", #"\x{"#, "(?#", #"\Qa"#, "(?z)", #"\k"#, "(?"])
    func broken(pattern: String) throws {
        _ = try PatternSyntax(pattern)
    }

    @Test("nesting is bounded")
    func nesting() {
        #expect(throws: PatternFault.self) {
            try PatternSyntax(String(repeating: "(", count: 10_000) + String(repeating: ")", count: 10_000))
        }
    }
}
