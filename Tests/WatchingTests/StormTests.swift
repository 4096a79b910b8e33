// What the watcher counts where it stands, against the plain way: every hit built and joined by itself.

import Formats
import Incidents
import Records
import RuleMatching
import Rules
import TestSupport
import Testing

@testable import Watching

private let rules = """
    rules:
      - {id: by-capture, title: "{what} failed", severity: critical, match: ['(?<what>[a-z]+) failed'], group_by: [host, what]}
      - {id: by-message, title: t, severity: error, match: ['worker \\d+ died']}
      - {id: by-field, title: t, severity: alert, match: ['panic'], group_by: [identifier, pid]}
      - {id: each, title: t, severity: critical, match: ['job lost'], group: never}
      - {id: many, title: t, severity: error, match: ['refused'], group_by: [host], threshold: {count: 20, within: 1m}}
      - id: disk
        title: "{disk}"
        severity: critical
        match: ['(?<disk>sd[a-z]) bad']
        recovered_by: ['(?<disk>sd[a-z]) good']
        group_by: [disk]
    """

@Suite struct StormTests {
    @Test("what is counted where it stands ends in the same incidents as hits that are built", arguments: 0..<24)
    func likeBuilt(seed: UInt64) throws {
        var random = Lines(seed: seed)
        let folder = try WatcherFolder(rules: rules)
        let watcher = try folder.watcher(folder.settings("group_wait: 0s, samples: 3"))
        // Of more than so many groups the rest goes into one.
        if seed % 2 == 1 { (watcher.book.policy.incidentsPerRule, watcher.book.policy.incidentsInAll) = (3, 30) }
        var plain = IncidentBook(policy: watcher.book.policy)
        for _ in 0..<8 {
            let batch = random.batch(folder.time.wall)
            let now = folder.time.wall
            watcher.observe(batch, at: now)
            Self.join(watcher.matcher.matches(in: batch), &plain, host: watcher.host, at: now)
            #expect(Self.stripped(watcher.book.changes.open) == Self.stripped(plain.changes.open), "seed \(seed)")
            #expect(Self.stripped(watcher.book.changes.closed) == Self.stripped(plain.changes.closed), "seed \(seed)")
            let (mine, theirs) = (watcher.book.due(now), plain.due(now))
            #expect(mine.map(\.newHits) == theirs.map(\.newHits), "seed \(seed)")
            #expect(
                mine.map { Self.stripped($0.entries.map(\.incident)) }
                    == theirs.map { Self.stripped($0.entries.map(\.incident)) })
            folder.pass(.seconds([1, 60, 400][Int.random(in: 0..<3, using: &random)]))
        }
    }

    @Test("the last of a thousand hits is shown, with the lines around it, in whichever batch it came")
    func lastHit() throws {
        let folder = try WatcherFolder(rules: rules)
        let watcher = try folder.watcher(folder.settings("group_wait: 0s, samples: 3, context_lines: 1"))
        func observe(_ lines: [String]) {
            let context = LineContext(readAt: folder.time.wall)
            watcher.observe(
                RecordBatch(lines: Array(lines.joined(separator: "\n").utf8), source: .file("/x"), context: context),
                at: folder.time.wall)
        }
        for number in 0..<10 { observe((0..<100).map { "\($0) of \(number): disk failed" }) }
        observe(["before", "the last: disk failed"])
        observe(["after", "quiet"])
        watcher.showLastHits()
        let incident = try #require(watcher.book.openIncidents.first)
        #expect(incident.hits == 1001)
        #expect(incident.samples.count == 3)
        #expect(incident.samples.last?.text == "the last: disk failed")
        #expect(incident.samples.last?.before == ["before"])
        for _ in 0..<10 { observe(["quiet"]) }
        for number in 0..<20 { observe(["batch \(number)", "\(number) batches: disk failed", "end"]) }
        watcher.showLastHits()
        let last = try #require(watcher.book.openIncidents.first?.samples.last)
        #expect(last.text == "19 batches: disk failed")
        #expect(last.before == ["batch 19"] && last.after == ["end"])
    }

    /// The plain way.
    private static func join(_ matches: Matches, _ book: inout IncidentBook, host: String, at now: Timestamp) {
        var recoveries = matches.recoveries[...]
        func recover(_ recovery: Matches.Recovery) {
            book.recover(
                RecoverySign(
                    ruleID: recovery.rule.id, record: recovery.record, captures: recovery.captures, localHost: host,
                    at: now), at: now)
        }
        for found in matches.hits
        where found.hit.record.identifier != "herald-mailer" || found.hit.record.unit != "herald-mailer.service" {
            while let recovery = recoveries.first, recovery.index < found.index { recover(recoveries.removeFirst()) }
            book.join(Occurrence(found.hit, localHost: host, serial: book.nextSerial, at: now), at: now)
        }
        for recovery in recoveries { recover(recovery) }
    }

    private static func stripped(_ incidents: [Incident]) -> [Incident] {
        incidents.map { incident in
            var incident = incident
            incident.samples = []
            incident.shownSamples = []
            return incident
        }
    }
}

