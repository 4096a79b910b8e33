// What flaps: over, and back within minutes. One incident, one thread, fewer and fewer letters; no hit is lost.

import Formats
import Testing

@testable import Incidents

@Suite struct ReturnTests {
    @Test func `What comes back within minutes is the same incident`() {
        var clocked = ClockedBook()
        let id = clocked.hit(ending: .recovery)
        _ = clocked.pass(.seconds(60))
        _ = clocked.recover()
        #expect(clocked.pass(.seconds(60)).map(\.kind) == [.recovered])
        #expect(clocked.hit(ending: .recovery) == id)
        #expect(clocked.book.incident(id)?.returns == 1)
        #expect(clocked.book.incident(id)?.endedBy == nil)
    }

    @Test func `What comes back after half an hour is another one`() {
        var clocked = ClockedBook()
        let id = clocked.hit(ending: .recovery)
        _ = clocked.pass(.seconds(60))
        _ = clocked.recover()
        _ = clocked.pass(.seconds(1801))
        #expect(clocked.hit(ending: .recovery) != id)
    }

    @Test func `A day of flapping every two minutes is some thirty letters, and all hits stand in them`() {
        var clocked = ClockedBook()
        var reports: [Report] = []
        var hits = 0
        for _ in 0..<720 {
            clocked.hit(ending: .recovery)
            hits += 1
            reports += clocked.pass(.seconds(60))
            _ = clocked.recover()
            reports += clocked.pass(.seconds(60))
        }
        reports += clocked.pass(.seconds(7200))
        #expect(reports.reduce(0) { $0 + $1.newHits } == hits)
        #expect(reports.count <= 36, "\(reports.count) letters")
        #expect(Set(reports.compactMap(\.entries.first?.incident.id)).count == 1)
        #expect(reports.last?.kind == .recovered)
        #expect(clocked.book.count == 0)
    }
}
