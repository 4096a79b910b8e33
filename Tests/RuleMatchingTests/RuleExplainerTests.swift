import Records
import Rules
import Testing
import YAML

@testable import RuleMatching

/// What `herald rules explain` answers: which condition failed, in words.
@Suite struct RuleExplainerTests {
    private func explain(
        _ yaml: String, _ line: String, _ fields: [(name: String, value: String)] = [], disabled: [String] = [],
        replaced: [(rule: Rule, by: String)] = [], rule: String? = nil
    ) throws -> [RuleVerdict] {
        let (set, faults) = RuleSet.load(files: [("t.yaml", Array(yaml.utf8))], disabled: disabled)
        #expect(faults.isEmpty, "\(faults)")
        let explainer = RuleExplainer(try Matcher(try #require(set)), replaced: replaced)
        let record = RuleExplainer.record(of: Array(line.utf8), fields: fields, context: readAt)
        return explainer.verdicts(on: record, rule: rule)
    }

    private static func rule(_ more: String) -> String {
        "rules: [{id: a, title: '{who} is gone', severity: error, \(more)}]"
    }

    @Test("a hit is told with its captures, its title, its pattern and what was not asked")
    func hit() throws {
        let found = try explain(
            Self.rule(
                #"match: ['no', '(?<who>\w+) vanished'], where: {unit: x.service}, threshold: {count: 3, within: 5m}"#),
            "Nov 21 12:41:14 web1 app[7]: sda vanished")
        let verdict = try #require(found.first)
        #expect(found.count == 1)
        #expect(verdict.outcome == .hit)
        #expect(verdict.hit?.title() == "sda is gone")
        #expect(verdict.pattern?.text == #"(?<who>\w+) vanished"#)
        #expect(
            verdict.reasons == [
                "not asked of a file's line, but of a journal's entry: unit is x.service",
                "an incident begins with 3 hits of one group within 5m",
            ])
    }

    @Test("a line of a file is asked for the program that a rule names, a message by itself is not")
    func program() throws {
        let rule = Self.rule("match: '(?<who>.+) vanished', where: {identifier: app}")
        let alone = try #require(try explain(rule, "sda vanished").first)
        #expect(alone.outcome == .hit)
        #expect(
            alone.reasons == ["not known of this line, and asked where it is: identifier is app (--field names it)"])
        for (line, fields) in [
            ("sda vanished", [("file", "/x")]), ("2026-11-21T12:41:14Z sda vanished", [("file", "/x")]),
            ("Nov 21 12:41:14 web1 other[7]: sda vanished", []),
        ] as [(String, [(name: String, value: String)])] {
            let verdict = try #require(try explain(rule, line, fields).first)
            #expect(verdict.outcome == .near, "\(line)")
            #expect(verdict.reasons.count == 1 && verdict.reasons[0].hasPrefix("'where' wants that identifier is app"))
        }
        #expect(try explain(rule, "sda vanished", [("file", "/x"), ("identifier", "app")]).first?.outcome == .hit)
    }

    @Test(
        "each condition that alone stops a rule is named with what was wanted and what was found",
        arguments: [
            ("match: vanished, where: {unit: 'x*'}", "'where' wants that unit is x*, and here it is 'y.service'"),
            ("match: vanished, where: {uid: '!33'}", "'where' wants that uid is not 33, and here it is '33'"),
            (
                "match: vanished, where: {priority: 0..2}",
                "'where' wants that priority is 0 or 1 or 2, and here it is '3'"
            ),
            (
                "match: vanished, unless: ['x', 'in a (?:test|drill)']",
                "its 'unless' takes it back: `in a (?:test|drill)` matches too"
            ),
            (
                "match: vanished, message_id: 00000000000000000000000000000001",
                "it wants that message_id is 00000000000000000000000000000001, and here it is 'fc2e22bc6ee647b6b90729ab34a250b1'"
            ),
            (
                "match: VANISHED",
                "its pattern matches when upper and lower case are the same: write (?i) in front of it"
            ),
            (
                "match: ^disk sda",
                "its pattern would match without its `^`; what it would match stands behind 'the '"
            ),
            (
                "match: 'vanished$'",
                "its pattern would match without its `$`; what it would match stands behind 'the disk sda has '"
            ),
            ("match: 'vanished(?! in a)'", "its pattern would match without its `(?! in a)`"),
            (
                "match: 'disk sda has (?<x>[0-9]+) faults'",
                "its pattern matches as far as `disk sda has `; then it wants `(?<x>[0-9]+) faults`, and the message goes on with 'vanished in a test'"
            ),
            (
                "match: 'card sda has vanished'",
                "its pattern matches from ` sda has vanished` on; before it wants `card`, and there stands 'the disk'"
            ),
            ("match: 'the disk sda x+ vanished in a test'", "between them it wants `x+`"),
        ])
    func nearly(more: String, expected: String) throws {
        let yaml = "rules: [{id: a, title: t, severity: error, \(more)}]"
        let found = try explain(
            yaml, "the disk sda has vanished in a test",
            [
                ("unit", "y.service"), ("uid", "33"), ("priority", "3"),
                ("message_id", "fc2e22bc6ee647b6b90729ab34a250b1"),
            ])
        #expect(found.map(\.outcome) == [.near])
        #expect(found.first?.reasons.contains { $0.contains(expected) } == true, "\(found.first?.reasons ?? [])")
    }

    @Test("a pattern with the header in it is told to be one of the message alone") func header() throws {
        let found = try explain(
            "rules: [{id: a, title: t, severity: error, match: 'app\\[\\d+\\]: it vanished'}]",
            "Nov 21 12:41:14 web1 app[7]: it vanished")
        #expect(
            found.first?.reasons == [
                "its pattern matches the whole line, but patterns see the message alone, which begins with 'it vanished'"
            ])
    }

