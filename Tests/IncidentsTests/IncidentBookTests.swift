// When what is told: waits, intervals, reminders, ends. Days pass in milliseconds.

import Formats
import Rules
import Testing

@testable import Incidents

@Suite struct IncidentBookTests {
    @Test func `The first letter waits for more hits, and holds them all`() {
        var clocked = ClockedBook()
        clocked.hit()
        #expect(clocked.pass(.seconds(9)).isEmpty)
        clocked.hit()
        let reports = clocked.pass(.seconds(1))
        #expect(reports.map(\.kind) == [.first])
        #expect(reports.first?.newHits == 2)
        #expect(reports.first?.entries.first?.incident.samples.count == 2)
    }

    @Test(arguments: [Severity.emergency, .alert])
    func `Emergency and alert are told at once`(severity: Severity) {
        var clocked = ClockedBook()
        clocked.hit(severity: severity)
        #expect(clocked.book.due(clocked.now).map(\.newHits) == [1])
    }

    @Test func `Further letters come at most every interval, and only with new hits`() {
        var clocked = ClockedBook()
        clocked.hit()
        var reports = clocked.pass(.seconds(10))
        for _ in 0..<20 {
            clocked.hit()
            reports += clocked.pass(.seconds(30))
        }
        #expect(reports.map(\.kind) == [.first, .further, .further])
        #expect(zip(reports, reports.dropFirst()).allSatisfy { $1.time - $0.time >= .seconds(300) })
        reports += clocked.pass(.seconds(600))
        #expect(reports.reduce(0) { $0 + $1.newHits } == 21)
        #expect(reports.count == 3)
    }

    @Test func `What went on and is quiet for an hour is over, and a last letter says so`() {
        var clocked = ClockedBook()
        clocked.hit()
        var reports = clocked.pass(.seconds(60))
        clocked.hit()
        reports += clocked.pass(.seconds(2 * 3600))
        #expect(reports.map(\.kind) == [.first, .further, .quiet])
        #expect(clocked.book.count == 0)
        clocked.hit()
        #expect(clocked.pass(.seconds(10)).first?.entries.first?.incident.hits == 1)
    }

    @Test(arguments: [1, 7])
    func `What happened once, in one line or in a burst, is told once`(hits: Int) {
        var clocked = ClockedBook()
        for _ in 0..<hits { clocked.hit() }
        let reports = clocked.pass(.seconds(86400))
        #expect(reports.map(\.kind) == [.first])
        #expect(reports.first?.newHits == hits)
        #expect(clocked.book.count == 0)
    }

    @Test func `What no line says to be over is given up after a week, and that is said`() {
        var clocked = ClockedBook { $0.repeatInterval = .seconds(30 * 86400) }
        clocked.hit(ending: .recovery)
        let reports = clocked.pass(.seconds(8 * 86400))
        #expect(reports.map(\.kind) == [.first, .quiet])
        #expect(clocked.book.count == 0)
    }

    @Test func `What Herald itself watches ends when it says so, and never by time or by a line`() {
        var clocked = ClockedBook()
        let id = clocked.hit("own", ending: .watched)
        let other = clocked.hit("other", ending: .recovery)
        let reports = clocked.pass(.seconds(30 * 86400)).filter { $0.entries.first?.incident.id == id }
        #expect(reports.first?.kind == .first && reports.dropFirst().allSatisfy { $0.kind == .reminder })
        #expect(reports.count > 20)
        clocked.book.end(watched: other, by: "no", at: clocked.now)
        clocked.book.end(watched: id, by: "It is well again.", at: clocked.now)
        let last = clocked.pass(.seconds(10))
        #expect(last.map(\.kind) == [.recovered])
        #expect(last.first?.entries.first?.incident.endedBy == "It is well again.")
    }

    @Test func `What ends by a recovery is reminded of, less and less often, up to once a day`() {
        var clocked = ClockedBook()
        clocked.hit(ending: .recovery)
        let reports = clocked.pass(.seconds(4 * 86400))
        let times = reports.map { ($0.time - ClockedBook.noon).milliseconds / 3_600_000 }
        #expect(reports.map(\.kind) == [.first] + Array(repeating: .reminder, count: 5))
        #expect(times == [0, 4, 12, 28, 52, 76])
        #expect(reports.reduce(0) { $0 + $1.newHits } == 1)
    }

