// Where the scan alone says that a pattern is in a line's message, PCRE2 says it too.

import Formats
import Records
import Rules
import Testing

@testable import RuleMatching

@Suite struct ExactPatternTests {
    private static func isExact(_ pattern: String) throws -> Bool {
        ExactPattern(pattern, try PatternSyntax(pattern)) != nil
    }

    @Test(
        "patterns of bytes, classes and repeats need no PCRE2",
        arguments: [
            "Kernel panic", #"\bKernel panic - not syncing: (?<why>[^\n]+)"#,
            #"\bBUG: soft lockup - CPU#(?:[0-9]+) stuck"#,
            #"\b(?:ERROR|FATAL):  out of memory\b"#, #"\[(?:sd[a-z]{1,3})\] Sense"#, #"ab(?:c|d)*"#, #"a.b\.c\w+x{2,}"#,
            #"(?:[^\n]*): page allocation failure"#, "a[^x\\s]+b", "id=[0-9a-f]{4,16}", "a\\S+?b",
        ])
    func exact(pattern: String) throws { #expect(try Self.isExact(pattern)) }

    @Test(
        "what could match elsewhere, or otherwise, is PCRE2's",
        arguments: [
            "^a", "a$", "(?i)a", "(?i:a)b", "a(?!b)", "(?<=x)a", "(a)\\1", "a|b", "a++b", "a*+b", "a?+b", "a{2}+b",
            "(?>a|ab)c",
            "a\\Bb", "a(?:\\b|x)", "(?:a\\b)?b", "[0-9]+a", "a[^b]c", "a\\sb", "a\\Wb", "a\\nb", "a\nb",
            "a[[:alpha:]]b",
            "a[\\w-.]b", "a[\\x00-\\x20]b", "a[0-9]{1,40}b", "(?:a|b|c|d|e)f", "a{,2}b", "a\\Rb?", "a[b\\n]c",
        ])
    func notExact(pattern: String) {
        #expect((try? Self.isExact(pattern)) != true)
    }

    /// Mostly patterns that are exact, with what makes a pattern inexact among it.
    private static func pattern(_ generator: inout Generator) -> String {
        let elements = [
            "a", "b", "fail", "A", " ", ":", "x", "\\.", "\\-", ".", "\\d", "\\w", "\\S", "[ab]", "[a-z]", "[^\\s]",
            "[^a\\n]", "[^:\\s]", "[\\w.]", "(?:a|b)", "(?:fail|12)", "(?<n>a| )", "(?:a?|:)", "(?:b.)", "\\b", "é",
            "1",
            "\\Qa.b\\E",
        ]
        let others = ["\\s", "[^a]", "\\W", "(?>a|ab)", "\\B", "$", "(?=a)", "[[:alpha:]]"]
        let quantifiers = ["", "", "", "", "?", "*", "+", "+?", "*?", "{2}", "{1,3}", "{2,}"]
        var text = generator.pick(["a", "b", "\\b", "\\bfail", "\\ba", "(?:a|fail)", "x", ".*a", "", "ERROR"])
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let isOther = Int.random(in: 0..<8, using: &generator) == 0
            let element = generator.pick(isOther ? others : elements)
            let isRepeated = !["\\b", "\\B", "$", "\\Qa.b\\E"].contains(element)
            text += element + (isRepeated ? generator.pick(quantifiers + (isOther ? ["{1,9}", "++"] : [])) : "")
        }
        return text
    }

    private static let headers = [
        "", "", "Nov 21 12:41:14 ", "Nov 21 12:41:14 fail ", "Nov 21 12:41:14 a fail: ", "Nov 21 12:41:14 b ab[12]: ",
        "2026-11-21T12:41:14Z a b: ", "2026/11/21 12:41:14 [fail] ", "2026-11-21 12:41:14 UTC [12] a@b ERROR:  ",
        "Nov 21 12:41:14 a.b kernel: [    1.000000] ", "Nov 21 12:41:14 h x:", "E1121 12:41:14.123456   812 a.go:12] ",
    ]

    @Test("counts are those of PCRE2 alone, whatever header stands before", arguments: UInt64(300)...311)
    func counts(seed: UInt64) throws {
        var generator = Generator(state: seed)
        let lines = (0..<400).map { _ in Array(generator.pick(Self.headers).utf8) + generator.line() }
        let messages = lines.map { LineHeader.record(of: $0, source: .file("t"), context: readAt).message }
        let file = try TemporaryFile(lines.flatMap { $0 + [0x0a] })
        let workspace = PatternWorkspace()
        var exact = 0
        for _ in 0..<150 {
            let text = Self.pattern(&generator)
            guard let syntax = try? PatternSyntax(text), ExactPattern(text, syntax) != nil else { continue }
            let rule = Rule(id: "r", title: Template("t"), severity: .error, match: [Pattern(text)])
            guard let matcher = try? Matcher(RuleSet([rule])) else { continue }
            exact += 1
            let code = try CompiledPattern(rule.match[0], of: "a test")
            let expected = messages.count { code.match($0, workspace) == .matched }
            let counted = try matcher.count(try file.open(), source: .file("t"), context: readAt).lines
            #expect(counted == expected, "seed \(seed), pattern \(text)")
        }
        #expect(exact > 20, "seed \(seed)")
    }
}
