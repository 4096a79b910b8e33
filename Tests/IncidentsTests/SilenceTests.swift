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
}
