// Which incident a hit belongs to, found without building the hit; and the hits of a batch counted by incident. In a storm
// this is all that is done for a line beyond the matching: 0.2 of the 1.1 µs that a line of a storm takes (one rule, one
// group, one core of 2026); with each hit built it took 14 µs.
//
// Must stay true: a group that is known here has the fingerprint that `Occurrence` makes of its hits; `known` remembers and
// decides nothing, so it can be emptied at any time. Counted hits are of incidents that are in the book.

import Formats
import Incidents
import Records
import RuleMatching
import Rules

/// Counts hits.
struct HitCounter {
    /// A rule as far as its hits are counted.
    private struct CountedRule {
        var facts: RuleFacts
        var ofOverflow: RuleFacts
        var overflow: Fingerprint
        var groupBy: [String]?
        var parts: [Part]
        var neverGroups: Bool
    }

    /// What a rule's hits are grouped by, one after the other.
    private enum Part {
        case host
        /// The unit or the file.
        case place
        case message
        /// A capture, or a field.
        case value(String)

        init(_ name: String) {
            switch name {
            case "host": self = .host
            case "message": self = .message
            default: self = .value(name)
            }
        }
    }

    /// All that distinguishes one group of hits from another, in bytes.
    private struct GroupKey: Hashable {
        var bytes: [UInt8] = []

        // Byte by byte, as arrays are hashed and compared, would take longer than the match.
        func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
    }

    private struct Group {
        var fingerprint: Fingerprint
        /// The place of its incident in `counts`, as long as `round` is the counter's.
        var place = 0
        var round = -1
    }

    /// Where a hit goes.
    enum Way {
        /// Counted.
        case counted
        /// It has to be built and joined: its incident is new, or wants a sample.
        case toBuild
    }

    /// Hits of an incident, counted.
    private struct Count {
        var hits: CountedHits
        /// Of the last of them in the batch; nil when one that was built came after it.
        var last: Int?
        /// Below the threshold of its rule, where the time of each hit counts: they join one by one.
        var isGathering: Bool
    }

    private let rules: [CountedRule]
    private let localHost: String
    private var known: [GroupKey: Group] = [:]
    private var knownBytes = 0
    private var key = GroupKey()
    private var counts: [Count] = []
    private var placeOf: [Int64: Int] = [:]
    private var round = 0
    /// The last hit of each incident, if it was counted and not built: the record's place in the batch.
    private var last: [Int64: Int] = [:]
    /// The time of reading, and before what hits are late then.
    private var now = Timestamp(seconds: 0)
    private var lateBefore = Timestamp(seconds: 0)

    /// Of all remembered groups together.
    private static let knownLimit = 512 << 10
    /// A key longer than this is not worth remembering.
    private static let keyLimit = 4096

    init(_ rules: RuleSet, localHost: String) {
        self.localHost = localHost
        self.rules = rules.rules.map { rule in
            let facts = RuleFacts(rule)
            return CountedRule(
                facts: facts, ofOverflow: facts.ofOverflow, overflow: IncidentBook.overflow(of: rule.id),
                groupBy: rule.groupBy, parts: rule.groupBy.map { $0.map { Part($0) } } ?? [.host, .place, .message],
                neverGroups: rule.neverGroup)
        }
    }

    /// A batch begins that was read at `now`.
    mutating func begin(_ source: Source, _ book: IncidentBook, at now: Timestamp) {
        self.now = now
        lateBefore = book.lateBefore(now, isJournal: source.isJournal)
    }

