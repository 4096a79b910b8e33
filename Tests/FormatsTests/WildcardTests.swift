import Testing

@testable import Formats

@Suite struct WildcardTests {
    @Test(arguments: [
        ("kernel-oops", "kernel-oops", true), ("kernel-oops", "kernel-*", true), ("kernel-oops", "*-oops", true),
        ("kernel-oops", "*", true), ("", "*", true), ("", "", true), ("", "?", false), ("a", "?", true),
        ("ab", "?", false),
        ("db1.example.org", "db?.*.org", true), ("db12.example.org", "db?.*.org", false), ("aaa", "a*a", true),
        ("a", "a*a", false), ("abcabd", "*ab?", true), ("kernel", "Kernel", false), ("a[b", "a[b", true),
    ])
    func `Stars stand for any characters, question marks for one`(text: String, pattern: String, matches: Bool) {
        #expect(Wildcard.matches(text, pattern) == matches)
    }

    @Test func `A pattern of many stars ends in time`() {
        let text = String(repeating: "a", count: 5000)
        #expect(!Wildcard.matches(text, String(repeating: "*a", count: 50) + "b"))
    }
}
