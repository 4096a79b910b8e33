// A fault of Vectorscan 5.4.9 (StopBytes.swift): matches near the end of what is searched were lost.

import Formats
import Records
import Rules
import Testing

@testable import RuleMatching

@Suite struct StopBytesTests {
    @Test(
        "a state that waits for one byte gets a second one, and no other does",
        arguments: [
            (#"\(\w+a"#, #"(?:\(|\xff)\w+a"#), (#"\d \([^)]+\)"#, #"\d \([^)]+(?:\)|\xff)"#),
            ("[ab].+c", "[ab].+c"), ("[ab](?s).+c", #"[ab](?s:.+(?:c|\xff))"#), (#"[ab][^,\s]+,"#, #"[ab][^,\s]+\x2c"#),
            (#"[ab][^n]+\n"#, #"[ab][^n]+\n"#), (#"[ab][^\n]+\n"#, #"[ab][^\n]+(?:\n|\xff)"#),
            ("(?i)k|[ab]", #"(?i:(?:k|\xff))|(?i:[ab])"#), ("[ab](?i)[^q]+q", #"[ab](?i:[^q]+(?:q|\xff))"#),
            (#"[ab](?s).+\s*x"#, #"[ab](?s:.+[\t-\r\x20]*(?:x|\xff))"#),
            (#"[ab](?:[^)]|\))*x"#, #"[ab](?:[^)]|(?:\)|\xff))*(?:x|\xff)"#),
            (#"\S+ x"#, #"\S x"#), (#"\bfoo"#, #"\bfoo"#), ("[^ ]+[ab]x", "[^ ][ab]x"),
        ])
    func doubled(pattern: String, expected: String) throws {
        #expect(PlainPattern(try PatternSyntax(pattern)).map { RelaxedPattern($0).text } == expected)
    }

    /// Lines of `prefix`, a filler and `suffix`, in blocks that end with one of them, of all lengths.
    private static func lost(_ patterns: [String], _ prefix: String, _ filler: UInt8, _ suffix: String) throws -> Int {
        let rules = patterns.enumerated().map { number, text in
            Rule(id: "r\(number)", title: Template("t"), severity: .error, match: [Pattern(text)])
        }
        let matcher = try Matcher(RuleSet(rules))
        let context = LineContext(format: .plain, readAt: Timestamp(seconds: 1_800_000_000))
        var lost = 0
        for length in stride(from: 1, to: 400, by: 7) {
            for offset in stride(from: 0, to: 64, by: 5) {
                let line = Array(prefix.utf8) + Array(repeating: filler, count: length) + Array(suffix.utf8)
                let text = Array(repeating: UInt8(ascii: "z"), count: offset) + [0x0a] + line + [0x0a] + line + [0x0a]
                let batch = RecordBatch(lines: text, source: .file("t"), context: context)
                lost += 2 - Set(matcher.matches(in: batch).hits.filter { $0.hit.rule.id == "r0" }.map(\.index)).count
            }
        }
        return lost
    }

    @Test(
        "no line is lost near the end of a block or before another rule's literal",
        arguments: [
            ([#"proc \d+ \([^)]+\)"#], "proc 12 (", "x", ")"), ([#"(?s)\(.+\)"#], "(", "x", ")"),
            ([#""[^"]*" is"#], "\"", "x", "\" is"), ([#"\(\w+a"#], "(", "x", "a"), ([#"(?i)k\w+[ab]"#], "K", "x", "b"),
            (["failed error", "timeout"], "z", "x", "failed error"),
            ([#"proc \d+ \([^)]+\)"#, "killed by", "segfault at", "x: "], "proc 12 (", "x", ") killed by"),
        ])
    func regression(patterns: [String], prefix: String, filler: String, suffix: String) throws {
        #expect(try Self.lost(patterns, prefix, filler.utf8.first ?? 0, suffix) == 0)
    }

    /// A pattern as rules have them, and a text that it matches, with up to 400 bytes in each repeat.
    private static func pair(_ generator: inout Generator) -> (pattern: String, text: [UInt8]) {
        let words = [
            ("fail", "fail"), ("\\(", "("), ("\\)", ")"), (" ", " "), (":", ":"), ("\"", "\""),
            ("proc ", "proc "),
            ("(?i:Error)", "eRROR"), ("[ab]", "b"), ("q", "q"), ("(?i:k)", "K"), (" is ", " is "),
        ]
        let repeats = [
            ("[^)]", "ab1 (x"), ("[^\"]", "ab1 'x"), (".", "ab1 x,:"), ("(?s:.)", "ab1 x,:"), ("\\S", "ab1x,:"),
            ("\\d", "0123"), ("[^ ]", "ab1x."), ("\\w", "ab1_x"), ("[^,\\n]", "ab1 x."), ("(?:[^)]|\\\\.)", "ab1 x"),
        ]
        let first = generator.pick(words)
        var (pattern, text) = (first.0, Array(first.1.utf8))
        for _ in 0..<Int.random(in: 1...2, using: &generator) {
            let (repeated, held) = generator.pick(repeats)
            let (word, matched) = generator.pick(words)
            pattern += repeated + generator.pick(["*", "+", "*?", "{3,}"]) + word
            text += (0..<Int.random(in: 3...400, using: &generator)).map { _ in generator.pick(Array(held.utf8)) }
            text += Array(matched.utf8)
        }
        return (pattern, text)
    }

    @Test("long texts in blocks of a few lines are hit as PCRE2 says, for few rules and for many", arguments: 1...40)
    func longTexts(seed: Int) throws {
        var generator = Generator(seed: UInt64(seed))
        let pairs = (0..<generator.pick([1, 2, 4, 40])).map { _ in Self.pair(&generator) }
        let rules = pairs.enumerated().map { number, pair in
            Rule(id: "r\(number)", title: Template("t"), severity: .error, match: [Pattern(pair.pattern)])
        }
        let matcher = try Matcher(RuleSet(rules))
        let codes = try rules.map { try CompiledPattern($0.match[0], of: "a test") }
        let context = LineContext(format: .plain, readAt: Timestamp(seconds: 1_800_000_000))
        for _ in 0..<12 {
            let lines = (0..<Int.random(in: 1...8, using: &generator)).map { _ in
                Array(repeating: UInt8(ascii: "z"), count: Int.random(in: 0...80, using: &generator))
                    + generator.pick(pairs).text
            }
            let batch = RecordBatch(lines: lines.flatMap { $0 + [0x0a] }, source: .file("t"), context: context)
            let found = Set(matcher.matches(in: batch).hits.map { "\($0.index) \($0.hit.rule.id)" })
            for index in 0..<batch.count {
                let message = batch.record(at: index).message
                for (number, code) in codes.enumerated() where code.match(message, matcher.workspace) == .matched {
                    #expect(
                        found.contains("\(index) r\(number)"),
                        "seed \(seed): \(rules[number].match[0].text) of \(rules.count), line \(index + 1)"
                    )
                }
            }
        }
    }
}
