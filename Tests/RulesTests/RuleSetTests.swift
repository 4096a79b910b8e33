import Formats
import Testing
import YAML

@testable import Rules

@Suite struct RuleSetTests {
    private func load(_ text: String, disabled: [String] = []) -> (RuleSet?, [Diagnostic]) {
        RuleSet.load(files: [(name: "own.yaml", bytes: Array(text.utf8))], disabled: disabled)
    }

    @Test("id, title, severity and match are enough")
    func leastRule() throws {
        let (set, faults) = load(
            """
            rules:
              - id: own
                title: It broke
                severity: error
                match: 'broke'
            """)
        #expect(faults.isEmpty)
        let rule = try #require(set?.rules.first)
        #expect(rule.id == "own")
        #expect(rule.severity == .error)
        #expect(rule.match.map(\.text) == ["broke"])
        #expect(rule.groupBy == nil)
        #expect((rule.file, rule.line, rule.column) == ("own.yaml", 2, 5))
        #expect((rule.match[0].line, rule.match[0].column) == (5, 12))
    }

    @Test("the whole language is read")
    func wholeLanguage() throws {
        let (set, faults) = load(
            #"""
            rules:
              - id: kernel-out-of-memory
                title: "Out of memory: {process} was killed on {host}"
                severity: critical
                where: {transport: [kernel, driver], priority: 2, _SYSTEMD_SLICE: system.slice}
                match:
                  - 'Out of memory: Killed process (?<pid>\d+) \((?<process>[^)]+)\)'
                  - 'oom-kill: (?<process>\S+)'
                unless: ['test']
                group_by: [host, process, message]
                threshold: {count: 5, within: 10m}
                recovered_by: 'memory is free'
                inhibits: [other]
                message_id: fc2e22bc-6ee6-47b6-b907-29ab34a250b1
                advice: "Look at {process}."
                url: https://example.org/
                examples:
                  match: ['kernel: oom-kill: x']
                  no_match:
                    - {priority: 2, transport: kernel, message: 'all is well'}
              - id: other
                title: t
                severity: warning
                match: x
                group: never
              - id: floor
                title: "{identifier}"
                severity: alert
                floor: true
                where: {priority: 1}
              - {id: backup, title: t, severity: error, match: 'backup done', expect: {every: 26h}}
            """#)
        #expect(faults.isEmpty)
        let rules = try #require(set).rules
        let rule = rules[0]
        #expect(
            rule.where == [
                FieldCondition("transport", ["kernel", "driver"]), FieldCondition("priority", ["2"]),
                FieldCondition("_SYSTEMD_SLICE", ["system.slice"]),
            ])
        #expect(rule.match.count == 2)
        #expect(rule.unless.map(\.text) == ["test"])
        #expect(rule.groupBy == ["host", "process", "message"])
        #expect(rule.threshold == Threshold(count: 5, within: .seconds(600)))
        #expect(rule.recoveredBy.map(\.text) == ["memory is free"])
        #expect(rules[3].expectEvery == .seconds(26 * 3600))
        #expect(rule.inhibits == ["other"])
        #expect(rule.messageIDs == ["fc2e22bc6ee647b6b90729ab34a250b1"])
        #expect(rule.url == "https://example.org/")
        #expect(rule.examples.map(\.text) == ["kernel: oom-kill: x"])
        #expect(rule.counterexamples[0].isMessage)
        #expect(rule.counterexamples[0].fields.map(\.name) == ["priority", "transport"])
        #expect(rules[1].neverGroup)
        #expect(rules[2].isFloor)
    }

    @Test(
        "each fault is told with its place and the nearest name",
        arguments: [
            ("titel: x", "own.yaml:2:5: unknown key 'titel' in rule 'a'; did you mean 'title'?"),
            (
                "severity: critcal",
                "one of emergency, alert, critical, error, warning, not 'critcal' in rule 'a'; did you mean 'critical'?"
            ),
            ("where: {trasport: kernel}", "unknown field 'trasport' in 'where' in rule 'a'; did you mean 'transport'?"),
            (
                "where: {priority: 8}",
                "'priority' in 'where' is a digit from 0 (emergency) to 7 (debug), its name, or a range such as 0..3, not '8'"
            ),
            ("where: {priority: 0..9}", "or a range such as 0..3, not '0..9'"),
            ("where: {priority: '..'}", "or a range such as 0..3, not '..'"),
            ("where: {unit: '!'}", "the field 'unit' in 'where' is not empty, not '!'"),
            ("where: {unit: !nginx }", "a value that begins with '!' has to stand in quotes"),
            ("where: {unit: []}", "the field 'unit' in 'where' has no value"),
            ("where: {unit: {a: b}}", "must be a value or a list of values, not a map"),
            ("where: [unit]", "'where' must be a map of fields and values, not a list"),
            ("where: {uid: root}", "the field 'uid' in 'where' is a number, not 'root'"),
            ("where: {message: x}", "unknown field 'message' in 'where'"),
            (
                "title: 'lost {procss}'",
                "the title names '{procss}', which no pattern captures in rule 'a'; did you mean 'process'?"
            ),
            (
                "group_by: [hst]",
                "'group_by' names 'hst', which is no field and no pattern captures in rule 'a'; did you mean 'host'?"
            ),
            ("threshold: {count: 5, within: 10}", "'within' must be a duration such as 90s"),
            ("threshold: {count: 5}", "'within' is missing in 'threshold' of rule 'a'"),
            ("threshold: {count: 0, within: 1m}", "'count' must be a whole number from 1"),
            ("threshold: {count: 1001, within: 1m}", "'count' must be a whole number from 1 to 1000"),
            ("expect: {each: 1h}", "unknown key 'each' in 'expect' of rule 'a'"),
            ("expect: {every: 0s}", "'every' must be more than nothing"),
            ("group: always", "'group' can only be 'never'"),
            ("url: see the wiki", "'url' must begin with https:// or http://"),
            ("url: 'https://example.org/\"onclick='", "without spaces, quotes and brackets"),
            ("inhibits: [a]", "'inhibits' names the rule itself"),
            ("examples: {match: [{priority: high, message: x}]}", "the field 'priority' in an example is a digit"),
            (
                "examples: {match: [{hots: x, message: x}]}",
                "unknown field 'hots' in an example in 'examples' of rule 'a'; did you mean 'host'?"
            ),
            ("message_id: beef", "'message_id' is 32 hexadecimal digits, not 'beef'"),
            ("examples: {matches: [x]}", "unknown key 'matches' in 'examples' of rule 'a'; did you mean 'match'?"),
            ("match: ''", "an empty pattern in 'match'"),
            ("match: {a: b}", "'match' must be a pattern or a list of patterns, not a map"),
            (
                #"match: 'a\Kb'"#,
                #"'\K' is refused; capture what follows in a named group instead (character 2 of the pattern)"#
            ),
            ("unless: '(?|a|b)'", "'(?|' is refused"),
            (
                "unless: [a, <quotd>]",
                "there are <quoted>, <request>, <strangers>, <routine>; did you mean '<quoted>'?"
            ),
            ("recovered_by: '(*UTF)a'", "a verb such as (*SKIP) or (*UTF) is refused"),
        ])
    func faults(line: String, expected: String) {
        var keys = ["id": "a", "title": "t", "severity": "error", "match": "'x(?<process>y)'"]
        let key = String(line.prefix { $0 != ":" })
        let value = line.dropFirst(key.count + 2)
        keys[key] = String(value)
        let text =
            "rules:\n  - \(key): \(value)\n"
            + keys.filter { $0.key != key }.map { "    \($0.key): \($0.value)\n" }.joined()
        let (set, faults) = load(text)
        #expect(set == nil)
        #expect(faults.contains { $0.description.contains(expected) }, "\(faults.map(\.description))")
    }

    @Test("all faults of all files are told at once")
    func allAtOnce() {
        let files = [
            (name: "a.yaml", bytes: Array("rules:\n  - id: one\n    severity: bad\n  - id: two\n    titl: x".utf8)),
            (name: "b.yaml", bytes: Array("rules: [".utf8)),
            (name: "c.yaml", bytes: Array("rule:\n  - id: x".utf8)),
        ]
        let (set, faults) = RuleSet.load(files: files)
        #expect(set == nil)
        let told = faults.map(\.description)
        for expected in [
            "a.yaml:2:5: 'title' is missing in rule 'one'", "a.yaml:2:5: 'match' is missing in rule 'one'",
            "a.yaml:3:15: 'severity' must be one of", "a.yaml:4:5: 'severity' is missing in rule 'two'",
            "a.yaml:5:5: unknown key 'titl'", "b.yaml:", "c.yaml:1:1: unknown key 'rule'",
        ] {
            #expect(told.contains { $0.hasPrefix(expected) }, "\(expected) in \(told)")
        }
    }

    @Test("an id may be there once only, in whatever file")
    func duplicates() {
        let one = "rules:\n  - {id: a, title: t, severity: error, match: x}"
        let files = [(name: "/x/a.yaml", bytes: Array(one.utf8)), (name: "/x/b.yaml", bytes: Array(one.utf8))]
        let (set, faults) = RuleSet.load(files: files)
        #expect(set == nil)
        #expect(faults.count == 1)
        #expect(
            faults.first?.description.hasPrefix(
                "/x/b.yaml:2:5: the rule 'a' is there already, in /x/a.yaml:2; to change it, switch that one off in "
                    + "'disabled_rules'") == true, "\(faults)")
    }

    @Test("a later file of the same name replaces the earlier one")
    func replacement() {
        func file(_ path: String, _ id: String) -> (name: String, bytes: [UInt8]) {
            (path, Array("rules:\n  - {id: \(id), title: t, severity: error, match: x}".utf8))
        }
        let (set, faults) = RuleSet.load(
            files: [file("/usr/a.yaml", "old"), file("/usr/b.yaml", "kept"), file("/etc/a.yaml", "new")])
        #expect(faults.isEmpty)
        #expect(set?.rules.map(\.id) == ["new", "kept"])
    }

    @Test("what Herald reports of itself can be switched off like a rule")
    func disablesOwn() {
        let rule = "rules:\n  - {id: a, title: t, severity: error, match: x}"
        let (_, faults) = load(rule, disabled: ["herald-file-gap", "herald-file-gop"])
        #expect(faults.map(\.description) == ["disabled_rules: warning: there is no rule 'herald-file-gop'"])
    }

    @Test(
        "a circle of inhibits is told, once",
        arguments: [
            (["b"], ["a"], [], "'a', 'b', 'a'"), (["b"], ["c"], ["a"], "'a', 'b', 'c', 'a'"),
            (["b", "c"], ["c"], [], nil), ([], ["c"], ["b"], "'b', 'c', 'b'"),
        ] as [([String], [String], [String], String?)])
    func circles(a: [String], b: [String], c: [String], circle: String?) {
        let rules = [("a", a), ("b", b), ("c", c)].map { id, names in
            "  - {id: \(id), title: t, severity: error, match: x, inhibits: [\(names.joined(separator: ", "))]}\n"
        }
        let (set, faults) = load("rules:\n" + rules.joined())
        #expect(set?.rules.count == 3)
        #expect(faults.count == (circle == nil ? 0 : 1), "\(faults)")
        if let circle { #expect(faults.first?.message.contains("goes in a circle: \(circle);") == true, "\(faults)") }
    }

    @Test("a disabled rule is left out, and an unknown one to be disabled is told")
    func disabling() {
        let text = """
            rules:
              - {id: one, title: t, severity: error, match: x}
              - {id: two, title: t, severity: error, match: x}
            """
        let (set, faults) = load(text, disabled: ["one", "tow"])
        #expect(set?.rules.map(\.id) == ["two"])
        #expect(set?.disabled.map(\.id) == ["one"])
        #expect(faults.map(\.description) == ["disabled_rules: warning: there is no rule 'tow'; did you mean 'two'?"])
    }

    @Test("an inhibited rule that is not there is a warning, since its file may be replaced")
    func unknownInhibited() {
        let (set, faults) = load("rules:\n  - {id: a, title: t, severity: error, match: x, inhibits: [b]}")
        #expect(set != nil)
        #expect(faults.map(\.severity) == [.warning])
    }

    @Test("an empty file and an empty list hold no rule", arguments: ["", "rules: []", "rules:", "# nothing"])
    func empty(text: String) {
        let (set, faults) = load(text)
        #expect(set?.rules.isEmpty == true)
        #expect(faults.isEmpty)
    }

    @Test(
        "hostile bytes never stop the reading",
        arguments: [[0xff, 0xfe, 0], [0x2d], Array("rules: 5".utf8), Array("- - -".utf8)])
    func hostile(bytes: [UInt8]) {
        let (set, faults) = RuleSet.load(files: [(name: "x.yaml", bytes: bytes)])
        #expect(set == nil)
        #expect(!faults.isEmpty)
    }
}
