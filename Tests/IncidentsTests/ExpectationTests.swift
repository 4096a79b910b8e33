// The line that did not come: told once in its time, over when it comes, across restarts and times of absence.

import Formats
import Records
import Rules
import Testing

@testable import Incidents

@Suite struct ExpectationTests {
    static let every = Duration.seconds(26 * 3600)

    private static func rule(_ groupBy: [String]? = nil, every: Duration = Self.every) -> Rule {
        var rule = Rule(id: "backup", title: Template("The backup of {name} did not run"), severity: .critical)
        rule.match = [Pattern("backup of (?<name>\\w+) done")]
        rule.expectEvery = every
        rule.groupBy = groupBy
        return rule
    }

    private func sign(_ name: String, _ clocked: ClockedBook, age: Duration = .zero, _ rule: Rule = Self.rule())
        -> SignOfLife
    {
        var record = Record(source: .journal(""), message: Array("backup of \(name) done".utf8))
        record.time = clocked.now - age
        let hit = Hit(rule: rule, record: record, captures: [Capture(name: "name", value: Array(name.utf8))])
        return SignOfLife(hit, localHost: "web1", at: clocked.now)
    }

    private func restarted(_ clocked: ClockedBook) -> ClockedBook {
        var again = clocked
        let open = Array(clocked.book.incidents.values)
        again.book = IncidentBook(policy: clocked.book.policy, incidents: open, book: clocked.book.changes.book)
        return again
    }

