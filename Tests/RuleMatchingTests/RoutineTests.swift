import Records
import Rules
import Testing

@testable import RuleMatching

/// Lines that call themselves notice, info or milder, and rules that name nothing.
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

    private func matcher(_ more: String = "") throws -> Matcher {
        try Matcher(rules("rules: [{id: a, title: t, severity: error, match: '(?i)broke'\(more)}]"))
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
        "a rule that names nothing is not asked of a line that calls itself so, and it is said why", arguments: routine)
    func isRoutine(line: String) throws {
        let unscoped = try matcher()
        #expect(!told(line, unscoped))
        let record = LineHeader.record(of: Array(line.utf8), source: .file("x"), context: readAt)
        let reasons = RuleExplainer(unscoped).verdicts(on: record, rule: "a").flatMap(\.reasons)
        #expect(reasons.contains { $0.contains("calls itself notice, info or milder") }, "\(reasons)")
        for condition in ["file: x", "priority: '!alert'", "unit: app.service"] {
            #expect(told(line, try matcher(", where: {\(condition)}")), "\(condition)")
        }
    }

    @Test("behind a syslog tag and in the journal likewise", arguments: routine.filter { !$0.contains(" stdout F ") })
    func tagged(line: String) throws {
        let unscoped = try matcher()
        #expect(!told("Nov 21 12:41:14 web1 app[7]: \(line)", unscoped))
        #expect(told("Nov 21 12:41:14 web1 app[7]: \(line)", try matcher(", where: {identifier: app}")))
        #expect(unscoped.matches(in: journal([["MESSAGE": line, "_TRANSPORT": "stdout", "PRIORITY": "6"]])).told == [])
        #expect(
            unscoped.matches(in: journal([["MESSAGE": line, "_TRANSPORT": "kernel", "PRIORITY": "6"]])).told == ["0 a"])
    }

    @Test("of all other lines it is asked, whatever PRIORITY a service's stream has", arguments: others)
    func isOther(line: String) throws {
        let unscoped = try matcher()
        #expect(told(line, unscoped))
        #expect(
            unscoped.matches(in: journal([["MESSAGE": line, "_TRANSPORT": "stdout", "PRIORITY": "6"]])).told == ["0 a"])
    }

    @Test("what is over, what must come and what no other rule hits may be said at info")
    func roles() throws {
        let line = "2026-11-21 12:41:14,123 INFO it broke"
        let recovered = try Matcher(
            rules("rules: [{id: a, title: t, severity: error, match: worse, recovered_by: broke}]"))
        #expect(recovered.matches(in: lines(line)).recoveries.count == 1)
        #expect(try matcher(", expect: {every: 1h}").matches(in: lines(line)).signsOfLife.count == 1)
        #expect(try matcher(", floor: true").matches(in: lines(line)).told == ["0 a"])
    }
}