/// Random lines that hit the rules above (SplitMix64, so that a failure can be repeated).
private struct Lines: RandomNumberGenerator {
    private var random: SplitMix
    init(seed: UInt64) { random = SplitMix(seed: seed) }
    mutating func next() -> UInt64 { random.next() }

    private mutating func pick<T>(_ items: [T]) -> T { items[Int.random(in: 0..<items.count, using: &self)] }

    mutating func message() -> String {
        let number = Int.random(in: 0..<2000, using: &self)
        return pick([
            "\(pick(["disk", "fan", "link"])) failed", "worker \(number) died",
            "worker \(number) died in /srv/\(number)/x",
            "worker \(number) died of \(pick(["love", "\"\(number)\"", "é"]))",
            "worker \(number) died: \(pick(["a@b.example", "10.0.0.\(number)", "fe80::\(number)", "12:41:14", "Nov 21"]))",
            "panic", "job lost", "refused", "\(pick(["sda", "sdb"])) bad", "\(pick(["sda", "sdb"])) good",
            "sda bad, disk failed", "all is quiet",
        ])
    }

    mutating func batch(_ now: Timestamp) -> RecordBatch {
        switch Int.random(in: 0..<5, using: &self) {
        case 0: return journal(now)
        case 1: return lines(now) { "{\"msg\":\"\($0)\",\"host\":\"\($1)\",\"pid\":\($2)}" }
        case 2:
            let start = pick(["", "<3>Nov 21 12:41:14 ", "2026-11-21T12:41:14.25+00:00 "])
            return lines(now) { "\(start)\($1) app[\($2)]: \($0)" }
        default:
            let day = pick(["Nov 21", "Nov 20"])
            return lines(now) { "\(day) 12:41:14 \($1) app\($2)[\($2)]: \($0)" }
        }
    }

    private mutating func lines(_ now: Timestamp, _ line: (String, String, Int) -> String) -> RecordBatch {
        var text = ""
        for _ in 0..<Int.random(in: 0..<150, using: &self) {
            text +=
                line(message(), pick(["web1", "a-long-host-name.example.org", "herald"]), pick([1, 22, 333])) + "\n"
        }
        return RecordBatch(
            lines: Array(text.utf8), source: .file(pick(["/a", "/b"])), context: LineContext(readAt: now))
    }

    private mutating func journal(_ now: Timestamp) -> RecordBatch {
        var entries = JournalEntries()
        var (bytes, ranges): ([UInt8], [Range<Int>]) = ([], [])
        for _ in 0..<Int.random(in: 0..<150, using: &self) {
            entries.beginEntry(time: now - .seconds(pick([0, 1, 900])))
            entries.append("_HOSTNAME=\(pick(["web1", "web2"]))")
            entries.append("_UID=\(pick([0, 1000, 1001]))")
            if pick([true, false]) { entries.append("_SYSTEMD_UNIT=\(pick(["a", "b", "herald-mailer"])).service") }
            entries.append("SYSLOG_IDENTIFIER=\(pick(["app", "herald-mailer"]))")
            let start = bytes.count
            bytes += Array(message().utf8)
            ranges.append(start..<bytes.count)
            bytes.append(0x0a)
        }
        return RecordBatch(source: .journal(""), bytes: bytes, ranges: ranges, origin: .journal(entries))
    }
}
