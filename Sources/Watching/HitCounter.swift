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
        var parts: [Part]
        var neverGroups: Bool
        /// The place in `counts` of the incident that stands for its rest, as long as `restRound` is the round: until the
        /// next one nothing ends, so what has no incident now would not get one.
        var restPlace = 0
        var restRound = -1
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
        var rule: Int
        /// Of the last of them in the batch; nil when one that was built came after it.
        var last: Int?
        /// Below the threshold of its rule, where the time of each hit counts: they join one by one.
        var isGathering: Bool
    }

    private var rules: [CountedRule]
    private let localHost: String
    private var known = GroupTable()
    /// What distinguishes the group of the hit that is looked at; its memory serves for the next one too.
    private var key: [UInt8] = []
    private var pieces = FingerprintPieces()
    /// The host's name that was looked at last, as records have it and as it counts.
    private var host: (named: ArraySlice<UInt8>?, counted: [UInt8])
    private var counts: [Count] = []
    private var placeOf: [Int64: Int] = [:]
    private var round = 0
    /// The last hit of each incident, if it was counted and not built: the record's place in the batch.
    private var last: [Int64: Int] = [:]
    /// The time of reading, and before what hits are late then.
    private var now = Timestamp(seconds: 0)
    private var lateBefore = Timestamp(seconds: 0)

    init(_ rules: RuleSet, localHost: String) {
        self.localHost = localHost
        host = (nil, Array(localHost.utf8))
        self.rules = rules.rules.map { rule in
            let facts = RuleFacts(rule)
            return CountedRule(
                facts: facts, ofOverflow: facts.ofOverflow, overflow: IncidentBook.overflow(of: rule.id),
                parts: rule.groupBy.map { $0.map { Part($0) } } ?? [.host, .place, .message],
                neverGroups: rule.neverGroup)
        }
    }

    /// A batch begins that was read at `now`.
    mutating func begin(_ book: IncidentBook, isAgeTrusted: Bool, at now: Timestamp) {
        self.now = now
        lateBefore = book.lateBefore(now, isAgeTrusted: isAgeTrusted)
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
        let number: Int
        if let met = known.number(of: key) {
            number = met
            if known[number].round == round {
                let place = known[number].place
                if counts[place].hits.isLate == isLate { return add(mark, time, to: place, &book) }
            }
        } else {
            number = known.add(key, fingerprint(of: mark, view))
        }
        guard let place = place(for: known[number].fingerprint, mark.rule, isLate: isLate, &book) else {
            return .toBuild
        }
        known[number].place = place
        known[number].round = round
        return add(mark, time, to: place, &book)
    }

    /// The hit was built and joined to this incident: it is the last one, and told.
    mutating func wasBuilt(for incident: Int64) {
        last[incident] = nil
        if let place = placeOf[incident] { counts[place].last = nil }
    }

    /// Whether hits of that rule were counted that are not in the book yet.
    func isCounting(_ rule: Int) -> Bool { counts.contains { $0.rule == rule } }

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
        let id: Int64
        var isRest = false
        if let fingerprint, let own = book.incident(with: fingerprint) {
            id = own
        } else {
            if rules[rule].restRound == round, counts[rules[rule].restPlace].hits.isLate == isLate {
                return rules[rule].restPlace
            }
            guard let rest = book.rest(of: rules[rule].facts.id, rules[rule].overflow) else { return nil }
            (id, isRest) = (rest, true)
        }
        if let place = placeOf[id] {
            if counts[place].hits.isLate == isLate { return place }
            // The order of late hits and others matters to when they are told.
            flush(into: &book)
        }
        let needs = book.needs(of: id)
        guard !needs.sample else { return nil }
        let facts = isRest ? rules[rule].ofOverflow : rules[rule].facts
        counts.append(
            Count(
                hits: CountedHits(incident: id, rule: facts, isLate: isLate), rule: rule, last: nil,
                isGathering: needs.gathering))
        placeOf[id] = counts.count - 1
        if isRest { (rules[rule].restPlace, rules[rule].restRound) = (counts.count - 1, round) }
        return counts.count - 1
    }

    // MARK: What distinguishes groups

    /// Of a message the shape, which is cheaper than what counts of it.
    private mutating func makeKey(_ mark: Marks.Mark, _ view: BatchView) {
        // Taken out and put back, so that it is changed in place.
        var bytes = key
        key = []
        bytes.removeAll(keepingCapacity: true)
        Self.add(UInt32(truncatingIfNeeded: mark.rule), to: &bytes)
        if let uid = view.uid(of: mark) { Self.add(uid, to: &bytes) }
        for part in rules[mark.rule].parts {
            let start = bytes.count
            switch part {
            case .host:
                let host = view.host(of: mark)
                bytes.append(contentsOf: host ?? [])
                bytes.append(host == nil ? 0 : 1)  // a name may be empty
            case .place:
                let unit = view.unit(of: mark)
                bytes.append(contentsOf: unit ?? view.source)
                bytes.append(unit == nil ? 0 : 1)  // a unit may have the name of a source
            case .message: MessageShape.append(view.message(of: mark), to: &bytes)
            case .value(let name): bytes.append(contentsOf: view.value(name, of: mark) ?? [])
            }
            // Behind each its length, so that "ab" and "c" are not "a" and "bc".
            Self.add(UInt32(clamping: bytes.count - start), to: &bytes)
        }
        key = bytes
    }

    private static func add(_ number: UInt32, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
    }

    /// The fingerprint that `Occurrence` makes of the hit, of a rule that groups.
    private mutating func fingerprint(of mark: Marks.Mark, _ view: BatchView) -> Fingerprint {
        pieces.begin(rule: rules[mark.rule].facts.id, uid: view.uid(of: mark))
        for part in rules[mark.rule].parts {
            switch part {
            case .host:
                noteHost(view.host(of: mark))
                pieces.add("host", host.counted[...])
            case .place:
                let unit = view.unit(of: mark).map { Array(String(decoding: $0, as: UTF8.self).utf8)[...] }
                pieces.add("place", unit ?? view.shownSource)
            case .message: pieces.add("message", view.message(of: mark))
            case .value(let name): pieces.add(name, view.value(name, of: mark) ?? [])
            }
        }
        return pieces.fingerprint
    }

    private mutating func noteHost(_ named: ArraySlice<UInt8>?) {
        if named == host.named { return }
        let name = named.map { String(decoding: $0, as: UTF8.self) }
        host = (named.map { Array($0)[...] }, Array((Origin.safe(name) ?? localHost).utf8))
    }
}
