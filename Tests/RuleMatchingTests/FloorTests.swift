import Formats
import Records
import Rules
import Testing

@testable import RuleMatching

/// Rules without patterns, on lines of files: decided by the level that a header names.
@Suite struct FloorTests {
    private static let floor = """
        rules:
          - {id: crit, title: t, severity: critical, floor: true, where: {priority: 0..2}, unless: harmless}
          - {id: own, title: t, severity: error, match: known}
        """

    private static let grave = [
        "<2>1 2026-11-21T12:41:14Z web1 app 12 - - out of tea", "2026-11-21 12:41:14,123 FATAL [main] a.B - out of tea",
        #"{"level":"fatal","msg":"out of tea"}"#, #"{"msg":"out of tea","severity":"CRITICAL"}"#,
        #"{"level":60,"msg":"out of tea"}"#,
        #"{"level":"f\u0061tal","msg":"out of tea"}"#, "F1121 12:41:14.123456     812 tea.go:12] out of tea",
        "level=fatal msg=\"out of tea\"", "CRITICAL:root:out of tea", "crit: Tea.Worker[0]",
        "[Sat Nov 21 12:41:14.123456 2026] [core:crit] [pid 812] out of tea",
        "2026-11-21T12:41:14.123456789Z stderr F 2026-11-21 12:41:14 FATAL out of tea",
        #"{"log":"2026-11-21 12:41:14 FATAL out of tea\n","stream":"stderr","time":"2026-11-21T12:41:14.5Z"}"#,
        #"{"log":"<2>1 2026-11-21T12:41:14Z web1 app 12 - - out of tea\n","stream":"stderr","time":"2026-11-21T12:41:14.5Z"}"#,
        #"{"log":"F1121 12:41:14.123456     812 tea.go:12] out of tea\n","stream":"stderr","time":"2026-11-21T12:41:14.5Z"}"#,
        #"{"log": "crit: Tea.Worker[0]\n","stream":"stderr","time":"2026-11-21T12:41:14.5Z"}"#,
    ]
    private static let quiet = [
        "<3>1 2026-11-21T12:41:14Z web1 app 12 - - out of tea", "2026-11-21 12:41:14 INFO FATAL errors: 0",
        #"{"level":"info","msg":"fatal"}"#, "just CRITICAL text", "<2>harmless", "2026-11-21 12:41:14 FATAL harmless",
    ]

    @Test("a line whose header names the level is a hit, as a batch and as a count, and no other is")
    func files() throws {
        let matcher = try Matcher(rules(Self.floor))
        for (all, expected) in [(Self.grave, true), (Self.quiet, false)] {
            for line in all {
                #expect(matcher.matches(in: lines(line)).told == (expected ? ["0 crit"] : []), "\(line)")
                var notices: [MatchNotice] = []
                let count = (Array(line.utf8) + [0x0a]).withUnsafeBytes {
                    matcher.countHits(in: $0, source: .file("x"), context: readAt, notices: &notices)
                }
                #expect(count == (expected ? 1 : 0), "\(line)")
            }
        }
        #expect(matcher.matches(in: lines("<2>known")).told == ["0 own"])
    }

