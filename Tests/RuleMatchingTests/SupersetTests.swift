// The property on which everything rests: the scan's candidates are a superset of what PCRE2 finds.

import Formats
import Records
import Rules
import TestSupport
import Testing

@testable import RuleMatching

/// A small generator (SplitMix64), so that a failure can be repeated.
struct Generator: RandomNumberGenerator {
    private var random: SplitMix
    init(seed: UInt64) { random = SplitMix(seed: seed) }
    mutating func next() -> UInt64 { random.next() }
    mutating func pick<T>(_ items: [T]) -> T { items[Int.random(in: 0..<items.count, using: &self)] }
}

extension Generator {
    /// A pattern of up to `depth` levels of groups, with everything that an author may write.
    mutating func pattern(_ depth: Int = 2) -> String {
        let count = Int.random(in: 1...4, using: &self)
        var text = (0..<count).map { _ in element(depth) }.joined()
        if Int.random(in: 0..<6, using: &self) == 0 { text = pick(["^", "\\A", "(?i)", "(?s)", "(?m)^"]) + text }
        if Int.random(in: 0..<6, using: &self) == 0 { text += pick(["$", "\\z", "\\Z", "\\b", "(?!x)"]) }
        if depth > 0, Int.random(in: 0..<5, using: &self) == 0 { text += "|" + pattern(depth - 1) }
        return text
    }

    private mutating func element(_ depth: Int) -> String {
        if depth > 0, Int.random(in: 0..<3, using: &self) == 0 {
            let open = pick([
                "(", "(?:", "(?<n\(Int.random(in: 0..<1_000_000, using: &self))>", "(?>", "(?=", "(?!", "(?<=a|",
                "(?<!",
                "(?i:", "(?s-i:",
            ])
            return open
                + (open.hasPrefix("(?<=") || open.hasPrefix("(?<!") ? "b)" : pattern(depth - 1) + ")" + quantifier())
        }
        let atom = pick([
            "a", "b", "A", "fail", "é", " ", ":", "\\.", ".", "\\d", "\\w", "\\W", "\\s", "\\S", "\\D", "\\h", "\\H",
            "\\v",
            "\\N", "[ab]", "[^a]", "[^x\\n]", "[\\s:]", "[[:alpha:]]", "[[:^digit:]]", "[\\x80-\\xff]", "\\xff",
            "\\x00",
            "\\x{e9}", "\\t", "\\r", "\\Qa.b\\E", "\\b", "\\B", "^", "$", "[]a]", "[^]\\]]", "\\e", "(?i)", "(?#c)",
            "\\cA",
            "[\\d-]", "[\\w\\-.]", "\\-", "{", "}", "]", "x{,2}",
        ])
        let quantifiable = !["\\b", "\\B", "^", "$", "(?i)", "(?#c)", "x{,2}", "\\Qa.b\\E"].contains(atom)
        return atom + (quantifiable ? quantifier() : "")
    }

    private mutating func quantifier() -> String {
        pick(["", "", "", "", "*", "+", "?", "+?", "*?", "++", "?+", "{2}", "{1,3}", "{0,9}", "{2,}", "{0}", "{1,40}?"])
    }

    /// A line, without its newline, with what lines may hold.
    mutating func line() -> [UInt8] {
        let pieces: [[UInt8]] = [
            Array("a".utf8), Array("b".utf8), Array("A".utf8), Array("fail".utf8), Array("FAIL".utf8), Array("é".utf8),
            [0x20],
            [0x20, 0x20], Array(":".utf8), Array("a.b".utf8), Array("12".utf8), [0], [0xff], [0xe9], [0xa0], [0x85],
            [0x0d],
            [0x09], [0x0b], [0x1b], [1], Array("x".utf8), Array("-_.{}][\\".utf8),
        ]
        var bytes = (0..<Int.random(in: 0...9, using: &self)).flatMap { _ in pick(pieces) }
        if Int.random(in: 0..<4, using: &self) == 0 { bytes.append(0x0d) }
        return bytes
    }
}

@Suite struct SupersetTests {
    private static let plain = LineContext(format: .plain, readAt: Timestamp(seconds: 1_800_000_000))

    /// The patterns that can be used, of `count` generated ones.
    private static func usable(_ count: Int, _ generator: inout Generator) -> [Rule] {
        var rules: [Rule] = []
        for number in 0..<count {
            let rule = Rule(
                id: "r\(number)", title: Template("t"), severity: .error, match: [Pattern(generator.pattern())])
            if (try? Matcher(RuleSet([rule]))) != nil { rules.append(rule) }
        }
        return rules
    }

