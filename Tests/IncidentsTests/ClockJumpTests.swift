// The wall clock is set, by a year, either way, while the book is at work: nothing lost, no flood, nothing put off.

import Formats
import Rules
import Testing

@testable import Incidents

@Suite struct ClockJumpTests {
    private static let year = Duration.seconds(365 * 86400)

    @Test(arguments: [year, .zero - year, .seconds(90), .seconds(-90)])
    func `Every wait goes on for as long as it would have`(step: Duration) {
        var clocked = ClockedBook { $0.maxPerHour = 2 }
        clocked.hit("raid", ending: .recovery)
        var told = clocked.pass(.seconds(10))
        clocked.hit("a")
        clocked.hit("b")
        told += clocked.pass(.seconds(5))
        clocked.now = clocked.now + step
        clocked.book.clockWasSet(by: step)
        let start = clocked.now
        let reports = clocked.pass(.seconds(6 * 3600))
        #expect((told + reports).reduce(0) { $0 + $1.newHits } == 3)
        let after = reports.map { ($0.time - start).milliseconds / 1000 }
        #expect(after.first == 5)  // of group_wait
        // One of a and b, then the cap's hour; the end of both by quiet; the reminder of the RAID after four hours.
        #expect(reports.first?.kind == .first)
        #expect(reports.contains { $0.kind == .reminder && abs(($0.time - start).milliseconds / 1000 - 4 * 3600) < 60 })
        for first in reports {
            #expect(reports.count { $0.time >= first.time && $0.time < first.time + .seconds(3600) } <= 2)
        }
    }

    @Test(arguments: [year, .zero - year])
    func `A silence of some hours keeps its length, one with a date its date`(step: Duration) {
        var clocked = ClockedBook()
        let end = clocked.now + .seconds(7200)
        clocked.book.add(Silence(id: 1, rule: "a", until: end, comment: ""))
        var dated = Silence(id: 2, rule: "b", until: end, comment: "")
        dated.isDated = true
        clocked.book.add(dated)
        clocked.now = clocked.now + step
        clocked.book.clockWasSet(by: step)
        #expect(clocked.book.silences.map(\.until) == [end + step, end])
        clocked.hit("a")
        #expect(clocked.pass(.seconds(7100)).isEmpty)
        #expect(clocked.pass(.seconds(120)).count == 1)
    }

    @Test(arguments: [year, .zero - year])
    func `What is expected is not missed because the clock was set`(step: Duration) {
        var rule = Rule(id: "backup", title: Template("No backup"), severity: .critical)
        rule.expectEvery = .seconds(86400)
        var clocked = ClockedBook()
        clocked.book.expect([rule], host: "web1", at: clocked.now)
        _ = clocked.pass(.seconds(3600))
        clocked.now = clocked.now + step
        clocked.book.clockWasSet(by: step)
        #expect(clocked.pass(.seconds(22 * 3600)).isEmpty)
        #expect(clocked.pass(.seconds(2 * 3600)).count == 1)
    }

    @Test func `A clock that was a year ahead when the watcher was last at work delays nothing`() {
        var clocked = ClockedBook()
        clocked.now = clocked.now + Self.year
        clocked.hit()
        let open = Array(clocked.book.incidents.values)
        clocked.book = IncidentBook(policy: ReportPolicy(), incidents: open, book: clocked.book.changes.book)
        clocked.now = clocked.now - Self.year
        #expect(clocked.pass(.seconds(11)).map(\.newHits) == [1])
    }
}
