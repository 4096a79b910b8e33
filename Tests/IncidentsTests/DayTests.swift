// Days of incidents in milliseconds, at random: bursts, users, causes and effects, recoveries, silences, restarts, clocks
// that are set. Whatever happens, what is promised holds. A failure prints its seed.

import Formats
import Rules
import TestSupport
import Testing

@testable import Incidents

@Suite struct DayTests {
    @Test(arguments: 0..<6)
    func `In a day of incidents every hit is told once, and no cap or interval is broken`(number: Int) {
        let seed = number < 3 ? UInt64(number) : UInt64.random(in: 0...UInt64.max)
        var day = SimulatedDay(seed: seed)
        day.run()
        let note = Comment(rawValue: "seed \(seed)")
        #expect(day.toldHits == day.hits, note)
        #expect(day.hits > 1000, note)
        #expect(day.mostOrdinaryInAnHour <= 12, note)
        #expect(day.mostUrgentInAnHour <= 6 + 12, note)
        #expect(day.shortestUrgentDigestGap >= .seconds(300), note)
        // Six, and what a digest would have told of that user alone: a digest of one is a letter of its own.
        #expect(day.mostOfOneUserInAnHour <= 6 + 2, note)
        #expect(day.shortestGap >= .seconds(300), note)
        #expect(day.toldWhileSilenced == 0, note)
        #expect(day.leftOpen == 0, note)
        #expect(day.mixedLetters == 0, note)
        #expect(day.isIndexed, note)
    }
}

/// A book, its store, and what happens to it.
private struct SimulatedDay {
    private struct Told {
        /// Of a clock that nobody sets.
        var time: Duration
        var report: Report
    }

    private var random: SplitMix
    private var book: IncidentBook
    private var rows: [Int64: Incident] = [:]
    private var stored: JSON?
    private var monotonic = Duration.zero
    private var wall = ClockedBook.noon
    private var told: [Told] = []
    private(set) var hits = 0
    private(set) var toldWhileSilenced = 0
    /// Who keeps whom quiet was right in the index, whenever that was looked at.
    private(set) var isIndexed = true
    private var silences: Int64 = 0

    private struct Kind {
        var rule: String
        var severity: Severity
        var ending: RuleFacts.Ending = .quiet
        var uid: UInt32?
        var inhibits: [String] = []
        var groups: Int
    }
    private static let kinds = [
        Kind(rule: "raid", severity: .critical, ending: .recovery, groups: 3),
        Kind(rule: "down", severity: .alert, ending: .recovery, inhibits: ["timeout", "refused"], groups: 2),
        Kind(rule: "timeout", severity: .critical, groups: 2),
        Kind(rule: "refused", severity: .error, ending: .recovery, inhibits: ["timeout"], groups: 2),
        Kind(rule: "panic", severity: .emergency, groups: 20),
        Kind(rule: "disk", severity: .critical, ending: .silent, groups: 10),
        Kind(rule: "app", severity: .error, uid: 1000, groups: 300),
        Kind(rule: "app2", severity: .critical, uid: 1001, groups: 8),
        Kind(rule: "login", severity: .warning, ending: .event, groups: 40),
        Kind(rule: "root", severity: .critical, uid: 0, groups: 4),
    ]

    init(seed: UInt64) {
        random = SplitMix(seed: seed)
        book = IncidentBook(policy: ReportPolicy())
    }

    mutating func run() {
        while monotonic < .seconds(86400) {
            step()
            pass(.seconds(Int64(random.below(120)) + 1))
        }
        // Everything ends: recoveries come, silences run out, the rest is quiet.
        for kind in Self.kinds where kind.ending == .recovery { recover(kind.rule, nil) }
        pass(.seconds(9 * 86400))
    }

    private mutating func step() {
        switch random.below(100) {
        case 0..<60:
            let kind = Self.kinds[random.below(Self.kinds.count)]
            for _ in 0..<(random.below(20) == 0 ? 200 : 1 + random.below(3)) {
                hit(kind, random.below(kind.groups), late: random.below(50) == 0)
            }
        case 60..<75: recover(["raid", "down", "refused"][random.below(3)], String(random.below(3)))
        case 75..<77: silence()
        case 77..<80: restart()
        case 80: setClock()
        case 81: _ = silences > 0 ? book.removeSilence(silences, at: wall) : false
        default: break
        }
    }

    private mutating func hit(_ kind: Kind, _ group: Int, late: Bool) {
        // Moved there and back: a copy of the book for each hit was half of the day's time.
        var clocked = ClockedBook()
        clocked.now = wall
        swap(&clocked.book, &book)
        clocked.hit(
            kind.rule, "\(group % max(1, kind.groups))", severity: kind.severity,
            age: late ? .seconds(3600) : .zero, uid: kind.uid, ending: kind.ending, inhibits: kind.inhibits)
        swap(&clocked.book, &book)
        hits += 1
    }

