import Formats
import Records
import Rules
import Testing
import YAML

@testable import RuleMatching

/// Rules from YAML, which must be right.
func rules(_ text: String) throws -> RuleSet {
    let (set, faults) = RuleSet.load(files: [(name: "t.yaml", bytes: Array(text.utf8))])
    #expect(faults.isEmpty, "\(faults.map(\.description))")
    return try #require(set)
}

let readAt = LineContext(readAt: Timestamp(seconds: 1_790_000_000))

func lines(_ lines: String..., source: String = "/var/log/syslog") -> RecordBatch {
    let bytes: [UInt8] = lines.flatMap { line -> [UInt8] in Array(line.utf8) + [0x0a] }
    return RecordBatch(lines: bytes, source: .file(source), context: readAt)
}

/// A batch of journal entries.
func journal(_ entries: [[String: String]]) -> RecordBatch {
    var store = JournalEntries()
    var bytes: [UInt8] = []
    var ranges: [Range<Int>] = []
    for entry in entries {
        store.beginEntry(time: Timestamp(seconds: 1))
        for (name, value) in entry where name != "MESSAGE" { store.append("\(name)=\(value)") }
        let start = bytes.count
        bytes += Array((entry["MESSAGE"] ?? "").utf8)
        ranges.append(start..<bytes.count)
        bytes.append(0x0a)
    }
    return RecordBatch(source: .journal(""), bytes: bytes, ranges: ranges, origin: .journal(store))
}

extension Matches {
    /// `index rule` of each hit.
    var told: [String] { hits.map { "\($0.index) \($0.hit.rule.id)" } }
}