    @Test("rules that are not in force are named, and why") func standing() throws {
        let yaml = """
            rules:
              - {id: a, title: t, severity: error, match: vanished}
              - {id: b, title: t, severity: error, match: sda vanished}
            """
        let (old, _) = RuleSet.load(
            files: [("/usr/x.yaml", Array("rules: [{id: c, title: t, severity: error, match: 'sd. van'}]".utf8))])
        let replaced = try #require(old).rules.map { (rule: $0, by: "/etc/x.yaml") }
        let found = try explain(yaml, "sda vanished", disabled: ["b"], replaced: replaced)
        #expect(found.map { "\($0.rule.id) \($0.outcome)" } == ["a hit", "b near", "c near"])
        #expect(found[1].reasons == ["it is switched off by 'disabled_rules'"])
        #expect(found[2].reasons == ["its file /usr/x.yaml is replaced by /etc/x.yaml"])
    }

    @Test("a floor is told what stood above it, and a recovery and an expected line are called so") func others() throws
    {
        let yaml = """
            rules:
              - {id: a, title: t, severity: error, match: vanished, recovered_by: came back}
              - {id: floor, title: t, severity: error, floor: true, where: {priority: 0..3}}
              - {id: backup, title: t, severity: error, match: backup done, expect: {every: 26h}}
            """
        let hit = try explain(yaml, "vanished", [("priority", "2")])
        #expect(hit.map { "\($0.rule.id) \($0.outcome)" } == ["a hit", "floor near"])
        #expect(hit.last?.reasons == ["it is a floor, for what no other rule hits, and 'a' does"])
        #expect(try explain(yaml, "it came back").map { "\($0.rule.id) \($0.outcome)" } == ["a recovery"])
        let expected = try explain(yaml, "backup done")
        #expect(expected.map { "\($0.rule.id) \($0.outcome)" } == ["backup expected"])
        #expect(expected.first?.reasons == ["the incident is that none came for 26h"])
        #expect(
            try explain(yaml, "strange", [("priority", "1")]).map { "\($0.rule.id) \($0.outcome)" } == ["floor hit"])
        let quiet = try explain(yaml, "strange", [("priority", "5")])
        #expect(quiet.map { "\($0.rule.id) \($0.outcome)" } == ["floor near"])
    }

    @Test("the nearest come first, what has nothing in common is not told, and is when it is asked for") func order()
        throws
    {
        let yaml = """
            rules:
              - {id: far, title: t, severity: error, match: 'the printer is on fire'}
              - {id: half, title: t, severity: error, match: 'the disk sda is on fire'}
              - {id: close, title: t, severity: error, match: 'the disk sda vanished', where: {uid: 0}}
              - {id: case, title: t, severity: error, match: 'THE DISK sda'}
            """
        let found = try explain(yaml, "the disk sda vanished", [("uid", "33")])
        #expect(found.map(\.rule.id) == ["close", "case", "half"])
        let far = try explain(yaml, "the disk sda vanished", rule: "far")
        #expect(far.map(\.outcome) == [.missed])
        #expect(try explain(yaml, "", rule: "far").first?.reasons.last?.contains("as much as a word in common") == true)
    }

    @Test("a pattern that gives up is told so") func runaway() throws {
        let found = try explain(
            "rules: [{id: a, title: t, severity: error, match: 'x(a+)+$'}]",
            "x" + String(repeating: "a", count: 60) + "b")
        #expect(found.first?.reasons.first?.contains("gives up on this line (match limit exceeded)") == true)
    }

    @Test("hostile lines and every shipped rule: an answer for each, in bounds", arguments: UInt64(1)...3)
    func hostile(seed: UInt64) throws {
        var generator = Generator(seed: seed)
        let explainer = RuleExplainer(try Matcher(try ShippedRulesTests.shipped()))
        for _ in 0..<20 {
            let line = generator.line() + Array(" Out of memory: Kill ".utf8) + generator.line()
            let record = RuleExplainer.record(of: line, fields: [], context: readAt)
            for verdict in explainer.verdicts(on: record) {
                #expect((0...100).contains(verdict.nearness))
                #expect(!verdict.reasons.contains { $0.unicodeScalars.contains { $0.value < 0x20 } })
            }
        }
    }

    @Test("what is called a hit is what the matcher calls one, and what is not has a reason, for all shipped examples")
    func agreement() throws {
        let shipped = try ShippedRulesTests.shipped()
        let matcher = try Matcher(shipped)
        let explainer = RuleExplainer(matcher)
        for rule in shipped.rules {
            for example in rule.examples + rule.counterexamples {
                let record = ExampleTrial.record(of: example)
                let matches = matcher.matches(example: record)
                let told = Set(
                    (matches.hits + matches.signsOfLife).map(\.hit.rule.id) + matches.recoveries.map(\.rule.id))
                for id in told.union([rule.id]) {
                    let verdict = try #require(explainer.verdicts(on: record, rule: id).first)
                    let isTold = ![.near, .missed].contains(verdict.outcome)
                    #expect(isTold == told.contains(id), "\(id): \(example.text)")
                    #expect(isTold || !verdict.reasons.isEmpty, "\(id): \(example.text)")
                    #expect(!isTold || verdict.hit != nil, "\(id): \(example.text)")
                }
            }
        }
    }
}