    @Test(
        "a line of JSON with a trace behind it is hit by level, field and text, whatever the file begins with",
        arguments: [
            "", "Starting server\n", "Nov 21 12:41:13 web1 app[812]: begun\n", "2026-11-21 12:41:13 INFO begun\n",
        ])
    func jsonBeforeTrace(before: String) throws {
        let own = """
              - {id: field, title: t, severity: error, match: no ledger, where: {priority: 0..2, identifier: a}}
              - {id: across, title: t, severity: error, match: 'no cups\\nTraceback'}
            """
        let matcher = try Matcher(rules(Self.floor + "\n" + own))
        let trace = "Traceback (most recent call last):\n  File \"x.py\", line 1, in <module>\nValueError: bad\n"
        let expected = [
            (#"{"time":"2026-11-21T12:41:14Z","level":"fatal","msg":"out of tea"}"#, "crit"),
            (#"{"time":"2026-11-21T12:41:14Z","log":{"level":"critical"},"message":"x"}"#, "crit"),
            (#"{"time":"2026-11-21T12:41:14Z","level":"fatal","msg":"harmless"}"#, nil),
            (#"{"time":"2026-11-21T12:41:14Z","level":"info","msg":"out of tea"}"#, nil),
            (#"{"time":"2026-11-21T12:41:14Z","level":"fatal","msg":"harmless: no ledger","app":"a"}"#, "field"),
            (#"{"time":"2026-11-21T12:41:14Z","level":"fatal","msg":"harmless: no ledger","app":"b"}"#, nil),
            (#"{"time":"2026-11-21T12:41:14Z","level":"error","msg":"out of tea"}"#, nil),
            (#"{"time":"2026-11-21T12:41:14Z","level":"error","msg":"no cups"}"#, "across"),
        ]
        for (line, rule) in expected {
            let bytes = Array((before + line + "\n" + trace).utf8)
            let scan = RecordScan(
                matcher, try TraceFinder(), joiner: RecordJoiner(source: .file("x")),
                context: LineContext(format: .recognised(in: bytes), readAt: readAt.readAt))
            var found: [String] = []
            bytes.withUnsafeBytes { scan.take($0) { found += $1.hits.map { "\($0.hit.rule.id)" } } }
            scan.finish { found += $1.hits.map { "\($0.hit.rule.id)" } }
            #expect(found == (rule.map { [$0] } ?? []), "\(before)\(line)")
        }
    }

    @Test(
        "behind a syslog tag, and in the journal, the level that a message's structure names counts where it is the graver"
    )
    func stated() throws {
        let matcher = try Matcher(
            rules(
                """
                rules:
                  - {id: emerg, title: t, severity: emergency, floor: true, where: {priority: 0}}
                  - {id: crit, title: t, severity: critical, floor: true, where: {priority: 1..2}, unless: harmless}
                  - {id: own, title: t, severity: error, match: known}
                """))
        let told: [(String, String?)] = [
            (#"time="2026-11-21T12:41:14Z" level=fatal msg="out of tea""#, "crit"), (#"{"level":"alert"}"#, "crit"),
            (#"{"level":"emergency","msg":"out of tea"}"#, "emerg"), ("[CRITICAL] known", "own"),
            ("2026-11-21 12:41:14,123 CRITICAL out of tea", "crit"), ("F1121 12:41:14.1 812 tea.go:12] x", "crit"),
            ("%TEA-2-OUT: none left", "crit"), ("level=fatal harmless", nil), ("level=error msg=x", nil),
            ("fatal: Timeout before authentication", nil), ("it is CRITICAL that", nil), (#"{"level":"info"}"#, nil),
        ]
        for (message, expected) in told {
            let rules = expected.map { ["0 \($0)"] } ?? []
            #expect(matcher.matches(in: lines("Nov 21 12:41:14 web1 app[812]: \(message)")).told == rules, "\(message)")
            #expect(matcher.matches(in: lines("<30>1 2026-11-21T12:41:14Z h app 1 - - \(message)")).told == rules)
            for priority in ["6", "3"] {
                let fields = ["MESSAGE": message, "PRIORITY": priority, "_TRANSPORT": "stdout"]
                #expect(matcher.matches(in: journal([fields])).told == rules, "\(message)")
            }
            #expect(matcher.matches(in: journal([["MESSAGE": message]])).told == rules)
            let kernel = ["MESSAGE": message, "PRIORITY": "6", "_TRANSPORT": "kernel"]
            #expect(matcher.matches(in: journal([kernel])).told == (expected == "own" ? rules : []))
            var notices: [MatchNotice] = []
            let count = Array("Nov 21 12:41:14 web1 app[812]: \(message)\n".utf8).withUnsafeBytes {
                matcher.countHits(in: $0, source: .file("x"), context: readAt, notices: &notices)
            }
            #expect(count == rules.count, "\(message)")
            let record = LineHeader.record(
                of: Array("Nov 21 12:41:14 web1 app[812]: \(message)".utf8), source: .file("x"), context: readAt)
            let verdicts = RuleExplainer(matcher).verdicts(on: record).filter { $0.outcome == .hit }
            #expect(verdicts.map(\.rule.id) == (expected.map { [$0] } ?? []), "\(message)")
        }
        // PRIORITY counts where it is the graver.
        let grave = ["MESSAGE": #"{"level":"info"}"#, "PRIORITY": "1"]
        #expect(matcher.matches(in: journal([grave])).told == ["0 crit"])
    }

    @Test("in decoded files the level is found beside the message", arguments: [LineFormat.json, .docker, .cri])
    func decoded(format: LineFormat) throws {
        let matcher = try Matcher(rules(Self.floor))
        let all = [
            #"{"level":"info","msg":"a"}"#, #"{"level":"fatal","msg":"b"}"#, "no json",
            #"{"msg":"known","level":"alert"}"#,
            #"{"log":"{\"level\":\"fatal\",\"msg\":\"c\"}\n","stream":"stderr","time":"2026-11-21T12:41:14.5Z"}"#,
            #"2026-11-21T12:41:14.123456789Z stderr F {"level":"panic","msg":"d"}"#, #"{"level":"warn","msg":"e"}"#,
        ]
        let context = LineContext(format: format, readAt: readAt.readAt)
        let batch = RecordBatch(
            lines: Array(all.joined(separator: "\n").utf8), source: .file("/x"), context: context)
        #expect(matcher.matches(in: batch).told == ["1 crit", "3 own", "4 crit", "5 crit"])
    }

    @Test("the block scan names every line whose header has a level that is asked for", arguments: 0..<8)
    func superset(mildest: Int) throws {
        let matcher = try Matcher(
            rules("rules: [{id: f, title: t, severity: error, floor: true, where: {priority: 0..\(mildest)}}]"))
        let words = [
            "emerg", "EMERGENCY", "Alert", "CRIT", "critical", "Fatal", "PANIC", "ERROR", "err", "warn", "Notice",
            "INFO",
            "LOG", "debug", "STATEMENT", "WARNING", "FATAL", "FTL", "INF", "VRB",
        ]
        let forms: [(String) -> String] = [
            { "2026-11-21 12:41:14,123 \($0) [main] a.B - x" }, { "2026-11-21 12:41:14 [\($0)] x" },
            { "2026-11-21 12:41:14 a b [x:\($0)] y" }, { "2026-11-21 12:41:14.123 UTC [812] a@b \($0):  x" },
            { "[2026-11-21T12:41:14,123][\($0)][a] x" }, { "[2026-11-21 12:41:14] app.\($0): x" }, { "\($0): x" },
            { "[\($0)] x" }, { "level=\($0) msg=x" }, { "ts=1 level=\"\($0)\" msg=x" },
            { "12:41:14.123 [a] \($0) b - x" },
            { "2026-11-21 12:41:14 \($0)/Area: x" }, { "2026-11-21 12:41:14 a| \($0): x" },
            { "2026-11-21 12:41:14 (\($0)) x" },
            { #"{"level":"\#($0)","msg":"x"}"# }, { #"{"msg":"x" , "severity" : "\#($0)"}"# },
            { "\"level\": \"\($0)\"}" },
            { "2026-11-21 12:41:14 [ \($0) ] x" }, { "Sat Nov 21 12:41:14 2026 \($0): x" }, { "FATAL |\($0)" },
            { "[12:41:14 \($0)] x" }, { "\($0) 2026-11-21 12:41:14 x" }, { "2026.11.21 12:41:14 [ 1 ] {} <\($0)> x" },
            { "2026-11-21 12:41:14 [\($0) ] x" }, { #"{"record":{"level":{"name":"\#($0)"}}}"# },
            { #"{"event":{"anySeverity":"\#($0)"}}"# }, { "level=\($0)+4 msg=x" },
        ]
        var all = words.flatMap { word in forms.map { $0(word) } }
        for number in [0, 2, 3, 5, 10, 20, 30, 40, 50, 60, 70, 100, 250, 400, 500, 550, 600] {
            all += [#"{"level":\#(number),"short_message":"x"}"#, #"{"level" : "\#(number)","msg":"x"}"#]
            if number < 192 { all.append("<\(number)>x") }
            if number < 8 { all += ["%A-\(number)-B: x", "%A_B-C-\(number)-D: x"] }
            if number < 11 { all.append("CEF:0|a|b|c|d|e|\(number)|") }
        }
        for letter in ["F", "E", "W", "I", "D"] {
            all += [
                "\(letter)1121 12:41:14.1  8 a.go:1] x", "\(letter), [2026-11-21T12:41:14 #8] x -- : x",
                #"{"s":"\#(letter)","c":"-","msg":"x"}"#,
            ]
        }
        all += ["812:M 21 Nov 2026 12:41:14.123 # x", "812:M 21 Nov 2026 12:41:14.123 * x", "crit: A.B[0]"]
        let expected = all.filter { line in
            let record = LineHeader.record(of: Array(line.utf8), source: .file("x"), context: readAt)
            return record.priority.map { Int($0) <= mildest } ?? false
        }
        #expect(expected.count > 20)
        // In one block, and each alone: the scan searches otherwise in short ones.
        let bytes = Array((all.joined(separator: "\n") + "\n").utf8)
        let found = matcher.matches(in: RecordBatch(lines: bytes, source: .file("x"), context: readAt))
        #expect(found.hits.map { all[$0.index] } == expected)
        #expect(all.filter { !matcher.matches(in: lines($0)).hits.isEmpty } == expected)
    }
}
