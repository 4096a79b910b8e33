// What happened while nobody was reading is told in one digest that says so.

import Formats
import Rules
import Testing

@testable import Incidents

@Suite struct LateHitTests {
    @Test func `Old hits go into one digest, when all is read`() {
        var clocked = ClockedBook()
        for index in 0..<40 { clocked.hit("r\(index)", age: .seconds(3600 * Int64(index + 1)), ending: .recovery) }
        clocked.now = clocked.now + .seconds(20)
        #expect(clocked.book.due(clocked.now, caughtUp: false).isEmpty)
        let reports = clocked.book.due(clocked.now)
        #expect(reports.map(\.kind) == [.late])
        #expect(reports.first?.newHits == 40)
        #expect(clocked.book.openIncidents.count == 40)
    }

    @Test func `What was long over by then closes without another letter`() {
        var clocked = ClockedBook()
        clocked.hit("old", age: .seconds(7200))
        let recent = clocked.hit("recent", age: .seconds(700))
        let reports = clocked.pass(.seconds(100))
        #expect(reports.map(\.kind) == [.late])
        #expect(clocked.book.openIncidents.map(\.id) == [recent])
        #expect(clocked.pass(.seconds(3 * 3600)).isEmpty && clocked.book.count == 0)
    }

    @Test func `A fresh hit takes its incident out of the digest`() {
        var clocked = ClockedBook()
        clocked.hit(age: .seconds(7200))
        clocked.hit()
        let reports = clocked.pass(.seconds(10))
        #expect(reports.map(\.kind) == [.first])
        #expect(reports.first?.newHits == 2)
        #expect(clocked.pass(.seconds(1000)).isEmpty)
    }

    @Test func `A file's stamps tell of lateness only while there is something to catch up with`() {
        var clocked = ClockedBook()
        clocked.book.isCatchingUp = false
        var reports: [Report] = []
        for age in [3600, -3600, 7200] {
            clocked.hit(age: .seconds(Int64(age)), isJournal: false)
            reports += clocked.pass(.seconds(400))
        }
        #expect(reports.map(\.kind) == [.first, .further, .further])
        #expect(clocked.book.openIncidents.count == 1)
    }

    @Test func `A collector's host whose clock is slow is told at once, as any other`() {
        var clocked = ClockedBook()
        clocked.book.isCatchingUp = false
        for rule in ["power", "raid"] {
            clocked.hit(rule, severity: .emergency, age: .seconds(1200), isAgeTrusted: false)
            let reports = clocked.book.due(clocked.now)
            #expect(reports.map(\.kind) == [.first])
            #expect(reports.first?.newHits == 1)
            clocked.now = clocked.now + .seconds(3)
        }
        // What nobody read when it was written is late all the same.
        clocked.hit("fan", severity: .emergency, age: .seconds(1200), isAgeTrusted: true)
        #expect(clocked.pass(.seconds(400)).map(\.kind) == [.late])
    }

    @Test func `One stamp from the future does not make a threshold deaf`() {
        var clocked = ClockedBook()
        let threshold = Threshold(count: 3, within: .seconds(600))
        clocked.hit(age: .seconds(-5 * 3600), threshold: threshold)
        for _ in 0..<2 {
            _ = clocked.pass(.seconds(10))
            clocked.hit(threshold: threshold)
        }
        #expect(clocked.book.openIncidents.count == 1)
    }

    @Test func `A log whose clock is wrong does not flood`() {
        var clocked = ClockedBook()
        var reports: [Report] = []
        for index in 0..<120 {
            clocked.hit("r\(index)", age: .seconds(7200))
            reports += clocked.pass(.seconds(30))
        }
        reports += clocked.pass(.seconds(3600))
        #expect(reports.count <= 13)
        #expect(reports.reduce(0) { $0 + $1.newHits } == 120)
    }

    @Test func `While old hits wait for the rest to be read, nobody has to ask in each round`() {
        var clocked = ClockedBook()
        for index in 0..<5 { clocked.hit("r\(index)", age: .seconds(7200)) }
        clocked.now = clocked.now + .seconds(20)
        #expect(clocked.book.isDue(clocked.now, caughtUp: false))
        #expect(clocked.book.due(clocked.now, caughtUp: false).isEmpty)
        for index in 0..<50 {
            clocked.now = clocked.now + .seconds(10)
            clocked.hit("r\(index)", age: .seconds(7200))
            #expect(!clocked.book.isDue(clocked.now, caughtUp: false))
        }
        var whole = clocked
        #expect(whole.book.isDue(whole.now, caughtUp: true))
        #expect(whole.book.due(whole.now, caughtUp: true).map(\.newHits) == [55])
        #expect(!whole.book.isDue(whole.now, caughtUp: true))
        // Where reading never comes to its end, a quarter of an hour is enough.
        clocked.now = clocked.now + .seconds(900)
        #expect(clocked.book.due(clocked.now, caughtUp: false).map(\.newHits) == [55])
    }
}
