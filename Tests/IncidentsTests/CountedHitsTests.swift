// Hits that are counted and joined together, against hits that are joined one by one: the same reports, the same incidents.

import Formats
import Rules
import TestSupport
import Testing

@testable import Incidents

extension SplitMix {
    fileprivate mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &self) }
}

@Suite struct CountedHitsTests {
    private static func facts(_ rule: Int) -> RuleFacts {
        var facts = RuleFacts(
            id: "rule\(rule)", severity: [.error, .critical, .alert, .warning][rule % 4],
            ending: [.quiet, .recovery, .event, .silent][rule / 4 % 4])
        if rule % 5 == 4 { facts.threshold = Threshold(count: 3, within: .seconds(120)) }
        return facts
    }

    private static func occurrence(_ rule: Int, _ group: Int, _ time: Timestamp) -> Occurrence {
        var occurrence = Occurrence(
            rule: facts(rule), groups: [GroupValue("g", [UInt8(group)])],
            title: "\(rule) \(group)", advice: nil, time: time, origin: Origin(host: "web1", source: "x"))
        occurrence.isAgeTrusted = rule % 2 == 0
        occurrence.captures = [CapturedValue(name: "g", value: "\(group)")]
        return occurrence
    }

    @Test("counted hits end in the same incidents and the same reports as single ones", arguments: 0..<40)
    func likeSingle(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var policy = ReportPolicy()
        (policy.incidentsPerRule, policy.samples, policy.maxPerHour) = (4, 1, 5)
        var single = IncidentBook(policy: policy)
        var counting = IncidentBook(policy: policy)
        (single.isCatchingUp, counting.isCatchingUp) = (seed % 2 == 0, seed % 2 == 0)
        var now = ClockedBook.noon
        for _ in 0..<60 {
            // One batch: all at one time.
            var counts: [Int64: CountedHits] = [:]
            for _ in 0..<random.number(0..<60) {
                let (rule, group) = (random.number(0..<16), random.number(0..<7))
                let age = [0, 0, 0, 1, 40, 90, 700, 4000][random.number(0..<8)]
                let hit = Self.occurrence(rule, group, now - .seconds(age))
                single.join(hit, at: now)
                Self.count(hit, &counts, &counting, at: now)
                if random.number(0..<40) == 0 {
                    for count in counts.values { counting.join(count, at: now) }
                    counts = [:]
                    let sign = Self.sign(random.number(0..<16), random.number(0..<7), now)
                    #expect(single.recover(sign, at: now) == counting.recover(sign, at: now))
                }
            }
            for count in counts.values { counting.join(count, at: now) }
            #expect(single.changes.open == counting.changes.open, "seed \(seed)")
            #expect(single.changes.book == counting.changes.book, "seed \(seed)")
            #expect(single.nextDue == counting.nextDue, "seed \(seed)")
            now = now + .seconds(random.number(0..<200))
            #expect(single.due(now) == counting.due(now), "seed \(seed)")
            #expect(single.changes.closed == counting.changes.closed, "seed \(seed)")
        }
    }

    /// As the watcher does it: what is new is joined by itself, and so is what gathers; the rest is counted.
    private static func count(
        _ hit: Occurrence, _ counts: inout [Int64: CountedHits], _ book: inout IncidentBook, at now: Timestamp
    ) {
        let overflow = IncidentBook.overflow(of: hit.rule.id)
        let isLate = hit.time < book.lateBefore(now, isAgeTrusted: hit.isAgeTrusted)
        let own = book.incident(with: hit.fingerprint)
        guard let id = own ?? book.rest(of: hit.rule.id, overflow) else {
            book.join(hit, at: now)
            return
        }
        if let count = counts[id], count.isLate != isLate {
            for count in counts.values { book.join(count, at: now) }
            counts = [:]
        }
        counts[
            id,
            default: CountedHits(
                incident: id, rule: own == nil ? hit.rule.ofOverflow : hit.rule, isLate: isLate)
        ].add(hit.time)
        if book.needs(of: id).gathering, let count = counts.removeValue(forKey: id) { book.join(count, at: now) }
    }

    private static func sign(_ rule: Int, _ group: Int, _ now: Timestamp) -> RecoverySign {
        var sign = RecoverySign(
            ruleID: "rule\(rule)", record: .init(source: .file("x"), message: Array("well".utf8)),
            captures: [], localHost: "web1", at: now)
        sign.captures = [CapturedValue(name: "g", value: "\(group)")]
        return sign
    }

    @Test("a timeline added to another is as if its times had been added one by one", arguments: 0..<50)
    func timelines(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var (whole, first, second) = (Timeline(), Timeline(), Timeline())
        let spans = [3, 100, 5000, 900_000]
        for _ in 0..<random.number(0..<60) {
            let time = Timestamp(seconds: 1_795_262_400 + Int64(random.number(0..<spans[random.number(0..<4)])))
            whole.add(time)
            if random.number(0..<2) == 0 { first.add(time) } else { second.add(time) }
        }
        first.add(second)
        #expect(first == whole, "seed \(seed)")
    }

    @Test("messages of one shape have one masked form", arguments: 0..<600)
    func shapes(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let pieces = [
            "0", "1", "7", "12", "0x", "1x2", "00x1f", "a", "f0", "beef", "Nov 2", "2026-11-21", "12:41:14", ".", ",",
            ":",
            "/", "/tmp/", " ", "\"", "'", "-", "%", "ms", "KiB", "@", "h.example", "10.0.0.1", "fe80::1", "#", "é", "T",
            "Z",
            "550e8400-e29b-41d4-a716-446655440000", "x8z2l", "7d8b49557c", "=", "[", "]", " sda1", " md0", "dm-3",
            "nvme0n1",
            "/dev/", "/dev/mapper/vg0-root", " enp3s0f1 ", "(eth0)",
        ]
        let message = Array(
            (0..<random.number(1..<30)).map { _ in pieces[random.number(0..<pieces.count)] }.joined().utf8)
        var shape: [UInt8] = [1, 2, 3]
        MessageShape.append(message[...], to: &shape)
        let words = "seed \(seed): \(String(decoding: message, as: UTF8.self))"
        #expect(MessageMask.masked(shape[3...]) == MessageMask.masked(message), "\(words)")
        #expect(Array(shape[..<3]) == [1, 2, 3])
        // With other digits: of one shape only where the mask makes them one.
        let other = message.map {
            $0 &- 0x30 < 10 && random.number(0..<3) == 0 ? UInt8(0x30 + random.number(0..<10)) : $0
        }
        var second: [UInt8] = [1, 2, 3]
        MessageShape.append(other[...], to: &second)
        if second == shape { #expect(MessageMask.masked(other) == MessageMask.masked(message), "\(words)") }
    }
}
