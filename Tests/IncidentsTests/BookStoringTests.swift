// The book survives a restart at any moment, and stores only what changed.

import Formats
import Rules
import Testing

@testable import Incidents

@Suite struct BookStoringTests {
    /// What a database would hold.
    private struct Rows {
        var open: [Int64: String] = [:]
        var closed: [Int64: String] = [:]
        var book: String?

        mutating func store(_ changes: IncidentBook.Changes) {
            for incident in changes.open { open[incident.id] = incident.json.text }
            for incident in changes.closed {
                open[incident.id] = nil
                closed[incident.id] = incident.json.text
            }
            for id in changes.passed { open[id] = nil }
            book = changes.book?.text ?? book
        }

        func restored(_ policy: ReportPolicy) throws -> IncidentBook {
            let incidents = try open.values.compactMap { Incident(json: try JSON.parse($0)) }
            #expect(incidents.count == open.count)
            return IncidentBook(policy: policy, incidents: incidents, book: try book.map { try JSON.parse($0) })
        }
    }

    @Test(arguments: [3, 17])
    func `A restart after every step changes nothing that is told`(maximum: Int) throws {
        func day(restarting: Bool) throws -> [String] {
            var clocked = ClockedBook { $0.maxPerHour = maximum }
            var rows = Rows()
            var told: [String] = []
            for step in 0..<400 {
                let severity: Severity = step % 31 == 0 ? .alert : step % 5 == 0 ? .critical : .warning
                let age: Duration = step % 41 == 0 ? .seconds(5000) : .zero
                clocked.hit(
                    "r\(step % 13)", "g\(step % 3)", severity: severity, age: age, uid: step % 4 == 0 ? 1000 : nil,
                    ending: step % 13 == 4 ? .recovery : .quiet,
                    threshold: step % 13 == 6 ? Threshold(count: 3, within: .seconds(900)) : nil)
                if step % 50 == 49 { _ = clocked.recover("r4") }
                for report in clocked.pass(.seconds(97)) {
                    let ids = report.entries.map { "\($0.incident.id)+\($0.newHits)\($0.kind.rawValue)" }
                    told.append("\(report.time.seconds) \(report.kind.rawValue) \(ids.joined(separator: " "))")
                }
                rows.store(clocked.book.changes)
                clocked.book.changesKept()
                if restarting { clocked.book = try rows.restored(clocked.book.policy) }
            }
            return told
        }
        let whole = try day(restarting: false)
        #expect(whole.count > 20)
        #expect(try day(restarting: true) == whole)
    }

    @Test func `A restart with a lower minimum tells what was below it`() throws {
        var clocked = ClockedBook { $0.minSeverity = .critical }
        var rows = Rows()
        clocked.hit("a", severity: .warning)
        #expect(clocked.pass(.seconds(60)).isEmpty)
        rows.store(clocked.book.changes)
        var policy = clocked.book.policy
        policy.minSeverity = .warning
        clocked.book = try rows.restored(policy)
        #expect(clocked.pass(.seconds(60)).flatMap(\.entries).map(\.newHits) == [1])
        _ = clocked.pass(policy.quietTime + policy.groupInterval)
        #expect(clocked.book.count == 0)
    }

    @Test func `Only what changed is stored`() {
        var clocked = ClockedBook()
        for index in 0..<50 { clocked.hit("r\(index)") }
        #expect(clocked.book.changes.open.count == 50)
        clocked.book.changesKept()
        #expect(clocked.book.changes.isEmpty)
        clocked.hit("r7")
        #expect(clocked.book.changes.open.map(\.rule.id) == ["r7"])
        #expect(clocked.book.changes.book == nil)
    }

    @Test func `Message-IDs are kept with the incident, also when it closes with its letter`() {
        var clocked = ClockedBook { $0.groupWait = .zero }
        let open = clocked.hit("a")
        let event = clocked.hit("b", ending: .event)
        _ = clocked.book.due(clocked.now)
        clocked.book.tellMessageIDs([open: ["<1@x>"], event: ["<1@x>"]])
        clocked.book.tellMessageIDs([open: ["<2@x>", "<3@x>"]])
        #expect(clocked.book.changes.open.first?.firstMessageIDs == ["<1@x>"])
        #expect(clocked.book.changes.open.first?.lastMessageIDs == ["<2@x>", "<3@x>"])
        #expect(clocked.book.changes.closed.first?.firstMessageIDs == ["<1@x>"])
    }

    @Test func `What the catalog says of the first hit stays with the incident`() throws {
        var occurrence = Occurrence(
            rule: RuleFacts(id: "a", severity: .critical), groups: [],
            title: "a", advice: nil, time: ClockedBook.noon, origin: Origin(host: "web1", source: "journal"))
        occurrence.explanation = "A process dumped core\nThis is a fault of the program."
        let incident = Incident(id: 1, occurrence, at: ClockedBook.noon, reminderAfter: .seconds(60))
        #expect(incident.explanation == occurrence.explanation)
        #expect(Incident(json: try JSON.parse(incident.json.text))?.explanation == occurrence.explanation)
        occurrence.explanation = nil
        let other = Incident(id: 2, occurrence, at: ClockedBook.noon, reminderAfter: .seconds(60))
        let restored = try #require(Incident(json: try JSON.parse(other.json.text)))
        #expect(restored.explanation == nil)
    }

    @Test(arguments: ["{}", "null", "{\"id\":1}", "{\"id\":1,\"fingerprint\":\"zz\",\"state\":\"open\"}"])
    func `What is no incident is none`(text: String) throws {
        #expect(Incident(json: try JSON.parse(text)) == nil)
    }
}
