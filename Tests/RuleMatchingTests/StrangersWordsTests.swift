import Records
import Rules
import Testing

@testable import RuleMatching

/// What clients of a web server chose, in its logs: a rule with `unless: <strangers>` does not take it.
@Suite struct StrangersWordsRuleTests {
    /// Rules that spare strangers' words, or see all.
    private static func matcher(sparing: Bool = true) throws -> Matcher {
        let name = sparing ? "<strangers>" : "another"
        return try Matcher(
            rules(
                "rules: [{id: a, title: t, severity: error, match: '(?<what>it broke)', unless: [fine, \(name)]},"
                    + "{id: b, title: t, severity: error, match: 'broke it', unless: \(name)}]"))
    }

    private static let theirs = [
        ##"192.0.2.1 - - [21/Nov/2026:12:41:14 +0000] "GET / HTTP/1.1" 200 612 "-" "it broke, broke it""##,
        ##"shop.example - - [21/Nov/2026:12:41:14 +0000] "GET / HTTP/1.1" 200 612 "-" "it broke, broke it""##,
        #"{"remote_addr":"192.0.2.1","request":"it broke, broke it","status":200}"#,
        ##"2026-11-21T12:41:14.5Z stdout F ::1 - - [21/Nov/2026:12:41:14 +0000] "GET /it broke, broke it""##,
        #"2026/11/21 12:41:14 [error] 8#8: *3 open() "/it broke, broke it" failed (2: x), client: ::1"#,
        #"2026/11/21 12:41:14 [error] 8#8: *3 x, client: ::1, server: a, request: "it broke, broke it""#,
        "[Sat Nov 21 12:41:14.123456 2026] [core:error] [pid 8] [client ::1:5] AH00126: Invalid URI in request it broke, broke it",
        ##"Nov 21 12:41:14 web1 nginx: 192.0.2.1 - - [21/Nov/2026:12:41:14 +0000] "it broke, broke it" 200"##,
        #"Nov 21 12:41:14 web1 nginx: 2026/11/21 12:41:14 [error] 8#8: *3 x, client: ::1, request: "it broke, broke it""#,
    ]

    private func count(_ line: String, _ matcher: Matcher) -> Int {
        var notices: [MatchNotice] = []
        return (Array(line.utf8) + [0x0a]).withUnsafeBytes {
            matcher.countHits(in: $0, source: .file("x"), context: readAt, notices: &notices)
        }
    }

    @Test("no rule is hit that spares them, and it is said why", arguments: theirs)
    func spared(line: String) throws {
        let matcher = try Self.matcher()
        #expect(matcher.matches(in: lines(line)).told == [])
        #expect(count(line, matcher) == 0)
        let record = LineHeader.record(of: Array(line.utf8), source: .file("x"), context: readAt)
        let verdict = RuleExplainer(try Self.matcher()).verdicts(on: record, rule: "a").first
        #expect(verdict?.outcome == .near)
        #expect(
            verdict?.reasons.contains { $0.contains("its 'unless' names <strangers>") } == true,
            "\(verdict?.reasons ?? [])")
    }

    @Test("any other is asked of the whole line", arguments: theirs)
    func seen(line: String) throws {
        let matcher = try Self.matcher(sparing: false)
        #expect(matcher.matches(in: lines(line)).told == ["0 a", "0 b"])
        #expect(count(line, matcher) == 1)
    }

    @Test("in the journal likewise")
    func journalEntries() throws {
        for line in Self.theirs.prefix(3) + Self.theirs[4...5] {
            let entries = journal([["MESSAGE": line, "SYSLOG_IDENTIFIER": "nginx", "_SYSTEMD_UNIT": "nginx.service"]])
            #expect(try Self.matcher().matches(in: entries).told == [])
            #expect(try Self.matcher(sparing: false).matches(in: entries).told == ["0 a", "0 b"])
        }
    }

    @Test("the server's own words beside them are seen, and captured where they stand")
    func own() throws {
        let line =
            #"2026/11/21 12:41:14 [crit] 8#8: *3 open() "/fine" it broke, client: ::1, server: a, request: "fine""#
        for all in [lines(line), journal([["MESSAGE": line]])] {
            let hits = try Self.matcher().matches(in: all).hits
            #expect(hits.map(\.hit.rule.id) == ["a"])
            #expect(hits.first?.hit.captures.map { String(decoding: $0.value, as: UTF8.self) } == ["it broke"])
        }
        #expect(count(line, try Self.matcher()) == 1)
        let upstream =
            #"2026/11/21 12:41:14 [error] 8#8: *3 x, client: ::1, request: "a", upstream: "http://app/b c", host: "d""#
        let matcher = try Matcher(
            rules(
                "rules: [{id: a, title: t, severity: error, match: ', upstream: \"(?<name>[a-z]+://[^/\"]+)', "
                    + "unless: <strangers>}]"))
        let captures = matcher.matches(in: lines(upstream)).hits.first?.hit.captures
        #expect(captures?.map { String(decoding: $0.value, as: UTF8.self) } == ["http://app"])
    }

    @Test(
        "of a program that repeats what strangers say no rule is asked that spares them, and it is said why",
        arguments: ["sshd", "sshd-session", "sudo", "CRON", "postfix/smtpd", "dovecot", "vsftpd"])
    func repeaters(program: String) throws {
        let line = "Nov 21 12:41:14 web1 \(program)[812]: Invalid user it broke, broke it"
        let sparing = try Self.matcher()
        #expect(sparing.matches(in: lines(line)).told == [])
        #expect(count(line, sparing) == 0)
        let verdict = RuleExplainer(sparing).verdicts(on: lines(line).record(at: 0)).first { $0.rule.id == "b" }
        #expect(verdict?.reasons.contains { $0.contains("repeats what strangers say") } == true)
        let other = try Self.matcher(sparing: false)
        #expect(other.matches(in: lines(line)).told.count == 2 && count(line, other) == 1)
        let app = line.replacing(program, with: "app")
        #expect(sparing.matches(in: lines(app)).told.count == 2 && count(app, sparing) == 1)
    }

    @Test("an exception takes back only the line that it stands in, however lines lie beside each other")
    func exceptions() throws {
        let matcher = try Self.matcher()
        let text = ["it broke", "fine", "it broke, fine", "it broke"].map { "Nov 21 12:41:14 web1 app[1]: \($0)\n" }
        #expect(matcher.matches(in: lines(text.joined())).told == ["0 a", "3 a"])
        #expect(count(String(text.joined().dropLast()), matcher) == 2)
    }
}
