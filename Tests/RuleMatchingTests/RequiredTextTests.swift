// What must stand in everything that a pattern matches.

import Formats
import Rules
import Testing

@testable import RuleMatching

@Suite struct RequiredTextTests {
    @Test(
        "a plain text that must be there is all that is searched for",
        arguments: [
            (#"^\S+ failed: (?<why>.*)$"#, " failed: "), ("Kernel panic", "Kernel panic"),
            (#"\bOut of memory: Killed process (?<pid>\d+) \((?<p>[^)]+)\)"#, "Out of memory\\x3a Killed process "),
            (#"EXT4-fs error \(device (?<d>\S+)\)"#, "EXT4\\x2dfs error \\x28device "),
            (#"(?:cannot|could not) open \S+"#, "cannot open |could not open "),
            (#"\[(?:emerg|alert)\] \d+#\d+: "#, "\\x5bemerg\\x5d |\\x5balert\\x5d "),
            ("(?i)Segmentation fault", "(?i:Segmentation fault)"),
            (#"(?:disk|file system)? is full now"#, " is full now"), (#"abc\.def\-gh"#, "abc\\x2edef\\x2dgh"),
            ("long text one|other long text", "long text one|other long text"),
            ("long text one|short", "long text one|short"),
            ("long text one|four", nil), ("[Ff]atal error", "Fatal error|fatal error"), ("[a-c]tal error", "tal error"),
            ("(?:bad|ill(?:egal)) [Oo]p: \\d", "bad Op: |bad op: |illegal Op: |illegal op: "),
            (#"error: (?:one [a-z]+ here|two)"#, "error\\x3a one |error\\x3a two"), ("abcdefg+hijk", "abcdefg"),
            (#"(?:abcdefgh)*x"#, nil), (#"(?:abcdefgh){2,}x"#, "abcdefgh"), (#"abcd\nefgh"#, nil),
            (#"abc(?i:defg)hij"#, nil), ("abcdef(?i)ghijklm", "(?i:ghijklm)"), (#"abcdefg(?!hi)"#, "abcdefg"),
        ])
    func texts(pattern: String, expected: String?) throws {
        let text = RelaxedPattern(try #require(PlainPattern(try PatternSyntax(pattern)))).text
        if let expected {
            let plain = text.replacing("\\x20", with: " ").replacing(":", with: "\\x3a")
            #expect(plain == expected.replacing(":", with: "\\x3a").replacing("(?i\\x3a", with: "(?i\\x3a"), "\(text)")
        } else {
            #expect(
                try RequiredText.chosen(RequiredText.choices(PatternSyntax(pattern).alternatives)) == nil, "\(text)")
        }
    }

    @Test("a text that many patterns share is searched for only where there is no other")
    func shared() throws {
        let all = try (0..<5).map {
            try #require(PlainPattern(try PatternSyntax("unit \\d+ of rack\($0) \\d+ failed with code [0-9]+")))
        }
        let shared = RelaxedPattern.sharedTexts(all)
        #expect(RelaxedPattern.sharedTexts(Array(all.dropLast())).isEmpty)
        for (number, plain) in all.enumerated() {
            #expect(RelaxedPattern(plain).text == " failed with code ")
            #expect(RelaxedPattern(plain, without: shared).text == " of rack\(number) ")
        }
        let alone = try #require(PlainPattern(try PatternSyntax("\\d+ failed with code [0-9]+")))
        #expect(RelaxedPattern(alone, without: shared).text == " failed with code ")
    }

    /// Patterns of words, groups and gaps, nested.
    private static func pattern(_ generator: inout Generator, _ depth: Int = 0) -> String {
        let words = ["failed ", "error: ", "disk", " on device ", "x", "\\.", "\\[", "(?i:Fatal)", "timeout"]
        let gaps = ["\\d+", "[^)]*", ".", "\\b", "\\s", "[ab]", "\\w?", "q*", "(?:zz)?", "\\S+?"]
        return (0..<Int.random(in: 1...4, using: &generator)).map { _ -> String in
            switch Int.random(in: 0..<(depth < 2 ? 4 : 3), using: &generator) {
            case 0: return generator.pick(gaps)
            case 3:
                let inside = (0..<Int.random(in: 1...3, using: &generator)).map { _ in pattern(&generator, depth + 1) }
                return generator.pick(["(?:", "(?:", "(?i:", "(?-i:"]) + inside.joined(separator: "|") + ")"
                    + generator.pick(["", "", "", "?", "+", "*"])
            default: return generator.pick(words)
            }
        }.joined()
    }

    @Test("everything that PCRE2 matches holds one of the texts", arguments: UInt64(1)...20)
    func superset(seed: UInt64) throws {
        var generator = Generator(seed: seed)
        let pieces = [
            "failed ", "error: ", "disk", " on device ", "x", ".", "[", "fATAL", "timeout", "12", " ", "a", "zz", "q",
            "é",
        ]
        let workspace = PatternWorkspace()
        var matched = 0
        for _ in 0..<300 {
            let text = Self.pattern(&generator)
            let syntax = try PatternSyntax(text)
            guard let texts = RequiredText.chosen(RequiredText.choices(syntax.alternatives)) else { continue }
            let code = try CompiledPattern(Pattern(text), of: "a test", once: true)
            for _ in 0..<60 {
                let line = (0..<Int.random(in: 1...9, using: &generator)).flatMap { _ in
                    Array(generator.pick(pieces).utf8)
                }
                guard code.match(line, workspace) == .matched else { continue }
                matched += 1
                #expect(
                    texts.contains { $0.isIn(line) },
                    "seed \(seed): \(text) in \(String(decoding: line, as: UTF8.self))")
            }
        }
        #expect(matched > 50, "seed \(seed)")
    }
}

extension RequiredText {
    fileprivate func isIn(_ line: [UInt8]) -> Bool {
        let fold = { (byte: UInt8) in isCaseless && (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }
        let (wanted, line) = (bytes.map(fold), line.map(fold))
        return line.indices.contains { line[$0...].starts(with: wanted) }
    }
}
