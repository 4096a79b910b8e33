// What people are told who ask what was told, what waits, and until when.

import Formats
import Rules
import Testing

@testable import Incidents

@Suite struct OutlookTests {
    @Test func `What the cap holds back is counted, and its time is that of the digest`() throws {
        var clocked = ClockedBook { $0.maxPerHour = 4 }
        for index in 0..<10 { clocked.hit("r\(index)") }
        for index in 0..<20 { clocked.hit("em", "\(index)", severity: .emergency) }
        let reports = clocked.pass(.seconds(10))
        #expect(reports.count == 4 + 6)
        let held = clocked.book.held(at: clocked.now)
        #expect(held.map(\.isUrgent) == [true, false])
        #expect(held.map(\.count) == [14, 6])
        #expect(held.map(\.until) == [ClockedBook.noon + .seconds(300), ClockedBook.noon + .seconds(3610)])
        // Each of them says so itself, at any time.
        for seconds in [0, 100, 500, 4000] as [Int64] {
            let now = clocked.now + .seconds(seconds)
            for incident in clocked.book.openIncidents where incident.newHits > 0 {
                let next = try #require(clocked.book.nextLetter(of: incident, at: now))
                #expect(next == max(now, held[incident.isUrgent ? 0 : 1].until))
                #expect(clocked.book.telling(of: incident, at: now) == .digest)
            }
        }
        let digests = clocked.pass(.seconds(3700)).filter { $0.kind == .digest }
        #expect(digests.map(\.time) == held.map(\.until))
        #expect(clocked.book.held(at: clocked.now).isEmpty)
    }

    @Test func `What no recipient wants is recorded, counted, and not told, and takes no letter of the hour`() {
        var clocked = ClockedBook {
            $0.maxPerHour = 1
            $0.audience = [.init(minSeverity: .emergency), .init(minSeverity: .warning, rules: ["ae*"])]
        }
        for index in 0..<20 { clocked.hit("disk", "\(index)") }
        clocked.hit("aerial")
        let reports = clocked.pass(.seconds(60))
        #expect(reports.map(\.entries.first?.incident.rule.id) == ["aerial"])
        #expect(clocked.book.unaddressedCount == 20)
        let unheard = clocked.book.openIncidents.filter { $0.rule.id == "disk" }
        #expect(unheard.allSatisfy { $0.letters == 0 && $0.told == 0 })
        #expect(unheard.allSatisfy { clocked.book.telling(of: $0, at: clocked.now) == .nobody })
        #expect(unheard.allSatisfy { clocked.book.nextLetter(of: $0, at: clocked.now) == nil })
        // What gets worse is wanted.
        clocked.hit("disk", "3", severity: .emergency)
        #expect(clocked.pass(.zero).map(\.newHits) == [2])
        #expect(clocked.book.unaddressedCount == 19)
    }

    @Test func `What nobody wanted is told when somebody does, and what was to come is not when nobody does`() {
        var clocked = ClockedBook { $0.audience = [] }
        clocked.hit("disk")
        #expect(clocked.pass(.seconds(60)).isEmpty)
        clocked.book.policy.audience = [.init(minSeverity: .critical)]
        #expect(clocked.pass(.zero).map(\.newHits) == [1])
        clocked.hit("raid")
        clocked.book.policy.audience = []
        #expect(clocked.pass(.seconds(3600)).isEmpty)
        #expect(clocked.book.count == 0)
    }

    @Test func `Open incidents are counted by severity, and what was done since the start is`() {
        var clocked = ClockedBook()
        for index in 0..<60 { clocked.hit("em", "\(index)", severity: .emergency) }
        clocked.hit("a", severity: .error)
        clocked.hit("a", severity: .error)
        clocked.book.noteRecords(100)
        _ = clocked.pass(.seconds(10))
        clocked.book.beginTally(at: clocked.now)
        let counts = clocked.book.openBySeverity
        #expect(counts.map(\.severity) == [.emergency, .alert, .critical, .error, .warning])
        #expect(counts.map(\.count) == [60, 0, 0, 1, 0])
        #expect(clocked.book.tally.hits == 0)
        let run = clocked.book.run
        #expect([run.records, run.hits, run.incidents, run.reports] == [100, 62, 61, 7])
    }

    @Test func `How it stands with each is said`() {
        var clocked = ClockedBook { $0.minSeverity = .error }
        func telling(_ id: Int64) -> IncidentBook.Telling? {
            clocked.book.incident(id).map { clocked.book.telling(of: $0, at: clocked.now) }
        }
        let (slight, told) = (clocked.hit("slight", severity: .warning), clocked.hit("told"))
        _ = clocked.pass(.seconds(20))
        let waits = clocked.hit("waits")
        let late = clocked.hit("late", age: .seconds(7200))
        let silenced = clocked.hit("silenced")
        clocked.book.add(Silence(id: 1, rule: "silenced", until: clocked.now + .seconds(600), comment: ""))
        #expect(
            [slight, told, waits, late, silenced].map { telling($0) } == [.recorded, .told, .waits, .late, .silenced])
    }

    @Test func `What Herald noticed and does not tell by itself is named in the next digest, once, over a restart too`()
        throws
    {
        var clocked = ClockedBook {
            $0.maxPerHour = 1
            $0.minSeverity = .error
        }
        clocked.hit("herald-file-skipped", severity: .warning)
        clocked.hit("herald-file-skipped", severity: .warning)
        clocked.hit("noise", severity: .warning)
        for rule in ["a", "b", "c"] { clocked.hit(rule) }
        let book = clocked.book
        let stored = try JSON.parse(try #require(book.changes.book).text)
        clocked.book = IncidentBook(policy: book.policy, incidents: book.changes.open, book: stored)
        let digest = try #require(clocked.pass(.seconds(3700)).first { $0.kind == .digest })
        #expect(digest.notes == [RecordedNotes.Note(text: "herald-file-skipped a", count: 2)])
        #expect(clocked.book.tally.notes.notes == digest.notes)
        for rule in ["d", "e", "f"] { clocked.hit(rule) }
        let next = try #require(clocked.pass(.seconds(3700)).first { $0.kind == .digest })
        #expect(next.notes.isEmpty)
    }

    @Test func `What has a letter to come is counted, with the time of the first; what is silenced or told is not`() {
        var clocked = ClockedBook()
        #expect(clocked.book.lettersToCome(at: clocked.now) == nil)
        clocked.hit("a")
        clocked.hit("b")
        let waiting = clocked.book.lettersToCome(at: clocked.now)
        #expect(waiting?.incidents == 2 && waiting?.next == clocked.now + clocked.book.policy.groupWait)
        clocked.book.add(Silence(id: 1, rule: "b", until: clocked.now + .seconds(9000), comment: "c"))
        #expect(clocked.book.lettersToCome(at: clocked.now)?.incidents == 1)
        _ = clocked.pass(.seconds(60))
        #expect(clocked.book.lettersToCome(at: clocked.now) == nil)
    }

    @Test func `Of very many places the first ones are named, and all are counted`() {
        var notes = RecordedNotes()
        for number in 0..<1000 { notes.add("place \(number % 500)") }
        #expect(notes.notes.count == RecordedNotes.limit)
        #expect(notes.notes.reduce(0) { $0 + $1.count } == 1000)
        #expect(notes.notes.first?.count == 2 && notes.notes.last?.count == 1000 - 38)
    }
}
