// docs/rules-language.md: what it shows must work as it says.

import Platform
import Rules
import Testing

@testable import RuleMatching

@Suite struct RulesPageTests {
    private let page: String

    init() throws {
        let checkout = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
        page = String(decoding: try Files.read(checkout + "/docs/rules-language.md"), as: UTF8.self)
    }

    private var blocks: [String] {
        page.components(between: "```yaml\n", and: "```\n")
    }

    @Test("every block of rules is read without a fault, and keeps what its examples promise") func examples() throws {
        #expect(blocks.count >= 3)
        let files = blocks.enumerated().map { (name: "block\($0.offset).yaml", bytes: Array($0.element.utf8)) }
        let (set, faults) = RuleSet.load(files: files)
        #expect(faults.isEmpty, "\(faults)")
        let outcome = ExampleTrial.run(try Matcher(try #require(set)))
        #expect(outcome.failures.isEmpty, "\(outcome.failures)")
        for rule in try #require(set).rules {
            #expect(!rule.examples.isEmpty && !rule.counterexamples.isEmpty, "\(rule.id)")
        }
    }

    @Test("every key is explained, and shown at work") func keys() {
        let keys = [
            "id", "title", "severity", "match", "where", "unless", "message_id", "floor", "group_by", "group",
            "threshold",
            "recovered_by", "expect", "inhibits", "advice", "url", "examples",
        ]
        for key in keys {
            #expect(page.contains("\n| `\(key)` |"), "\(key)")
            #expect(blocks.joined().contains("\(key):"), "\(key)")
        }
        for field in RuleField.conditions { #expect(page.contains("`\(field)`"), "\(field)") }
    }

    @Test("what the page calls refused is refused") func refusals() {
        for pattern in [
            "(?|a|b)", "(?(1)a|b)", #"a\Kb"#, #"\R"#, #"\Ga"#, "(?R)", "(?&name)", #"(a)\g<1>"#, "a(*SKIP)b", "(*UTF)a",
            #"\p{L}"#, #"\X"#, #"\C"#, "(?x)a", "(?n)a", "(?J)a", "x{1,40000}", "a*", "^$", "(?=a)",
        ] {
            let rule = Rule(id: "r", title: .init("t"), severity: .error, match: [Pattern(pattern)])
            #expect(throws: MatcherError.self, "\(pattern)") { try Matcher(RuleSet([rule])) }
        }
    }
}

extension String {
    /// The texts that stand between two marks, in order.
    fileprivate func components(between open: String, and close: String) -> [String] {
        var found: [String] = []
        var rest = self[...]
        while let start = rest.firstRange(of: open) {
            rest = rest[start.upperBound...]
            guard let end = rest.firstRange(of: close) else { break }
            found.append(String(rest[..<end.lowerBound]))
            rest = rest[end.upperBound...]
        }
        return found
    }
}