    @Test func `A line that comes in time is no news; one that does not is an incident, over when it comes`() {
        var clocked = ClockedBook()
        clocked.book.expect([Self.rule()], host: "web1", at: clocked.now)
        clocked.book.utcOffset = 3600
        for _ in 0..<5 {
            #expect(clocked.pass(.seconds(24 * 3600)).isEmpty)
            clocked.book.note(sign("db", clocked), at: clocked.now)
        }
        #expect(clocked.pass(.seconds(25 * 3600)).isEmpty)
        let missed = clocked.pass(.seconds(3600 + 10))
        #expect(missed.map(\.kind) == [.first])
        #expect(missed.first?.entries.first?.incident.title == "The backup of db did not run")
        let last = (clocked.now - .seconds(26 * 3600 + 10)).plain(utcOffset: 3600)
        #expect(
            missed.first?.entries.first?.incident.samples.first?.text
                == "The last line that fits 'backup of (?<name>\\w+) done' came at \(last) UTC+1, and none since. One is "
                + "expected every 26h.")
        // Reminders, and no end by time alone.
        let later = clocked.pass(.seconds(20 * 86400))
        #expect(later.allSatisfy { $0.kind == .reminder } && later.count > 15)
        clocked.book.note(sign("db", clocked), at: clocked.now)
        let over = clocked.pass(.seconds(1))
        #expect(over.map(\.kind) == [.recovered])
        #expect(over.first?.entries.first?.incident.endedBy == "backup of db done")
        #expect(clocked.pass(.seconds(25 * 3600)).isEmpty)
        #expect(clocked.pass(.seconds(2 * 3600)).map(\.kind) == [.first])
    }

    @Test func `Of groups beyond what is waited for that is said`() {
        var clocked = ClockedBook()
        let rule = Self.rule(["name"])
        clocked.book.expect([rule], host: "web1", at: clocked.now)
        for number in 0..<203 {
            let isAwaited = clocked.book.note(sign("group\(number)", clocked, rule), at: clocked.now)
            #expect(isAwaited == (number < 200))
        }
        let isKnown = clocked.book.note(sign("group7", clocked, rule), at: clocked.now)
        #expect(isKnown)
    }

    @Test func `Before the first line the time counts from when the rule was seen`() {
        var clocked = ClockedBook()
        clocked.book.expect([Self.rule()], host: "web1", at: clocked.now)
        _ = clocked.pass(.seconds(3600))
        clocked.book.expect([Self.rule()], host: "web1", at: clocked.now)  // a reload begins nothing anew
        let reports = clocked.pass(.seconds(25 * 3600 + 10))
        #expect(reports.count == 1)
        #expect(reports.first?.entries.first?.incident.samples.first?.text.hasPrefix("No line") == true)
    }

    @Test func `Each group is waited for by itself`() {
        let rule = Self.rule(["name"])
        var clocked = ClockedBook()
        clocked.book.expect([rule], host: "web1", at: clocked.now)
        clocked.book.note(sign("db", clocked, rule), at: clocked.now)
        clocked.book.note(sign("mail", clocked, rule), at: clocked.now)
        _ = clocked.pass(.seconds(20 * 3600))
        clocked.book.note(sign("mail", clocked, rule), at: clocked.now)
        let reports = clocked.pass(.seconds(10 * 3600))
        #expect(reports.map(\.entries.first?.incident.title) == ["The backup of db did not run"])
        // One that is gone for good is closed by a person, and not waited for any more.
        let id = clocked.book.openIncidents[0].id
        clocked.book.note(sign("mail", clocked, rule), at: clocked.now)
        let isResolved = clocked.book.resolve(id, at: clocked.now)
        #expect(isResolved)
        _ = clocked.pass(.seconds(25 * 3600))
        clocked.book.note(sign("mail", clocked, rule), at: clocked.now)
        #expect(clocked.pass(.seconds(25 * 3600)).isEmpty)
    }

    @Test func `What was missed is known after a restart, and not told again`() {
        var clocked = ClockedBook()
        clocked.book.expect([Self.rule()], host: "web1", at: clocked.now)
        #expect(clocked.pass(.seconds(27 * 3600)).map(\.kind) == [.first])
        clocked = restarted(clocked)
        clocked.book.expect([Self.rule()], host: "web1", at: clocked.now)
        #expect(clocked.pass(.seconds(3600)).isEmpty)
        clocked.book.note(sign("db", clocked), at: clocked.now)
        #expect(clocked.pass(.seconds(1)).map(\.kind) == [.recovered])
    }

    @Test func `What came while the watcher was away counts at its own time; what did not is judged after a while`() {
        for (age, kinds) in [(3600, []), (3 * 86400, [Report.Kind.first])] as [(Int64, [Report.Kind])] {
            var clocked = ClockedBook()
            clocked.book.expect([Self.rule()], host: "web1", at: clocked.now)
            _ = clocked.pass(.seconds(60))
            clocked = restarted(clocked)
            clocked.now = clocked.now + .seconds(4 * 86400)
            clocked.book.expect([Self.rule()], host: "web1", at: clocked.now)
            #expect(clocked.book.due(clocked.now, caughtUp: false).isEmpty)
            clocked.book.note(sign("db", clocked, age: .seconds(age)), at: clocked.now)
            #expect(clocked.pass(.seconds(3599)).isEmpty)
            #expect(clocked.pass(.seconds(20)).map(\.kind) == kinds)
        }
    }

    @Test func `On a quiet host a restart puts nothing off`() throws {
        for away in [Duration.seconds(5), .seconds(4 * 60)] {
            var clocked = ClockedBook()
            clocked.book.expect([Self.rule()], host: "web1", at: clocked.now)
            var stored: JSON?
            // Nothing comes for a day but looks at the clock, four in a minute; each change of the book is stored.
            for _ in 0..<(25 * 240) {
                clocked.now = clocked.now + .seconds(15)
                #expect(clocked.book.due(clocked.now).isEmpty)
                if let changed = clocked.book.changes.book {
                    stored = changed
                    clocked.book.changesKept()
                }
            }
            clocked.book = IncidentBook(policy: clocked.book.policy, incidents: [], book: try #require(stored))
            clocked.now = clocked.now + away
            clocked.book.expect([Self.rule()], host: "web1", at: clocked.now)
            #expect(clocked.pass(.seconds(3600) - away - .seconds(1)).isEmpty)
            #expect(clocked.pass(.seconds(20)).map(\.kind) == [.first])
        }
    }

    @Test func `The time is stored now and then, and only while something is waited for`() {
        for rules in [[], [Self.rule()]] {
            var clocked = ClockedBook()
            clocked.book.expect(rules, host: "web1", at: clocked.now)
            clocked.book.changesKept()
            var commits = 0
            for _ in 0..<240 {
                clocked.now = clocked.now + .seconds(15)
                _ = clocked.book.due(clocked.now)
                if !clocked.book.changes.isEmpty { commits += 1 }
                clocked.book.changesKept()
            }
            #expect(commits == (rules.isEmpty ? 0 : 12))
        }
    }

    @Test func `While older lines are still being read nothing is missed`() {
        var clocked = ClockedBook()
        clocked.book.expect([Self.rule(every: .seconds(60))], host: "web1", at: clocked.now)
        clocked.now = clocked.now + .seconds(70)
        #expect(clocked.book.due(clocked.now, caughtUp: false).isEmpty)
        #expect(clocked.book.openIncidents.isEmpty)
        _ = clocked.book.due(clocked.now, caughtUp: true)
        #expect(clocked.book.openIncidents.count == 1)
    }

    @Test func `A rule that is gone waits for nothing`() {
        var clocked = ClockedBook()
        clocked.book.expect([Self.rule()], host: "web1", at: clocked.now)
        _ = clocked.pass(.seconds(27 * 3600))
        clocked.book.expect([], host: "web1", at: clocked.now)
        #expect(clocked.book.openIncidents.isEmpty)
        #expect(clocked.pass(.seconds(10 * 86400)).isEmpty)
    }
}
