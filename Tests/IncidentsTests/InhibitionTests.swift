// One open incident explains others: they are quiet, in chains and circles too, and nothing of them is lost.

import Formats
import Rules
import Testing

@testable import Incidents

@Suite struct InhibitionTests {
    private func rules(_ reports: [Report]) -> [String] { reports.compactMap(\.entries.first?.incident.rule.id) }

    @Test func `When the cause ends, what is still open is told, and what is over stands in the cause's last letter`() {
        var clocked = ClockedBook()
        clocked.hit("down", "x", ending: .recovery, inhibits: ["timeout", "refused"])
        clocked.hit("timeout", "x", ending: .recovery)
        clocked.hit("refused", "x", ending: .recovery)
        var reports = clocked.pass(.seconds(3000))
        #expect(rules(reports) == ["down"])
        #expect(reports.first?.newHits == 1)
        _ = clocked.recover("timeout")
        reports = clocked.pass(.seconds(3000))
        #expect(reports.isEmpty)
        _ = clocked.recover("down")
        reports = clocked.pass(.seconds(600))
        #expect(rules(reports) == ["down", "refused"])
        #expect(reports.first?.kind == .recovered)
        #expect(reports.first?.quieted.map(\.incident.rule.id) == ["timeout"])
        #expect(reports.first?.newHits == 1)
        #expect(reports.last?.newHits == 1)
    }

    @Test func `A later letter of the cause says what it keeps quiet`() {
        var clocked = ClockedBook()
        clocked.hit("down", "x", ending: .recovery, inhibits: ["timeout"])
        clocked.hit("timeout", "x")
        _ = clocked.pass(.seconds(100))
        clocked.hit("down", "x", ending: .recovery, inhibits: ["timeout"])
        let reports = clocked.pass(.seconds(400))
        #expect(rules(reports) == ["down"])
        #expect(reports.first?.keptQuietCount == 1)
        #expect(reports.first?.keptQuiet.first?.hasPrefix("timeout x") == true)
    }

    @Test func `Another device is another matter`() {
        var clocked = ClockedBook()
        clocked.hit("controller", "sda", ending: .recovery, inhibits: ["io"])
        clocked.hit("io", "sda")
        clocked.hit("io", "sdb")
        let told = clocked.pass(.seconds(100)).compactMap { $0.entries.first?.incident.title }
        #expect(Set(told) == ["controller sda", "io sdb"])
    }

    @Test func `In a chain the first cause alone is told`() {
        var clocked = ClockedBook()
        clocked.hit("a", "x", ending: .recovery, inhibits: ["b"])
        clocked.hit("b", "x", ending: .recovery, inhibits: ["c"])
        clocked.hit("c", "x")
        #expect(rules(clocked.pass(.seconds(1000))) == ["a"])
        _ = clocked.recover("a")
        #expect(rules(clocked.pass(.seconds(1000))) == ["a", "b"])
        _ = clocked.recover("b")
        #expect(rules(clocked.pass(.seconds(1000))).sorted() == ["b", "c"])
    }

    @Test(arguments: [2, 3, 5])
    func `In a circle one is told, the most severe, and none waits for ever`(size: Int) {
        var clocked = ClockedBook()
        for index in 0..<size {
            let severity: Severity = index == size - 1 ? .critical : .error
            clocked.hit("r\(index)", "x", severity: severity, ending: .recovery, inhibits: ["r\((index + 1) % size)"])
        }
        #expect(rules(clocked.pass(.seconds(3000))) == ["r\(size - 1)"])
        var told: [String] = []
        for index in (0..<size).reversed() {
            _ = clocked.recover("r\(index)")
            let reports = clocked.pass(.seconds(3000))
            told += rules(reports) + reports.flatMap(\.quieted).map(\.incident.rule.id)
        }
        #expect(Set(told).count == size)
    }

    @Test func `A rule does not inhibit itself, and a cause that nobody hears of inhibits nothing`() {
        var clocked = ClockedBook { $0.minSeverity = .critical }
        clocked.hit("self", "x", ending: .recovery, inhibits: ["self"])
        clocked.hit("quiet", "x", severity: .warning, ending: .recovery, inhibits: ["loud"])
        clocked.hit("loud", "x")
        #expect(rules(clocked.pass(.seconds(100))).sorted() == ["loud", "self"])
    }

    @Test func `What the cap holds back is kept quiet as well`() {
        var clocked = ClockedBook {
            $0.groupWait = .zero
            $0.maxPerHour = 1
        }
        clocked.hit("first", "x")
        clocked.hit("timeout", "x")
        #expect(clocked.book.due(clocked.now).count == 1)
        clocked.hit("down", "x", severity: .alert, ending: .recovery, inhibits: ["timeout", "first"])
        #expect(rules(clocked.pass(.seconds(7200))).contains("timeout") == false)
    }

    @Test func `The end of what was told of is told, though a cause or a silence is there`() {
        var clocked = ClockedBook()
        clocked.hit("timeout", "x", ending: .recovery)
        _ = clocked.pass(.seconds(100))
        clocked.hit("down", "x", ending: .recovery, inhibits: ["timeout"])
        clocked.book.add(Silence(id: 1, rule: "timeout", until: clocked.now + .seconds(86400), comment: ""))
        _ = clocked.pass(.seconds(100))
        _ = clocked.recover("timeout")
        let reports = clocked.pass(.seconds(10))
        #expect(reports.map(\.kind) == [.recovered])
    }

    @Test func `Rules in a circle with as many incidents as there may be: one of each circle is told`() {
        var clocked = ClockedBook {
            $0.maxPerHour = 1000
            $0.incidentsPerRule = 1000
        }
        for device in 0..<250 {
            for index in 0..<4 {
                let severity: Severity = index == device % 4 ? .critical : .error
                let next = ["r\((index + 1) % 4)", "r\((index + 2) % 4)"]
                clocked.hit("r\(index)", "d\(device)", severity: severity, ending: .recovery, inhibits: next)
            }
        }
        let told = clocked.pass(.seconds(60)).flatMap(\.entries).map(\.incident)
        // The most severe of each, and the one that it does not name.
        #expect(told.count { $0.severity == .critical } == 250)
        #expect(Set(told.map(\.captures)).count == 250)
    }

    @Test func `When many end, each wakes those that it kept quiet, after a restart too`() throws {
        var clocked = ClockedBook { $0.maxPerHour = 1000 }
        for device in 0..<100 {
            clocked.hit("down", "\(device)", severity: .alert, ending: .recovery, inhibits: ["io"])
            clocked.hit("io", "\(device)", ending: .recovery)
        }
        _ = clocked.pass(.seconds(60))
        #expect(clocked.book.inhibitedIDs.count == 100)
        let rows = try clocked.book.changes.open.map { try JSON.parse($0.json.text) }.compactMap { Incident(json: $0) }
        clocked.book = IncidentBook(policy: clocked.book.policy, incidents: rows, book: clocked.book.changes.book)
        #expect(clocked.book.inhibitedIDs.count == 100)
        for device in 0..<50 { _ = clocked.recover("down", "\(device)") }
        let told = rules(clocked.pass(.seconds(200))).filter { $0 == "io" }
        #expect(told.count == 50)
        #expect(clocked.book.inhibitedIDs.count == 50)
    }
}
