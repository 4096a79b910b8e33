import Testing

@testable import Rules

@Suite struct RuleYAMLTests {
    private func read(_ text: String) throws -> Rule {
        let (set, faults) = RuleSet.load(files: [(name: "t.yaml", bytes: Array(text.utf8))])
        #expect(faults.allSatisfy { $0.severity == .warning }, "\(faults.map(\.description)) in\n\(text)")
        return try #require(set?.rules.first)
    }

    /// Without the places.
    private func plain(_ rule: Rule) -> Rule {
        func plain(_ example: Example) -> Example {
            var example = example
            (example.line, example.column) = (0, 0)
            return example
        }
        var rule = rule
        (rule.line, rule.column) = (0, 0)
        rule.match = rule.match.map { Pattern($0.text) }
        rule.unless = rule.unless.map { Pattern($0.text) }
        rule.recoveredBy = rule.recoveredBy.map { Pattern($0.text) }
        rule.examples = rule.examples.map(plain)
        rule.counterexamples = rule.counterexamples.map(plain)
        return rule
    }

    @Test(
        "a rule that is written out reads as the same rule",
        arguments: [
            "rules: [{id: a, title: t, severity: error, match: x}]",
            #"""
            rules:
              - id: "123"
                title: "It's {process}: {uid} \"quoted\" # {host}"
                severity: critical
                where: {unit: ['nginx*', '!nginx-test.service'], priority: 0..3, _COMM: "yes"}
                match: ['^a: (?<process>\S+)', "tab\tand \\d", '- x', "two\nlines"]
                unless: 'it''s'
                group_by: [host, process]
                threshold: {count: 5, within: 90s}
                recovered_by: ['well', 'again']
                inhibits: [b-c]
                advice: "Look: `x`\nand then\u200bthere"
                url: https://example.org/#a
                message_id: [fc2e22bc6ee647b6b90729ab34a250b1, 00000000000000000000000000000001]
                examples:
                  match: ['Nov 21 12:41:14 h x[1]: a', {unit: 'a.service', uid: 0, message: '# it'}]
                  no_match: "one\n\ttwo"
            """#,
            "rules: [{id: b, title: true, severity: alert, floor: true, where: {priority: 1}, group: never}]",
            "rules: [{id: b, title: t, severity: alert, match: null-x, expect: {every: 26h}, group_by: }]",
        ])
    func roundTrip(text: String) throws {
        let rule = try read(text)
        #expect(plain(try read("rules:\n" + rule.yaml)) == plain(rule), "\(rule.yaml)")
    }
}