@Suite struct MatcherTests {
    @Test("captures and title come from the message, not from the header")
    func captures() throws {
        let matcher = try Matcher(
            rules(
                #"""
                rules:
                  - id: oom
                    title: "{process} was killed on {host}"
                    severity: critical
                    match: ['no such', '^Out of memory: Killed process (?<pid>\d+) \((?<process>[^)]+)\)(?<rest>x)?']
                """#))
        let found = matcher.hits(
            in: lines(
                "Nov 21 12:41:14 web1 kernel: [12.500000] Out of memory: Killed process 812 (mysqld) total-vm",
                "Nov 21 12:41:14 web1 app[1]: it said Out of memory: Killed process 812 (mysqld)"))
        #expect(found.map(\.index) == [0])
        let hit = try #require(found.first).hit
        #expect(hit.title() == "mysqld was killed on web1")
        #expect(
            hit.captures == [
                Capture(name: "pid", value: Array("812".utf8)), Capture(name: "process", value: Array("mysqld".utf8)),
            ])
        #expect(hit.record.identifier == "kernel")
    }

    @Test("'where' is asked where the source can have the field, and not elsewhere")
    func conditions() throws {
        let matcher = try Matcher(
            rules(
                """
                rules:
                  - {id: kernel, title: t, severity: error, match: broke, where: {transport: [kernel, driver]}}
                  - {id: init, title: t, severity: error, match: broke, where: {pid: 1}}
                  - {id: slice, title: t, severity: error, match: broke, where: {_SYSTEMD_SLICE: system.slice}}
                """))
        let file = matcher.matches(
            in: lines("Nov 21 12:41:14 h systemd[1]: broke", "Nov 21 12:41:14 h systemd[2]: broke"))
        #expect(file.told == ["0 kernel", "0 init", "0 slice", "1 kernel", "1 slice"])
        let entries = matcher.matches(
            in: journal([
                ["MESSAGE": "broke", "_TRANSPORT": "kernel"],
                ["MESSAGE": "broke", "_TRANSPORT": "syslog", "_PID": "1"],
                ["MESSAGE": "broke", "_SYSTEMD_SLICE": "system.slice"], ["MESSAGE": "broke"], ["_TRANSPORT": "kernel"],
            ]))
        #expect(entries.told == ["0 kernel", "1 init", "2 slice"])
    }

    @Test("what the JIT of PCRE2 10.42 misses with its start optimizations is hit")
    func jitStart() throws {
        let set = try rules(#"rules: [{id: a, title: t, severity: error, match: '(?:a|fail)\w+x+?'}]"#)
        #expect(try Matcher(set).matches(in: lines("failx", "a fail of faxx")).told == ["0 a", "1 a"])
    }

    @Test("'unless' wins, and takes back its own rule's hit alone")
    func unless() throws {
        let matcher = try Matcher(
            rules(
                """
                rules:
                  - {id: a, title: t, severity: error, match: broke, unless: ['a test', '^never']}
                  - {id: b, title: t, severity: error, match: broke}
                """))
        let found = matcher.matches(in: lines("broke", "broke in a test", "never broke", "it never broke"))
        #expect(found.told == ["0 a", "0 b", "1 b", "2 b", "3 a", "3 b"])
    }

    @Test("recoveries and expected lines are no hits")
    func recoveries() throws {
        let matcher = try Matcher(
            rules(
                """
                rules:
                  - id: down
                    title: t
                    severity: error
                    match: 'link (?<name>\\w+) down'
                    recovered_by: 'link (?<name>\\w+) up'
                  - {id: backup, title: t, severity: error, match: 'backup done', expect: {every: 26h}}
                """))
        let found = matcher.matches(in: lines("link eth0 down", "link eth0 up", "backup done"))
        #expect(found.told == ["0 down"])
        #expect(found.recoveries.map(\.index) == [1])
        #expect(found.recoveries.first?.captures == [Capture(name: "name", value: Array("eth0".utf8))])
        #expect(found.signsOfLife.map { "\($0.index) \($0.hit.rule.id)" } == ["2 backup"])
    }

    @Test("a floor rule fires only where no other rule did")
    func floor() throws {
        let matcher = try Matcher(
            rules(
                """
                rules:
                  - {id: known, title: t, severity: error, match: broke}
                  - {id: crit, title: t, severity: critical, floor: true, where: {priority: 2}}
                  - {id: alert, title: t, severity: alert, floor: true, where: {priority: [0, 1]}, unless: 'drill'}
                """))
        let found = matcher.matches(
            in: journal([
                ["MESSAGE": "it broke", "PRIORITY": "2"], ["MESSAGE": "strange", "PRIORITY": "2"],
                ["MESSAGE": "strange", "PRIORITY": "1"], ["MESSAGE": "a drill", "PRIORITY": "0"],
                ["MESSAGE": "strange", "PRIORITY": "3"], ["MESSAGE": "strange"], ["MESSAGE": "", "PRIORITY": "2"],
            ]))
        #expect(found.told == ["0 known", "1 crit", "2 alert", "6 crit"])
        #expect(
            matcher.matches(in: lines("<2>strange", "<2>broke", "<1>drill", "Nov 21 12:41:14 h app: CRIT strange")).told
                == ["0 crit", "1 known"])
    }

    @Test("a catalog message id alone decides")
    func messageID() throws {
        let matcher = try Matcher(
            rules(
                """
                rules:
                  - {id: core, title: t, severity: error, message_id: fc2e22bc-6ee6-47b6-b907-29ab34a250b1}
                """))
        let found = matcher.matches(
            in: journal([
                ["MESSAGE": "x", "MESSAGE_ID": "fc2e22bc6ee647b6b90729ab34a250b1"],
                ["MESSAGE": "x", "MESSAGE_ID": "00000000000000000000000000000000"], ["MESSAGE": "x"],
            ]))
        #expect(found.told == ["0 core"])
    }

    @Test("a line of JSON is matched as it is decoded, in a file of other lines too")
    func json() throws {
        let matcher = try Matcher(
            rules(#"rules: [{id: a, title: t, severity: error, match: 'said "no" to\s(?<who>\w+)'}]"#))
        let found = matcher.matches(
            in: lines(
                #"{"level":"error","msg":"it said \"no\" to bob"}"#, "plain",
                #"{"msg":"it said \"no\" to\nbob","x":1}"#,
                #"2026-11-21T12:41:14.123456789Z stderr F {"msg":"said \"no\" to\tbob"}"#, #"said \"no\" to bob"#))
        #expect(found.told == ["0 a", "2 a", "3 a"])
    }

    @Test("CR LF line ends are no part of the message")
    func lineEnds() throws {
        let matcher = try Matcher(rules("rules: [{id: a, title: t, severity: error, match: 'failed$'}]"))
        #expect(matcher.matches(in: lines("it failed\r", "it failed twice\r", "it failed")).told == ["0 a", "2 a"])
    }

    @Test("a pattern that runs away is told, hits nothing, and stops nothing")
    func runaway() throws {
        let matcher = try Matcher(
            rules(
                """
                rules:
                  - {id: slow, title: t, severity: error, match: 'x(a+)+$'}
                  - {id: fine, title: t, severity: error, match: 'xa'}
                """))
        let found = matcher.matches(in: lines("x" + String(repeating: "a", count: 60) + "b", "xaa"))
        #expect(found.told == ["0 fine", "1 slow", "1 fine"])
        #expect(found.notices.map(\.rule.id) == ["slow"])
        #expect(found.notices.first?.text.contains("'slow'") == true)
    }

    @Test("no rules find nothing")
    func empty() throws {
        #expect(try Matcher(RuleSet([])).matches(in: lines("anything", "{}")).told == [])
    }

    @Test("every pattern that cannot be used is told, with its place and what to write")
    func faults() throws {
        let set = try rules(
            """
            rules:
              - id: a
                title: t
                severity: error
                match: ['x*', '^$', '(', 'fine']
                unless: 'y?'
                recovered_by: '(?<n>a)(?<n>b)'
            """)
        let error = #expect(throws: MatcherError.self) { try Matcher(set) }
        let told = error?.faults.map(\.description) ?? []
        #expect(told.count == 5, "\(told)")
        for (place, words) in [
            ("t.yaml:5:13: ", "it can match an empty text"), ("t.yaml:5:19: ", "it can match an empty text"),
            ("t.yaml:5:25: ", "missing closing parenthesis"), ("t.yaml:6:13: ", "take every hit back"),
            ("t.yaml:7:19: ", "two named subpatterns have the same name"),
        ] {
            #expect(told.contains { $0.hasPrefix(place) && $0.contains(words) }, "\(place) \(words) in \(told)")
        }
    }

    @Test(
        "what is left of a pattern for the scan",
        arguments: [
            (#"^\S+ fail: (?<why>.*)$"#, " fail: "), (#"^\S+ n: (?<why>.*)$"#, #"\S n: "#),
            (#"^\S+ x(?<why>.*)$"#, #"\S x"#), ("(?i)abc", #"(?i:(?:a|\xff)bc)"#),
            ("[ab]|b+", #"[ab]|(?:b|\xff)"#), (#"\b\dfoo\b.*"#, #"\b\dfoo\b"#), (#"\dx(?=y)z"#, #"\dxz"#),
            (#"\d(a|b)c\1d"#, #"\d(?:a|b)c[\x00-\xff]*(?:d|\xff)"#), (#"\d(?>ab)++c"#, #"\d(?:ab)+c"#),
            (#"\d{2,40}b"#, #"\d{2}b"#), (#"\dca{2,40}b"#, #"\dca{2,}b"#),
            (#"\da(?:b|)"#, #"\da"#), (#"\d\Q.*\E"#, #"\d\x2e\x2a"#),
        ])
    func relaxed(pattern: String, expected: String) throws {
        #expect(PlainPattern(try PatternSyntax(pattern)).map { RelaxedPattern($0).text } == expected)
    }
}
