// Never more letters than the cap allows, in any hour; nothing dropped.

import Formats
import Rules
import Testing

@testable import Incidents

@Suite struct LetterCapTests {
    /// The largest number of letters within any hour.
    private func most(_ reports: [Report]) -> Int {
        reports.map { first in
            reports.count { $0.time >= first.time && $0.time < first.time + .seconds(3600) }
        }.max() ?? 0
    }

    @Test(arguments: [1, 3, 12])
    func `Critical and below never exceed the cap, and all hits are told`(limit: Int) {
        var clocked = ClockedBook {
            $0.maxPerHour = limit
            $0.quietTime = .seconds(100_000)
        }
        var reports: [Report] = []
        var hits = 0
        for minute in 0..<300 {
            let severity: Severity = minute % 7 == 0 ? .critical : .error
            clocked.hit("r\(minute % 50)", "g", severity: severity)
            hits += 1
            reports += clocked.pass(.seconds(60))
        }
        reports += clocked.pass(.seconds(2 * 3600))
        #expect(most(reports) == limit)
        #expect(reports.reduce(0) { $0 + $1.newHits } == hits)
        for report in reports where report.isDigest {
            let order = report.entries.map(\.incident.severity.rawValue)
            #expect(order == order.sorted())
        }
        #expect(reports.contains { $0.kind == .digest })
    }

    @Test func `Emergencies have six of their own, then a digest every five minutes`() {
        var clocked = ClockedBook { $0.maxPerHour = 1 }
        clocked.hit("common", "x")
        var reports = clocked.pass(.seconds(10))
        let start = clocked.now
        for second in 0..<600 {
            clocked.hit("urgent", "\(second)", severity: .emergency)
            reports += clocked.pass(.seconds(1))
        }
        let urgent = reports.filter { $0.severity == .emergency }
        #expect(urgent.prefix(6).allSatisfy { $0.kind == .first && $0.time < start + .seconds(6) })
        #expect(urgent.dropFirst(6).allSatisfy { $0.kind == .digest })
        let digests = urgent.dropFirst(6).map(\.time)
        #expect(zip(digests, digests.dropFirst()).allSatisfy { $1 - $0 >= .seconds(300) })
        #expect(digests.count == 1)
        reports += clocked.pass(.seconds(1000))
        #expect(reports.filter { $0.severity == .emergency }.reduce(0) { $0 + $1.newHits } == 600)
    }

    @Test func `One user cannot use up what the others need`() {
        var clocked = ClockedBook {
            $0.groupWait = .zero
            $0.maxPerHour = 12
        }
        for index in 0..<30 { clocked.hit("app", "\(index)", uid: 1000) }
        let flood = clocked.book.due(clocked.now)
        #expect(flood.count == 6)
        clocked.hit("disk", "sda", uid: 0)
        #expect(clocked.book.due(clocked.now).map(\.entries.first?.incident.rule.id) == ["disk"])
        let later = clocked.pass(.seconds(3700))
        #expect(later.first?.kind == .digest)
        #expect(later.first?.newHits == 24)
    }

    @Test func `A digest of one is a letter of its own`() {
        var clocked = ClockedBook {
            $0.groupWait = .zero
            $0.maxPerHour = 1
            $0.quietTime = .seconds(7200)
        }
        clocked.hit("a")
        _ = clocked.book.due(clocked.now)
        clocked.hit("b")
        let reports = clocked.pass(.seconds(3601))
        #expect(reports.first?.kind == .first)
        #expect(reports.first?.entries.first?.incident.rule.id == "b")
    }

    @Test func `What rises to an emergency while it is held back is told at once`() {
        var clocked = ClockedBook {
            $0.groupWait = .zero
            $0.maxPerHour = 1
        }
        clocked.hit("a")
        clocked.hit("b")
        #expect(clocked.book.due(clocked.now).count == 1)
        let held = clocked.book.openIncidents.first { $0.isHeld }
        let rule = held?.rule.id ?? ""
        clocked.hit(rule, severity: .emergency)
        #expect(clocked.book.due(clocked.now).map(\.newHits) == [2])
    }

    @Test(arguments: [(Severity.critical, Int64(60), 3), (.emergency, Int64(30), 3), (.critical, Int64(20), 40)])
    func `What goes on never keeps back the news of something new`(severity: Severity, every: Int64, steady: Int) {
        var clocked = ClockedBook()
        var reports: [Report] = []
        var hits = 0
        // Two hours and an odd time, so that no digest is due by chance.
        for _ in 0..<(7230 / every) {
            for index in 0..<steady { clocked.hit("old\(index)", severity: severity) }
            hits += steady
            reports += clocked.pass(.seconds(every))
        }
        clocked.hit("raid", severity: severity)
        let news = clocked.pass(.seconds(10))
        #expect(news.filter { $0.entries.contains { $0.incident.rule.id == "raid" } }.count == 1)
        reports += news + clocked.pass(.seconds(3 * 3600))
        #expect(most(reports) <= (severity == .critical ? 12 : 18))
        #expect(reports.reduce(0) { $0 + $1.newHits } == hits + 1)
    }

    @Test func `Which letters told of something new is known after a restart`() throws {
        var cap = LetterCap()
        for second in 0..<6 {
            #expect(cap.admits(limit: 12, isRepeat: true))
            cap.note(ClockedBook.noon + .seconds(second), isRepeat: true)
        }
        let restored = LetterCap(json: try JSON.parse(cap.json.text))
        #expect(restored == cap)
        #expect(!restored.admits(limit: 12, isRepeat: true) && restored.admits(limit: 12))
    }
}