    /// Counts a hit if nothing else has to be done about it.
    mutating func count(_ mark: Marks.Mark, _ view: BatchView, _ book: inout IncidentBook) -> Way {
        let time = Occurrence.plausible(view.time(of: mark), now)
        let isLate = time < lateBefore
        guard !rules[mark.rule].neverGroups else {
            guard let place = place(for: nil, mark.rule, isLate: isLate, &book) else { return .toBuild }
            return add(mark, time, to: place, &book)
        }
        makeKey(mark, view)
        let index = known.index(forKey: key)
        if let index, known.values[index].round == round {
            let place = known.values[index].place
            if counts[place].hits.isLate == isLate { return add(mark, time, to: place, &book) }
        }
        let fingerprint: Fingerprint
        if let index {
            fingerprint = known.values[index].fingerprint
        } else {
            fingerprint = view.fingerprint(
                of: mark, rules[mark.rule].facts.id, groupBy: rules[mark.rule].groupBy, localHost: localHost)
            remember(fingerprint)
        }
        guard let place = place(for: fingerprint, mark.rule, isLate: isLate, &book) else { return .toBuild }
        if let index = known.index(forKey: key) {
            known.values[index].place = place
            known.values[index].round = round
        }
        return add(mark, time, to: place, &book)
    }

    /// The hit was built and joined to this incident: it is the last one, and told.
    mutating func wasBuilt(for incident: Int64) {
        last[incident] = nil
        if let place = placeOf[incident] { counts[place].last = nil }
    }

    /// All that was counted goes into the book; what comes after looks its incident up anew.
    mutating func flush(into book: inout IncidentBook) {
        for count in counts {
            book.join(count.hits, at: now)
            if let index = count.last { last[count.hits.incident] = index }
        }
        counts.removeAll(keepingCapacity: true)
        placeOf.removeAll(keepingCapacity: true)
        round += 1
    }

    /// The end of a batch, after `flush`: its last hits, which are taken care of from here on.
    mutating func takeLast() -> [Int64: Int] {
        defer { last = [:] }
        return last
    }

    private mutating func add(
        _ mark: Marks.Mark, _ time: Timestamp, to place: Int, _ book: inout IncidentBook
    ) -> Way {
        counts[place].hits.add(time)
        counts[place].last = mark.index
        if counts[place].isGathering { flush(into: &book) }
        return .counted
    }

    /// The place in `counts` of the incident that hits of this fingerprint join; nil when there is none yet, or when it
    /// wants a sample.
    private mutating func place(
        for fingerprint: Fingerprint?, _ rule: Int, isLate: Bool, _ book: inout IncidentBook
    ) -> Int? {
        guard
            let (id, isOverflow) = book.incident(
                for: fingerprint, of: rules[rule].facts.id, overflow: rules[rule].overflow)
        else { return nil }
        if let place = placeOf[id] {
            if counts[place].hits.isLate == isLate { return place }
            // The order of late hits and others matters to when they are told.
            flush(into: &book)
        }
        let needs = book.needs(of: id)
        guard !needs.sample else { return nil }
        let facts = isOverflow ? rules[rule].ofOverflow : rules[rule].facts
        counts.append(
            Count(
                hits: CountedHits(incident: id, rule: facts, isLate: isLate), last: nil,
                isGathering: needs.gathering))
        placeOf[id] = counts.count - 1
        return counts.count - 1
    }

    private mutating func remember(_ fingerprint: Fingerprint) {
        guard key.bytes.count <= Self.keyLimit else { return }
        if knownBytes > Self.knownLimit {
            known = [:]
            knownBytes = 0
        }
        known[key] = Group(fingerprint: fingerprint)
        knownBytes += key.bytes.count + 128
    }

    // MARK: What distinguishes groups

    private mutating func makeKey(_ mark: Marks.Mark, _ view: BatchView) {
        // Taken out and put back, so that it is changed in place.
        var bytes = key.bytes
        key.bytes = []
        bytes.removeAll(keepingCapacity: true)
        Self.add(UInt32(truncatingIfNeeded: mark.rule), to: &bytes)
        if let uid = view.uid(of: mark) { Self.add(uid, to: &bytes) }
        for part in rules[mark.rule].parts {
            let start = bytes.count
            switch part {
            case .host: view.appendHost(of: mark, to: &bytes)
            case .place: view.appendPlace(of: mark, to: &bytes)
            case .message: view.appendShape(of: mark, to: &bytes)
            case .value(let name): view.appendValue(name, of: mark, to: &bytes)
            }
            // Behind each its length, so that "ab" and "c" are not "a" and "bc".
            Self.add(UInt32(clamping: bytes.count - start), to: &bytes)
        }
        key.bytes = bytes
    }

    private static func add(_ number: UInt32, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
    }
}
