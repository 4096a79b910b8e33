import Testing
import YAML

@testable import Rules

@Suite struct RuleReaderTests {
    private func load(_ text: String) -> (RuleSet?, [Diagnostic]) {
        RuleSet.load(files: [(name: "own.yaml", bytes: Array(text.utf8))])
    }

    @Test(
        "priorities are digits, names and ranges, and become digits",
        arguments: [
            ("2", ["2"]), ("crit", ["2"]), ("critical", ["2"]), ("[0, alert]", ["0", "1"]),
            ("0..3", ["0", "1", "2", "3"]),
            ("emerg..crit", ["0", "1", "2"]), ("err..alert", ["1", "2", "3"]), ("'!debug'", ["!7"]),
            ("'!6..7'", ["!6", "!7"]),
        ])
    func priorities(written: String, expected: [String]) throws {
        let (set, faults) = load(
            "rules: [{id: a, title: t, severity: error, match: x, where: {priority: \(written)}}]")
        #expect(faults.isEmpty, "\(faults)")
        #expect(try #require(set).rules[0].where == [FieldCondition("priority", expected)])
    }

    @Test("numbers and message ids are compared as records have them")
    func normalised() throws {
        let id = "FC2E22BC-6EE6-47B6-B907-29AB34A250B1"
        let (set, faults) = load(
            "rules: [{id: a, title: t, severity: error, match: x, where: {uid: '007', message_id: \(id)}}]")
        #expect(faults.isEmpty, "\(faults)")
        #expect(
            try #require(set).rules[0].where == [
                FieldCondition("uid", ["7"]), FieldCondition("message_id", ["fc2e22bc6ee647b6b90729ab34a250b1"]),
            ])
    }

    @Test(
        "keys that contradict each other are told",
        arguments: [
            ("group: never, group_by: [host]", "'group: never' and 'group_by' exclude each other in rule 'a'"),
            ("group: never, threshold: {count: 2, within: 1m}", "with 'group: never' there is none"),
            ("group: never, recovered_by: y", "'group: never' makes events"),
            ("expect: {every: 1h}, threshold: {count: 2, within: 1m}", "'threshold' has no meaning with 'expect'"),
            ("expect: {every: 1h}, recovered_by: y", "'recovered_by' has no meaning with 'expect'"),
            ("expect: {every: 1h}, floor: true", "'floor' and 'expect' exclude each other"),
        ])
    func contradictions(keys: String, expected: String) {
        let (set, faults) = load("rules: [{id: a, title: t, severity: error, match: x, \(keys)}]")
        #expect(set == nil)
        #expect(faults.contains { $0.description.contains(expected) }, "\(faults)")
    }

    @Test(
        "a floor without a pattern has to name priorities that it wants",
        arguments: [("{priority: '!debug'}", false), ("{uid: 0}", false), ("{priority: [0, '!1']}", true)])
    func floor(condition: String, isRight: Bool) {
        let (set, faults) = load("rules: [{id: a, title: t, severity: error, floor: true, where: \(condition)}]")
        #expect((set != nil) == isRight)
        #expect(faults.contains { $0.message.contains("'floor' and without 'match' needs") } == !isRight)
    }

    @Test(
        "what a log line says does not stand in a command to paste",
        arguments: [
            ("Look at `ip link show {link}`.", "link"), ("`a` {link} `b {link}`", "link"), ("See `grep {host}", "host"),
            ("`journalctl -u {unit}`", "unit"), ("`echo {MESSAGE}`", "MESSAGE"), ("`{message}`", "message"),
            ("Look at `ip link` for {link}.", nil), ("`ps {pid}`, `id {uid}`", nil), ("`awk '{print}'`", nil),
            ("`a {} b` {link} `c`", nil),
        ] as [(String, String?)])
    func advice(text: String, name: String?) throws {
        let quoted = "'" + text.replacing("'", with: "''") + "'"
        let (set, faults) = load(
            "rules: [{id: a, title: t, severity: error, match: '(?<link>x)',\n  advice: \(quoted)}]")
        #expect((set == nil) == (name != nil), "\(faults)")
        if let name {
            #expect(faults.map { "\($0.line):\($0.column)" } == ["2:11"])
            #expect(
                faults.first?.message.hasPrefix("the advice has '{\(name)}' within back-quotes") == true, "\(faults)")
        }
    }

    @Test(
        "a capture of recovered_by that no hit has is warned of, where it could tell incidents apart",
        arguments: [
            ("'(?<link>\\S+) down'", "'(?<lnk>\\S+) up'", "'lnk'", "; did you mean 'link'?"),
            ("'(?<link>\\S+) down'", "['x', '(?<link>\\S+) (?<speed>\\d+) up']", "'speed'", "rule 'a'"),
            ("'(?<link>\\S+) down'", "'(?<link>\\S+) up'", nil, ""),
            ("['(?<link>a) down', '(?<port>b) down']", "'(?<port>b) up'", nil, ""),
            ("'it is down'", "'(?<link>\\S+) up'", nil, ""),
        ] as [(String, String, String?, String)])
    func recoveries(match: String, recovered: String, name: String?, end: String) {
        let (set, faults) = load(
            "rules: [{id: a, title: t, severity: error, match: \(match),\n  recovered_by: \(recovered)}]")
        #expect(set != nil && faults.count == (name == nil ? 0 : 1), "\(faults)")
        if let name {
            #expect(faults.allSatisfy { $0.severity == .warning && $0.line == 2 && $0.message.hasSuffix(end) })
            #expect(faults.allSatisfy { $0.message.contains("captures \(name), which 'match' does not") }, "\(faults)")
        }
    }

    @Test("several mistakes of one rule are told together, each at its place")
    func together() {
        let (_, faults) = load(
            """
            rules:
              - id: a b
                title: '{who} broke'
                severity: bad
                where: {unti: x, priority: 9}
                match: ['', 'a\\Kb']
                threshold: {count: 0}
                urll: x
            """)
        let places = Set(faults.map { "\($0.line):\($0.column)" })
        #expect(places == ["2:9", "4:15", "5:13", "5:32", "6:13", "6:17", "7:16", "7:24", "8:5"], "\(faults)")
    }
}
