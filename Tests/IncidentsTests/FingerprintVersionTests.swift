// An upgrade that masks or groups otherwise opens nothing anew: the state of an earlier version goes on under the new
// fingerprints.

import Formats
import Rules
import Testing

@testable import Incidents

@Suite struct FingerprintVersionTests {
    /// The book as an earlier version stored it: other fingerprints, with their group values or (the first version)
    /// without.
    private func aged(_ clocked: ClockedBook, keepsGroups: Bool) throws -> ClockedBook {
        var again = clocked
        var olds: [String: String] = [:]
        let open = try clocked.book.incidents.values.map { incident in
            let old = "01" + incident.fingerprint.text.dropFirst(2).reversed()
            olds[incident.fingerprint.text] = old
            var text = incident.json.text.replacing(incident.fingerprint.text, with: old)
            if !keepsGroups { text = text.replacing("\"groups\":", with: "\"of_no_meaning\":") }
            return try #require(Incident(json: try JSON.parse(text)))
        }
        var book = try #require(clocked.book.changes.book).text
        for (new, old) in olds { book = book.replacing(new, with: old) }
        again.book = IncidentBook(policy: clocked.book.policy, incidents: open, book: try JSON.parse(book))
        return again
    }

    @Test(arguments: [true, false])
    func `What is open goes on: no second first letter, and a silence of it holds`(keepsGroups: Bool) throws {
        var clocked = ClockedBook()
        let disk = clocked.hit("disk", "sda", uid: 7, ending: .recovery)
        let fan = clocked.hit("fan", "1")
        #expect(clocked.pass(.seconds(60)).count == 2)
        var silence = Silence(id: 1, until: clocked.now + .seconds(3000), comment: "")
        silence.fingerprint = clocked.book.incident(fan)?.fingerprint
        clocked.book.add(silence)
        clocked = try aged(clocked, keepsGroups: keepsGroups)
        clocked.now = clocked.now + .seconds(400)
        #expect(clocked.hit("disk", "sda", uid: 7, ending: .recovery) == disk)
        #expect(clocked.hit("fan", "1") == fan)
        #expect(clocked.hit("disk", "sdb", uid: 7, ending: .recovery) != disk)
        #expect(clocked.book.incident(disk)?.fingerprint.isCurrent == true)
        let reports = clocked.pass(.seconds(20))
        #expect(reports.map(\.kind).sorted { $0.rawValue < $1.rawValue } == [.first, .further])
        #expect(reports.allSatisfy { $0.entries.first?.incident.rule.id == "disk" })
        #expect(clocked.recover("disk", "sda").isEmpty == false)
    }

    @Test func `Of two that the new way makes one, the older goes on and the other ends by itself`() throws {
        var clocked = ClockedBook()
        let older = clocked.hit("disk", "a")
        let newer = clocked.hit("disk", "b")
        _ = clocked.pass(.seconds(60))
        let open = try clocked.book.incidents.values.map { incident in
            var text = incident.json.text.replacing(
                incident.fingerprint.text, with: "01" + incident.fingerprint.text.dropFirst(2))
            text = text.replacing(Base64.encode(Array("b".utf8)), with: Base64.encode(Array("a".utf8)))
            return try #require(Incident(json: try JSON.parse(text)))
        }
        clocked.book = IncidentBook(policy: clocked.book.policy, incidents: open, book: clocked.book.changes.book)
        #expect(clocked.hit("disk", "a") == older)
        _ = clocked.pass(.seconds(7200))
        #expect(clocked.book.incident(newer) == nil)
        #expect(clocked.book.count == 0)
    }

    @Test func `What an incident keeps of its groups holds no secret`() {
        var clocked = ClockedBook()
        let id = clocked.hit("login", "connect with password=hunter2 failed")
        #expect(clocked.book.incident(id)?.json.text.contains(Base64.encode(Array("hunter2".utf8))) == false)
        let kept = clocked.book.incident(id)?.groups.first.map { String(decoding: $0.value, as: UTF8.self) }
        #expect(kept == "connect with password=*** failed")
    }
}
