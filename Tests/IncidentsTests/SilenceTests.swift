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

    @Test(
        arguments: [
            (["rule": "disk"], true), (["rule": "di*"], true), (["rule": "dis"], false), (["host": "web1"], true),
            (["host": "w?b*"], true), (["host": "web"], false), (["host": "web2"], false),
            (["unit": "a.service"], true), (["unit": "*.service"], true), (["unit": "b.service"], false),
            (["unit": "a"], false), (["rule": "disk", "host": "web1", "unit": "a.*"], true),
            (["rule": "fan", "host": "web1", "unit": "a.service"], false),
            (["rule": "disk", "host": "db1", "unit": "a.service"], false),
            (["rule": "disk", "host": "web1", "unit": "b.service"], false),
        ] as [([String: String], Bool)])
    func `A silence covers what all its matchers name`(matchers: [String: String], covers: Bool) throws {
        var clocked = ClockedBook()
        let id = clocked.hit()
        var incident = try #require(clocked.book.incident(id))
        incident.origin.unit = "a.service"
        let silence = Silence(
            id: 1, rule: matchers["rule"], host: matchers["host"], unit: matchers["unit"],
            until: clocked.now + .seconds(60), comment: "")
        #expect(silence.covers(incident, at: clocked.now) == covers)
        #expect(!silence.covers(incident, at: clocked.now + .seconds(60)))
        var other = silence
        other.fingerprint = Fingerprint(rule: "fan", uid: nil, groups: [])
        #expect(!other.covers(incident, at: clocked.now))
    }

    @Test func `A silence of a file is one of its path`() throws {
        var clocked = ClockedBook()
        let id = clocked.hit(isJournal: false)
        var incident = try #require(clocked.book.incident(id))
        (incident.origin.source, incident.origin.unit) = ("/var/log/app.log", nil)
        for (unit, covers) in [("/var/log/app.log", true), ("/var/log/*", true), ("app.log", false)] {
            let silence = Silence(id: 1, unit: unit, until: clocked.now + .seconds(60), comment: "")
            #expect(silence.covers(incident, at: clocked.now) == covers, "\(unit)")
        }
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

    @Test(arguments: [0, 1, 2, 20])
    func `What is said of the end of a silence is what comes of it`(limit: Int) {
        var clocked = ClockedBook {
            ($0.groupWait, $0.maxPerHour) = (.zero, limit)
        }
        let (end, hourLater) = (clocked.now + .seconds(7200), clocked.now + .seconds(9000))
        for number in 0..<(limit < 20 ? limit : 0) { clocked.hit("taken\(number)") }
        _ = clocked.pass(.zero)
        clocked.now = clocked.now + .seconds(3300)
        clocked.book.add(Silence(id: 1, rule: nil, host: "web1", until: end, comment: "move"))
        // Nothing came of it yet.
        #expect(clocked.book.freed(bySilence: 1, at: clocked.now) == IncidentBook.Freed())
        for number in 0..<6 { clocked.hit("rule\(number)", ending: .recovery) }
        _ = clocked.pass(.seconds(120))
        // One of them is silenced besides, for less long.
        clocked.book.add(Silence(id: 2, rule: "rule5", until: end - .seconds(60), comment: "that too"))
        let freed = clocked.book.freed(bySilence: 1, at: clocked.now)
        let before = clocked.book
        #expect(clocked.book.freed(bySilence: 1, at: clocked.now) == freed && before.silences == clocked.book.silences)
        let isRemoved = clocked.book.removeSilence(1, at: clocked.now)
        #expect(isRemoved)
        let told = clocked.book.due(clocked.now).flatMap(\.entries).count
        #expect(freed.told == told && freed.quiet == 1 && freed.waiting == 0)
        #expect(freed.told + freed.held + freed.quiet == 6, "\(freed)")
        #expect(freed.held == clocked.book.held(at: clocked.now).reduce(0) { $0 + $1.count })
        #expect(freed.heldUntil == clocked.book.held(at: clocked.now).first?.until)
        #expect((freed.held > 0) == (limit < 20), "\(freed)")
        guard let until = freed.heldUntil, limit > 0 else { return }
        #expect(until > clocked.now && until < hourLater)
        clocked.now = until
        let later = clocked.book.due(clocked.now).flatMap(\.entries).count { $0.newHits > 0 }
        #expect(later >= freed.held)
    }
}
