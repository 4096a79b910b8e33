import Rules
import Testing

/// The exceptions that `unless` knows by name.
@Suite struct NamedExceptionTests {
    @Test("a name stands for its pattern, and is written as it was read")
    func names() throws {
        let text = "rules: [{id: a, title: t, severity: error, match: b, unless: [<quoted>, x, <routine>, <request>]}]"
        let (set, faults) = RuleSet.load(files: [("a.yaml", Array(text.utf8))])
        #expect(faults.isEmpty)
        let rule = try #require(set?.rules.first)
        #expect(rule.unless.map(\.text) == [NamedException.quoted.text, "x", NamedException.request.text])
        #expect(rule.spared == [.routine])
        #expect(
            rule.yaml.contains("- '<quoted>'\n      - x\n      - '<request>'\n      - '<routine>'\n"), "\(rule.yaml)")
        let again = RuleSet.load(files: [("a.yaml", Array("rules:\n\(rule.yaml)".utf8))]).0
        #expect(again?.rules.first?.unless.map(\.text) == rule.unless.map(\.text))
        #expect(again?.rules.first?.spared == rule.spared)
        // What is no name alone is a pattern.
        let other = "rules: [{id: a, title: t, severity: error, match: b, unless: ['<a>b', '<A>']}]"
        #expect(
            RuleSet.load(files: [("a.yaml", Array(other.utf8))]).0?.rules.first?.unless.map(\.text) == ["<a>b", "<A>"])
    }
}
