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
        for index in 0..<30 { clocked.hit("app\(index)", uid: 1000) }
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

    @Test func `One rule in hundreds of groups leaves room for a fault of another rule`() {
        var clocked = ClockedBook()
        for index in 0..<30_000 { clocked.hit("every", "\(index % 400)") }
        var reports = clocked.pass(.seconds(30))
        #expect(reports.count == 6)
        #expect(reports.filter { $0.kind == .digest }.count == 1)
        #expect(reports.reduce(0) { $0 + $1.newHits } == 30_000)
        for index in 0..<100 { clocked.hit("every", "new \(index)") }
        reports += clocked.pass(.seconds(30))
        let since = clocked.now
        clocked.hit("ext4-error")
        let told = clocked.pass(.seconds(60))
        #expect(told.map(\.entries.first?.incident.rule.id) == ["ext4-error"])
        #expect(told.map(\.time) == [since + .seconds(10)])
        reports += told + clocked.pass(.seconds(3700))
        #expect(reports.reduce(0) { $0 + $1.newHits } == 30_101)
        #expect(most(reports) <= 12)
    }

    @Test(arguments: [(1, Int64(60)), (2, 60), (4, 240), (9, 600)])
    func `Rules whose letters are spread over the hour leave room for the first letter of another`(
        noisy: Int, every: Int64
    ) {
        var clocked = ClockedBook()
        var reports: [Report] = []
        var hits = 0
        // Always something new, something that goes on, and something that is over.
        for round in 0..<(2 * 3600 / every) {
            for rule in 0..<noisy {
                clocked.hit("noisy\(rule)", "\(round)")
                clocked.hit("noisy\(rule)", "steady", ending: .recovery)
                hits += 2
                if round % 7 == 6 { _ = clocked.recover("noisy\(rule)") }
            }
            reports += clocked.pass(.seconds(every))
            // At any time, in this very state of the book.
            var other = clocked
            let since = other.now
            other.hit("ext4-error")
            let told = other.pass(.seconds(10)).first { $0.entries.contains { $0.incident.rule.id == "ext4-error" } }
            #expect(told.map { $0.time <= since + .seconds(10) } ?? false, "round \(round)")
        }
        reports += clocked.pass(.seconds(5 * 3600))
        #expect(most(reports) <= 12)
        #expect(reports.reduce(0) { $0 + $1.newHits } == hits)
    }

    @Test func `Of many incidents of one rule that are due at once none waits`() {
        var clocked = ClockedBook()
        for unit in 0..<10 { clocked.hit("unit-failed", "\(unit)", ending: .recovery) }
        let reports = clocked.pass(.seconds(60))
        #expect(reports.map(\.entries.count) == [1, 1, 1, 1, 1, 5])
        #expect(reports.allSatisfy { $0.time == ClockedBook.noon + .seconds(10) })
    }

    @Test func `Which letters told of what is known after a restart`() throws {
        var cap = LetterCap()
        for second in 0..<6 {
            let sort = LetterCap.Sort(rule: "r", uid: 1000, kind: second < 3 ? .further : .first)
            #expect(cap.admits(sort, limit: 12))
            cap.note(ClockedBook.noon + .seconds(second), sort)
        }
        cap.noteDigest(ClockedBook.noon + .seconds(6))
        let restored = LetterCap(json: try JSON.parse(cap.json.text))
        #expect(restored == cap)
        #expect(!restored.admits(LetterCap.Sort(rule: "s", uid: 1000), limit: 12))
        #expect(restored.room(for: LetterCap.Sort(rule: "r"), limit: 12) == 2)
    }

    @Test func `What an earlier version knew of its letters still counts`() throws {
        let cap = LetterCap(
            json: try JSON.parse("[{\"time\":1,\"uid\":7,\"repeat\":true},{\"time\":2,\"digest\":true}]"))
        #expect(!cap.admits(LetterCap.Sort(rule: "r", kind: .further), limit: 2))
        #expect(cap.admits(LetterCap.Sort(rule: "r", kind: .further), limit: 4))
    }
}
