import Records
import Rules
import Testing

@testable import RuleMatching

/// Lines that call themselves notice, info or milder, and rules with `unless: <routine>`.
@Suite struct RoutineTests {
    static let routine = [
        "2026-11-21 12:41:14,123 INFO [http] c.x.Chat - joe: it broke", "2026-11-21 12:41:14 [debug] it broke",
        "INFO [http] c.x.Chat - joe: it broke", "DEBUG: it broke", "INFO:root:it broke", "[INFO] it broke",
        #"{"level":"info","msg":"it broke"}"#, #"{"level":30,"msg":"it broke"}"#,
        #"{"severity":"NOTICE","msg":"it broke"}"#,
        "time=2026-11-21T12:41:14Z level=debug msg=\"it broke\"", "2026/11/21 12:41:14 [notice] 8#8: it broke",
        "I1121 12:41:14.123456     812 a.go:12] it broke", "[12:41:14 INF] it broke",
        "2026-11-21 12:41:14.123 UTC [812] DETAIL:  it broke", "INFO [11-21|12:41:14.123] it broke",
        "[2026-11-21 12:41:14,123: INFO/MainProcess] it broke", "TRACE it broke",
        "2026-11-21T12:41:14.5Z stdout F INFO it broke", "2026-11-21T12:41:14.5Z stdout F level=info msg=\"it broke\"",
    ]

    static let others = [
        "it broke", "2026-11-21 12:41:14,123 ERROR [http] it broke", "2026-11-21 12:41:14 it broke",
        "2026-11-21 12:41:14 cannot write the log: it broke", "WARN it broke", "INFORMATION about what broke",
        "2026-11-21 12:41:14.123 UTC [812] LOG:  it broke", "2026-11-21 12:41:14 UTC:[812]:LOG:  it broke",
        "2026-11-21 12:41:14.123 UTC [812] WARNING:  it broke", "LOG:  it broke", "info: it broke", "notice it broke",
        "the debug log broke", #"{"level":"error","msg":"INFO it broke"}"#, "[  123.456789] INFO: it broke",
        "<30>Nov 21 12:41:14 web1 app[7]: it broke", "2026-11-21T12:41:14.5Z stdout F it broke",
    ]

    private func matcher() throws -> Matcher {
        try Matcher(rules("rules: [{id: a, title: t, severity: error, match: '(?i)broke', unless: <routine>}]"))
    }

    private func told(_ line: String, _ matcher: Matcher) -> Bool {
        let isHit = matcher.matches(in: lines(line, source: "x")).told == ["0 a"]
        // `herald scan --count` has a way of its own, and so have examples.
        var notices: [MatchNotice] = []
        let count = (Array(line.utf8) + [0x0a]).withUnsafeBytes {
            matcher.countHits(in: $0, source: .file("x"), context: readAt, notices: &notices)
        }
        #expect((count == 1) == isHit, "\(line)")
        let record = LineHeader.record(of: Array(line.utf8), source: .file("x"), context: readAt)
        #expect(!matcher.matches(example: record).hits.isEmpty == isHit, "\(line)")
        return isHit
    }

    @Test(
        "a rule that spares them is not hit by a line that calls itself so, and it is said why", arguments: routine)
    func isRoutine(line: String) throws {
        let sparing = try matcher()
        #expect(!told(line, sparing))
        let record = LineHeader.record(of: Array(line.utf8), source: .file("x"), context: readAt)
        let reasons = RuleExplainer(sparing).verdicts(on: record, rule: "a").flatMap(\.reasons)
        #expect(reasons.contains { $0.contains("calls itself notice, info or milder") }, "\(reasons)")
        #expect(told(line, try Matcher(rules("rules: [{id: a, title: t, severity: error, match: '(?i)broke'}]"))))
    }

    @Test("behind a syslog tag and in the journal likewise", arguments: routine.filter { !$0.contains(" stdout F ") })
    func tagged(line: String) throws {
        let sparing = try matcher()
        #expect(!told("Nov 21 12:41:14 web1 app[7]: \(line)", sparing))
        #expect(sparing.matches(in: journal([["MESSAGE": line, "_TRANSPORT": "stdout", "PRIORITY": "6"]])).told == [])
        #expect(
            sparing.matches(in: journal([["MESSAGE": line, "_TRANSPORT": "kernel", "PRIORITY": "6"]])).told == ["0 a"])
    }

    @Test("of all other lines it is asked, whatever PRIORITY a service's stream has", arguments: others)
    func isOther(line: String) throws {
        let sparing = try matcher()
        #expect(told(line, sparing))
        #expect(
            sparing.matches(in: journal([["MESSAGE": line, "_TRANSPORT": "stdout", "PRIORITY": "6"]])).told == ["0 a"])
    }

    @Test("what is over may be said at info")
    func recoveries() throws {
        let line = "2026-11-21 12:41:14,123 INFO it broke"
        let recovered = try Matcher(
            rules(
                "rules: [{id: a, title: t, severity: error, match: worse, recovered_by: broke, unless: <routine>}]"))
        #expect(recovered.matches(in: lines(line)).recoveries.count == 1)
    }
}