    @Test func `A recovery ends the incident of its own group and origin, and no other`() {
        var clocked = ClockedBook()
        let a = clocked.hit("disk", "a", ending: .recovery)
        clocked.hit("disk", "b", ending: .recovery)
        clocked.hit("fan", "a", ending: .recovery)
        _ = clocked.pass(.seconds(10))
        #expect(clocked.recover("disk", "a", transport: "syslog").isEmpty)
        #expect(clocked.recover("disk", "a") == [a])
        let reports = clocked.pass(.seconds(1))
        #expect(reports.map(\.kind) == [.recovered])
        #expect(reports.first?.entries.first?.incident.endedBy == "all is well")
        #expect(clocked.book.openIncidents.count == 2)
    }

    @Test func `What recovered before it was told is told once`() {
        var clocked = ClockedBook()
        clocked.hit(ending: .recovery)
        _ = clocked.recover()
        let reports = clocked.pass(.seconds(100))
        #expect(reports.map(\.kind) == [.first])
        #expect(reports.first?.entries.first?.incident.state == .recovered)
        #expect(clocked.book.openIncidents.isEmpty)
        #expect(clocked.pass(.seconds(86400)).isEmpty)
        #expect(clocked.book.count == 0)
    }

    @Test func `A hit before the last letter opens the incident again`() {
        var clocked = ClockedBook()
        clocked.hit(ending: .recovery)
        _ = clocked.pass(.seconds(10))
        _ = clocked.recover()
        clocked.hit(ending: .recovery)
        let reports = clocked.pass(.seconds(1000))
        #expect(reports.map(\.kind) == [.further])
        #expect(clocked.book.openIncidents.count == 1)
    }

    @Test func `Below its threshold a group is not told, and passes`() {
        var clocked = ClockedBook()
        let threshold = Threshold(count: 3, within: .seconds(60))
        for _ in 0..<2 { clocked.hit(threshold: threshold) }
        #expect(clocked.pass(.seconds(3600)).isEmpty)
        #expect(clocked.book.count == 0)
        for _ in 0..<3 {
            clocked.hit(threshold: threshold)
            clocked.now = clocked.now + .seconds(20)
        }
        #expect(clocked.pass(.seconds(60)).map(\.newHits) == [3])
    }

    @Test func `Slow hits never reach the threshold`() {
        var clocked = ClockedBook()
        var reports: [Report] = []
        for _ in 0..<10 {
            clocked.hit(threshold: Threshold(count: 3, within: .seconds(60)))
            reports += clocked.pass(.seconds(40))
        }
        #expect(reports.isEmpty)
    }

    @Test func `Less severe than what is told: recorded, not told`() {
        var clocked = ClockedBook { $0.minSeverity = .critical }
        clocked.hit(severity: .error)
        #expect(clocked.book.openIncidents.count == 1)
        #expect(clocked.pass(.seconds(86400)).isEmpty)
        #expect(clocked.book.count == 0)
    }

    @Test func `An event is told once, and the next one is another incident`() {
        var clocked = ClockedBook()
        let first = clocked.hit("login", "1", ending: .event)
        let reports = clocked.pass(.seconds(86400))
        #expect(reports.map(\.kind) == [.first])
        #expect(clocked.hit("login", "1", ending: .event) != first)
    }

    @Test func `A clock that is set back delays nothing`() {
        var clocked = ClockedBook()
        clocked.hit()
        clocked.now = clocked.now - .seconds(365 * 86400)
        #expect(clocked.book.due(clocked.now).isEmpty)
        #expect(clocked.pass(.seconds(15)).map(\.newHits) == [1])
    }

    @Test func `Of a million hits the memory holds a few samples`() {
        var clocked = ClockedBook()
        for _ in 0..<20_000 { clocked.hit() }
        #expect(clocked.book.openIncidents.first?.samples.count == 10)
        #expect(clocked.pass(.seconds(10)).map(\.newHits) == [20_000])
    }

    @Test func `Too many different incidents of one rule become one, and none of its hits is lost`() {
        var clocked = ClockedBook { $0.maxPerHour = 1000 }
        for index in 0..<500 { clocked.hit("noisy", "g\(index)") }
        clocked.hit("other", "x")
        #expect(clocked.book.count == 202)
        let reports = clocked.pass(.seconds(7200))
        #expect(reports.reduce(0) { $0 + $1.newHits } == 501)
    }

    @Test(arguments: ["resolved", "quiet"])
    func `Of what is over no letter is due`(end: String) throws {
        var clocked = ClockedBook()
        let id = clocked.hit(ending: end == "quiet" ? .quiet : .recovery)
        _ = clocked.pass(.seconds(60))
        if end == "resolved" {
            #expect(clocked.book.incident(id)?.due != nil)
            let isResolved = clocked.book.resolve(id, at: clocked.now)
            #expect(isResolved)
        } else {
            _ = clocked.pass(.seconds(3600))
        }
        let closed = try #require(clocked.book.changes.closed.first { $0.id == id })
        #expect(closed.isOver && closed.due == nil)
    }
}