    private mutating func recover(_ rule: String, _ group: String?) {
        for uid in Set(Self.kinds.map(\.uid)) where uid == nil {
            var clocked = ClockedBook()
            clocked.now = wall
            swap(&clocked.book, &book)
            _ = clocked.recover(rule, group)
            swap(&clocked.book, &book)
        }
    }

    private mutating func silence() {
        silences = book.nextSilenceID
        book.add(
            Silence(
                id: silences, rule: ["disk", "app*", "raid"][random.below(3)],
                until: wall + .seconds(Int64(random.below(7200)) + 60), comment: ""))
    }

    /// Stores what changed, and makes the book again from what is stored, as the watcher does.
    private mutating func restart() {
        var index: [Int64: Set<Int64>] = [:]
        for incident in book.incidents.values {
            if let cause = incident.inhibitedBy { index[cause, default: []].insert(incident.id) }
        }
        if index != book.inhibitedIDs { isIndexed = false }
        keep()
        let open = rows.values.sorted { $0.id < $1.id }.compactMap { try? JSON.parse($0.json.text) }
        book = IncidentBook(
            policy: book.policy, incidents: open.compactMap { Incident(json: $0) },
            book: stored.flatMap { try? JSON.parse($0.text) })
    }

    private mutating func keep() {
        let changes = book.changes
        for incident in changes.open { rows[incident.id] = incident }
        for incident in changes.closed { rows[incident.id] = nil }
        for id in changes.passed { rows[id] = nil }
        if let state = changes.book { stored = state }
        book.changesKept()
    }

    private mutating func setClock() {
        let step = Duration.seconds([-31_536_000, 31_536_000, -3600, 3600, 90][random.below(5)])
        wall = wall + step
        book.clockWasSet(by: step)
    }

    private mutating func pass(_ length: Duration) {
        let end = monotonic + length
        tell()
        while let next = book.nextDue, next - wall <= end - monotonic {
            let wait = max(next - wall, .zero)
            monotonic += wait
            wall = wall + wait
            tell()
            // A digest may be due at once.
            for _ in 0..<5 where book.nextDue.map({ $0 <= wall }) ?? false { tell() }
            guard let after = book.nextDue, after > wall else { break }
        }
        wall = wall + (end - monotonic)
        monotonic = end
        tell()
    }

    private mutating func tell() {
        for report in book.due(wall) {
            told.append(Told(time: monotonic, report: report))
            for entry in report.entries where entry.newHits > 0 && report.kind != .late {
                if book.silences.contains(where: { $0.covers(entry.incident, at: wall) }) { toldWhileSilenced += 1 }
            }
        }
        keep()
    }

    // MARK: What is promised

    var toldHits: Int { told.reduce(0) { $0 + $1.report.newHits } }
    var leftOpen: Int { book.count }
    /// Several incidents in a letter that is no digest.
    var mixedLetters: Int { told.count { !$0.report.isDigest && $0.report.entries.count != 1 } }

    private func most(_ isWanted: (Report) -> Bool) -> Int {
        let times = told.filter { isWanted($0.report) }.map(\.time)
        return times.map { first in times.count { $0 >= first && $0 < first + .seconds(3600) } }.max() ?? 0
    }

    private static func isUrgent(_ report: Report) -> Bool {
        report.kind != .late && report.kind != .silenced && report.severity.isAtLeast(.alert)
    }

    var mostOrdinaryInAnHour: Int { most { !Self.isUrgent($0) } }
    /// Six of their own, and a digest each five minutes.
    var mostUrgentInAnHour: Int { most { Self.isUrgent($0) } }

    var mostOfOneUserInAnHour: Int {
        [1000, 1001].map { uid in
            most { !$0.isDigest && $0.entries.first?.incident.origin.uid == UInt32(uid) }
        }.max() ?? 0
    }

    var shortestUrgentDigestGap: Duration {
        let times = told.filter { $0.report.kind == .digest && Self.isUrgent($0.report) }.map(\.time)
        return zip(times, times.dropFirst()).map { $1 - $0 }.min() ?? .seconds(86400)
    }

    /// Between two letters of one incident that tell of new hits while it goes on.
    var shortestGap: Duration {
        var last: [Int64: Duration] = [:]
        var shortest = Duration.seconds(86400)
        for one in told {
            for entry in one.report.entries {
                if entry.kind == .further, let before = last[entry.incident.id], !one.report.isDigest {
                    shortest = min(shortest, one.time - before)
                }
                last[entry.incident.id] = one.time
            }
        }
        return shortest
    }
}