    @Test("every line that PCRE2 alone would hit is hit through the scan, and no other", arguments: UInt64(1)...24)
    func scanAgreesWithPCRE2(seed: UInt64) throws {
        var generator = Generator(seed: seed)
        let rules = Self.usable(60, &generator)
        try #require(rules.count > 20)
        let matcher = try Matcher(RuleSet(rules))
        let lines = (0..<300).map { _ in generator.line() }
        let batch = RecordBatch(lines: lines.flatMap { $0 + [0x0a] }, source: .file("t"), context: Self.plain)
        var found: Set<String> = []
        for match in matcher.matches(in: batch).hits { found.insert("\(match.index) \(match.hit.rule.id)") }
        let workspace = PatternWorkspace()
        for rule in rules {
            let code = try CompiledPattern(rule.match[0], of: "a test")
            for (index, line) in lines.enumerated() {
                let message = batch.record(at: index).message
                let expected = code.match(message, workspace) == .matched
                #expect(
                    found.contains("\(index) \(rule.id)") == expected,
                    "pattern \(rule.match[0].text) on \(Printable.text(line)), PCRE2 says \(expected)")
            }
        }
    }

    @Test(
        "a record that holds newlines, as a journal's message may, is decided as a whole", arguments: UInt64(100)...107)
    func recordsWithNewlines(seed: UInt64) throws {
        var generator = Generator(seed: seed)
        let rules = Self.usable(40, &generator)
        let matcher = try Matcher(RuleSet(rules))
        var entries = JournalEntries()
        var bytes: [UInt8] = []
        var ranges: [Range<Int>] = []
        for _ in 0..<150 {
            entries.beginEntry(time: Timestamp(seconds: 1))
            let start = bytes.count
            bytes += generator.line() + [0x0a] + generator.line()
            ranges.append(start..<bytes.count)
            bytes.append(0x0a)
        }
        let batch = RecordBatch(source: .journal(""), bytes: bytes, ranges: ranges, origin: .journal(entries))
        let found = Set(matcher.matches(in: batch).hits.map { "\($0.index) \($0.hit.rule.id)" })
        let workspace = PatternWorkspace()
        for rule in rules {
            let code = try CompiledPattern(rule.match[0], of: "a test")
            for index in 0..<batch.count {
                let expected = code.match(batch.record(at: index).message, workspace) == .matched
                #expect(
                    found.contains("\(index) \(rule.id)") == expected, "pattern \(rule.match[0].text), record \(index)")
            }
        }
    }

    @Test("lines in blocks, as 'herald scan' decides them, are hit as PCRE2 says", arguments: UInt64(200)...205)
    func blocks(seed: UInt64) throws {
        var generator = Generator(seed: seed)
        let rules = Self.usable(40, &generator)
        let matcher = try Matcher(RuleSet(rules))
        let lines = (0..<400).map { _ in generator.line() }
        var text: [UInt8] = lines.flatMap { $0 + [0x0a] }
        if seed % 2 == 0 { text.removeLast() }
        var found: Set<String> = []
        let scan = RecordScan(
            matcher, try TraceFinder(), joiner: RecordJoiner(source: .file("t"), multiline: .none),
            context: Self.plain)
        text.withUnsafeBytes { block in
            scan.take(block) { line, matches in
                for hit in matches.hits { found.insert("\(line - 1) \(hit.hit.rule.id)") }
            }
        }
        let workspace = PatternWorkspace()
        var expected: Set<String> = []
        for rule in rules {
            let code = try CompiledPattern(rule.match[0], of: "a test")
            for (index, line) in lines.enumerated() {
                let message = LineHeader.record(of: line, source: .file("t"), context: Self.plain).message
                if code.match(message, workspace) == .matched { expected.insert("\(index) \(rule.id)") }
            }
        }
        #expect(found == expected, "seed \(seed): \(found.symmetricDifference(expected).sorted().prefix(5))")
        let count = try matcher.count(try TemporaryFile(text).open(), source: .file("t"), context: Self.plain).lines
        #expect(count == Set(expected.map { told in told.prefix { $0 != " " } }).count, "seed \(seed)")
    }

    // MARK: The shipped rules

    /// All examples of the shipped rules, cut anywhere and glued to each other, in whatever case and with bytes between.
    private static func glued(_ examples: [[UInt8]], _ count: Int, _ generator: inout Generator) -> [UInt8] {
        let between: [[UInt8]] = [[], [], [0x20], [0x0d], [0], [0xff], [0x5f]]
        let ends: [[UInt8]] = [[0x0a], [0x0d, 0x0a]]
        var text: [UInt8] = []
        for _ in 0..<count {
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let example = generator.pick(examples)
                let cuts = (0..<2).map { _ in Int.random(in: 0...example.count, using: &generator) }
                var piece = generator.pick([example[...], example[cuts[1]...], example[..<cuts[0]]])
                if Int.random(in: 0..<8, using: &generator) == 0 {
                    piece = piece.map { (97...122).contains($0) ? $0 & 0xdf : $0 }[...]
                }
                text += piece
                text += generator.pick(between)
            }
            text += generator.pick(ends)
        }
        return text
    }

    @Test(
        "the shipped rules' examples, cut and glued at random, are hit through the scan as PCRE2 says",
        arguments: UInt64(1)...3)
    func shippedRules(seed: UInt64) throws {
        var generator = Generator(seed: seed)
        let shipped = try ShippedRulesTests.shipped()
        // Without what depends on other rules or on fields: here the patterns alone are in question.
        let rules = shipped.rules.filter { !$0.match.isEmpty }.map { rule in
            var bare = Rule(id: rule.id, title: rule.title, severity: rule.severity, match: rule.match)
            bare.unless = rule.unless
            return bare
        }
        let matcher = try Matcher(RuleSet(rules))
        let examples = shipped.rules.flatMap { $0.examples + $0.counterexamples }.map { Array($0.text.utf8) }
        let text = Self.glued(examples, 200, &generator)
        let batch = RecordBatch(lines: text, source: .file("t"), context: readAt)
        let found = Set(matcher.matches(in: batch).told)
        var expected: Set<String> = []
        for index in 0..<batch.count {
            let record = batch.record(at: index)
            let message = record.message
            var matched: Set<Int> = []
            for search in matcher.searches where !matched.contains(search.rule) {
                if search.pattern.match(message, matcher.workspace) == .matched { matched.insert(search.rule) }
            }
            for number in matched {
                let isTakenBack = matcher.compiled[number].unless.contains {
                    $0.pattern.match(message, matcher.workspace) == .matched
                }
                if !isTakenBack { expected.insert("\(index) \(rules[number].id)") }
            }
        }
        #expect(found == expected, "seed \(seed): \(found.symmetricDifference(expected).sorted().prefix(5))")
        #expect(expected.count > 50)
    }
}
