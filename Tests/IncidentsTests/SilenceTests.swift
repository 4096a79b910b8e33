// Silences and inhibitions put off; they drop nothing.

import Formats
import Rules
import Testing

@testable import Incidents

@Suite struct SilenceTests {
    @Test(arguments: ["disk", "di*", nil as String?])
    func `What is silenced is told when the silence ends`(rule: String?) {
        var clocked = ClockedBook()
        clocked.book.add(
            Silence(id: 1, rule: rule, host: "web1", until: clocked.now + .seconds(1800), comment: "maintenance"))
        for _ in 0..<30 {
            clocked.hit()
            #expect(clocked.pass(.seconds(59)).isEmpty)
        }
        let reports = clocked.pass(.seconds(600))
        #expect(reports.map(\.newHits) == [30])
        #expect(clocked.book.silences.isEmpty)
    }

    @Test func `A silence of one rule or host leaves the others alone`() {
        var clocked = ClockedBook { $0.groupWait = .zero }
        clocked.book.add(Silence(id: 1, rule: "fan", until: clocked.now + .seconds(1800), comment: ""))
        clocked.book.add(Silence(id: 2, rule: nil, host: "web2", until: clocked.now + .seconds(1800), comment: ""))
        clocked.hit("disk")
        #expect(clocked.book.due(clocked.now).count == 1)
    }

    @Test func `While its cause is open, what it inhibits is quiet`() {
        var clocked = ClockedBook { $0.groupWait = .zero }
        clocked.hit("network-down", ending: .recovery, inhibits: ["timeout"])
        clocked.hit("timeout")
        var reports = clocked.pass(.seconds(1000))
        #expect(reports.map(\.entries.first?.incident.rule.id) == ["network-down"])
        _ = clocked.recover("network-down")
        reports = clocked.pass(.seconds(400))
        #expect(reports.contains { $0.entries.first?.incident.rule.id == "timeout" && $0.newHits == 1 })
    }

    @Test(
        arguments: [
            (["rule": "disk*"], "rule disk*"), (["host": "db*"], "everything on db*"),
            (["unit": "a.service"], "everything in a.service"),
            (["rule": "disk", "host": "db1", "unit": "a.service"], "rule disk on db1 in a.service"),
            (["incident": "yes"], "incident 7 (Out of memory: mysqld was killed)"),
            (["incident": "yes", "host": "db1"], "incident 7 (Out of memory: mysqld was killed) on db1"),
        ] as [([String: String], String)])
    func `A silence says in words what it silences, all of it`(matchers: [String: String], subject: String) throws {
        var silence = Silence(
            id: 1, rule: matchers["rule"], host: matchers["host"], unit: matchers["unit"],
            until: ClockedBook.noon, comment: "upgrade")
        if matchers["incident"] != nil {
            silence.fingerprint = Fingerprint(rule: "oom", uid: nil, groups: [])
            (silence.incident, silence.title) = (7, "Out of memory: mysqld was killed")
        }
        let restored = try #require(Silence(json: try JSON.parse(silence.json.text)))
        #expect(restored == silence)
        #expect(restored.subject == subject)
        #expect(
            restored.sentence(utcOffset: 3600)
                == "\(subject) until \(ClockedBook.noon.plain(utcOffset: 3600)): upgrade")
    }

    @Test func `A silence of an earlier version, which knew no number, is one of one incident`() {
        var silence = Silence(id: 1, until: ClockedBook.noon, comment: "")
        silence.fingerprint = Fingerprint(rule: "oom", uid: nil, groups: [])
        #expect(silence.subject == "one incident")
    }
}
