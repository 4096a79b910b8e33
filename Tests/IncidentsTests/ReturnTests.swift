// What flaps: over, and back within minutes. One incident, one thread, told at once when it is back; no hit is lost.

import Formats
import Rules
import TestSupport
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

    @Test(arguments: [(Severity.critical, Duration.seconds(10)), (.alert, .zero), (.emergency, .zero)])
    func `What is back after its end was told is told as soon as something new`(severity: Severity, wait: Duration) {
        var clocked = ClockedBook()
        let id = clocked.hit(severity: severity, ending: .recovery)
        _ = clocked.pass(.seconds(60))
        for _ in 0..<8 {
            _ = clocked.recover()
            let calm = clocked.pass(.seconds(7200)).filter { $0.kind == .recovered }
            #expect(calm.count == 1)
            // Within half an hour of its last letter it is the same one.
            clocked.now = (calm.last?.time ?? clocked.now) + .seconds(1200)
            if clocked.book.incident(id) == nil { return }
            let back = clocked.now
            #expect(clocked.hit(severity: severity, ending: .recovery) == id)
            let told = clocked.pass(.seconds(60))
            #expect(told.map(\.time) == [back + wait])
            #expect(told.map(\.kind) == [.returned])
        }
    }

    @Test func `The good news waits for a calm of five minutes, then ten, twenty, forty, and an hour at most`() {
        var clocked = ClockedBook { $0.maxPerHour = 100 }
        let id = clocked.hit(ending: .recovery)
        _ = clocked.pass(.seconds(60))
        var calms: [Int64] = []
        for _ in 0..<7 {
            _ = clocked.recover()
            let over = clocked.now
            while clocked.book.incident(id)?.isLingering == false { _ = clocked.pass(.seconds(1)) }
            calms.append(((clocked.book.incident(id)?.lastLetter ?? over) - over).milliseconds / 1000)
            clocked.hit(ending: .recovery)
            _ = clocked.pass(.seconds(60))
        }
        #expect(calms == [0, 300, 600, 1200, 2400, 3600, 3600])
    }

    @Test func `A hit within the calm begins it anew, and nothing is told of either but what the interval allows`() {
        var clocked = ClockedBook()
        clocked.hit(ending: .recovery)
        _ = clocked.pass(.seconds(60))
        _ = clocked.recover()
        _ = clocked.pass(.seconds(10))
        clocked.hit(ending: .recovery)
        #expect(clocked.pass(.seconds(60)).count == 1)
        for _ in 0..<20 {
            _ = clocked.recover()
            #expect(clocked.pass(.seconds(290)).filter { $0.kind == .recovered }.isEmpty)
            clocked.hit(ending: .recovery)
            _ = clocked.pass(.seconds(1))
        }
    }

    @Test(arguments: 0..<8)
    func `The last letter never says for longer than the wait that an open incident is over`(number: Int) {
        let seed = number < 4 ? UInt64(number) : UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        var clocked = ClockedBook()
        var (openSince, saysOver): (Timestamp?, Bool) = (nil, false)
        var (letters, longest) = (0, Duration.zero)
        func look(_ reports: [Report], until end: Timestamp) {
            for report in reports {
                if saysOver, let since = openSince { longest = max(longest, report.time - since) }
                saysOver = report.kind == .recovered || report.entries.first?.incident.isOver == true
            }
            letters += reports.count
            if saysOver, let since = openSince { longest = max(longest, end - since) }
        }
        while clocked.now < ClockedBook.noon + .seconds(86400) {
            clocked.hit(severity: random.below(5) == 0 ? .alert : .critical, ending: .recovery)
            openSince = clocked.now
            look(clocked.pass(.seconds(Int64(1 + random.below(random.below(2) == 0 ? 9 : 900)))), until: clocked.now)
            _ = clocked.recover()
            openSince = nil
            look(clocked.pass(.seconds(Int64(1 + random.below(random.below(2) == 0 ? 9 : 5000)))), until: clocked.now)
        }
        #expect(longest <= .seconds(10), "seed \(seed): \(longest)")
        #expect(letters <= 24 * 6, "seed \(seed): \(letters) letters")
    }

    @Test func `What comes and goes every few seconds is told as back, too`() {
        var clocked = ClockedBook()
        clocked.hit(ending: .recovery)
        _ = clocked.pass(.seconds(60))
        _ = clocked.recover()
        _ = clocked.pass(.seconds(60))
        var reports: [Report] = []
        for _ in 0..<5 {
            clocked.hit(ending: .recovery)
            reports += clocked.pass(.seconds(4))
            _ = clocked.recover()
            reports += clocked.pass(.seconds(1))
        }
        #expect(reports.count == 1)
        #expect(reports.first?.entries.first?.incident.state == .open)
    }

    @Test func `That it is back is not forgotten over a restart`() throws {
        var clocked = ClockedBook()
        let id = clocked.hit(ending: .recovery)
        _ = clocked.pass(.seconds(60))
        _ = clocked.recover()
        _ = clocked.pass(.seconds(60))
        clocked.hit(ending: .recovery)
        let incident = try #require(clocked.book.incident(id))
        #expect(incident.backSince == clocked.now)
        #expect(Incident(json: try JSON.parse(incident.json.text)) == incident)
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
