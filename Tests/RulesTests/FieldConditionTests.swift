import Testing

@testable import Rules

@Suite struct FieldConditionTests {
    @Test(
        "a value matches whole, with '*' for any text and '?' for one byte",
        arguments: [
            ("nginx.service", "nginx.service", true), ("nginx.service", "nginx.servic", false),
            ("nginx.service", "xnginx.service", false), ("nginx*", "nginx", true), ("nginx*", "nginx@1.service", true),
            ("*.mount", "srv-data.mount", true), ("*.mount", "srv.mount.d", false), ("*", "", true), ("?", "", false),
            ("a?c", "abc", true), ("a?c", "ac", false), ("*a*b*", "xxaxxbxx", true), ("*a*b*", "xxbxxaxx", false),
            ("*.log", ".log.log", true), ("/var/log/*/error.log", "/var/log/a/b/error.log", true),
            (#"\*"#, "*", true), (#"\*"#, "x", false), (#"dev-a\x2db.swap"#, #"dev-a\x2db.swap"#, true),
            ("a**b", "ab", true),
            ("", "", true), ("", "a", false),
        ])
    func patterns(pattern: String, value: String, expected: Bool) {
        #expect(ValuePattern(pattern).matches(Array(value.utf8)) == expected)
    }

    @Test("many stars on a long value end")
    func hostile() {
        let pattern = ValuePattern(String(repeating: "a*", count: 50) + "b")
        #expect(!pattern.matches([UInt8](repeating: 0x61, count: 100_000)))
    }

    @Test("a condition is told in words")
    func words() {
        #expect(
            FieldCondition("unit", ["a", "b*", "!bx", "!by"]).text == "unit is a or b* and is not bx or by")
        #expect(FieldCondition("uid", ["!0"]).text == "uid is not 0")
    }
}
