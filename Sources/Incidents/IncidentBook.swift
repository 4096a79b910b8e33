// The incidents that are open, and when which of them is told. It takes hits and times and gives reports; it asks no
// clock and keeps nothing itself: whoever calls it stores `changes` in the transaction that stores the checkpoint of the
// records behind them, and then says `changesKept()`.
//
// Must stay true: every hit that joined an open incident stands in exactly one report (`Report.Entry.newHits`), however
// it is delayed, capped or silenced, unless the severity is below what is told at all, or nobody wants to be told. Memory
// is bounded by the number of incidents, not of hits.

import Formats
import Rules

/// All open incidents.
package struct IncidentBook: Sendable {
    package var policy: ReportPolicy {
        didSet { applyPolicy() }
    }
    package internal(set) var silences: [Silence] = []
    /// What was written while nobody read is being read.
    package var isCatchingUp = true
    /// Seconds that this host's clocks are ahead of UTC, for times in what the book itself words.
    package var utcOffset = 0

    var incidents: [Int64: Incident] = [:]
    var byFingerprint: [Fingerprint: Int64] = [:]
    var idsByRule: [String: Set<Int64>] = [:]
    /// The incidents that one keeps quiet, by that one's id.
    var inhibitedIDs: [Int64: Set<Int64>] = [:]
    var lastID: Int64 = 0
    /// Incidents whose fingerprint is of an earlier version and could not be made anew.
    var outdated: Set<Int64> = []
    /// The rules in force that wait for a line, by id, and what they wait for.
    var expected: [String: Rule] = [:]
    var expectations: [Fingerprint: Expectation] = [:]
    /// Since when expectations that are due wait for the sources to be read to their ends.
    var judgementWaits: Timestamp?
    /// What was done since the start of the program: it counts up, and nothing but a start resets it.
    package internal(set) var run = Tally(since: .distantPast)
    /// Of the last silence that was made.
    var lastSilenceID: Int64 = 0
    /// What was done since the last heartbeat.
    package internal(set) var tally = Tally(since: .distantPast)

    /// What the next digest tells besides.
    var notes = RecordedNotes()

    /// Letters of the last hour: critical and below; emergency and alert.
    var cap = LetterCap()
    var urgentCap = LetterCap(isUrgent: true)
    /// When the digest of what the cap held back is due.
    var digestDue: Timestamp?
    var urgentDigestDue: Timestamp?
    /// Since when late hits wait for their digest, and when the last such digest went.
    var lateSince: Timestamp?
    var lastLateDigest: Timestamp?
    /// The latest time that the book was told, to notice a clock that goes back.
    var latest: Timestamp = .distantPast
    /// Of it, what is stored.
    var latestKept: Timestamp = .distantPast
    /// Nothing can be due before this, unless something waits for all to be read, and all is.
    var nextCheck: Timestamp?
    var awaitsCatchUp = false

    var changed: Set<Int64> = []
    var closed: [Incident] = []
    var passed: [Int64] = []
    var bookChanged = false

    package init(policy: ReportPolicy) { self.policy = policy }

    // MARK: What happens

    /// A hit joins the open incident with its fingerprint, or opens one. Returns the incident's id.
    @discardableResult
    package mutating func join(_ occurrence: Occurrence, at now: Timestamp) -> Int64 {
        notice(now)
        let occurrence = bounded(occurrence)
        let id = byFingerprint[occurrence.fingerprint] ?? adopt(occurrence) ?? open(occurrence, at: now)
        var one = CountedHits(
            incident: id, rule: occurrence.rule,
            isLate: occurrence.time < lateBefore(now, isAgeTrusted: occurrence.isAgeTrusted))
        one.add(occurrence.time)
        join(one, occurrence.sample, at: now)
        noteRecorded(occurrence, of: id)
        return id
    }

    /// Hits join their incident, which is in the book.
    package mutating func join(_ counted: CountedHits, at now: Timestamp) {
        notice(now)
        join(counted, nil, at: now)
    }

    /// Hits before this are late, when they are read at `now`. The stamps of a file's lines may be hours off (a container
    /// that writes UTC without saying so), and so may the clock of a collector's host: they tell of lateness only while
    /// there is something to catch up with.
    /// - Parameter isAgeTrusted: as the source says (`SourceDelivery`).
    package func lateBefore(_ now: Timestamp, isAgeTrusted: Bool) -> Timestamp {
        isAgeTrusted || isCatchingUp ? now - policy.lateAfter : .distantPast
    }

    /// The incident that hits with that fingerprint join.
    package func incident(with fingerprint: Fingerprint) -> Int64? { byFingerprint[fingerprint] }

    /// The incident that stands for the rest of a rule, if a hit of the rule that has none of its own would join it.
    /// - Parameter fingerprint: `overflow(of: rule)`, which the caller keeps.
    package func rest(of rule: String, _ fingerprint: Fingerprint) -> Int64? {
        isFull(for: rule) ? byFingerprint[fingerprint] : nil
    }

    /// What the next hit of this incident needs: a sample, apart from the last one of a batch; to join by itself, because
    /// it counts towards its rule's threshold.
    package mutating func needs(of id: Int64) -> (sample: Bool, gathering: Bool) {
        guard let index = incidents.index(forKey: id) else { return (true, false) }
        let limit = sampleLimit
        // Looked at in place, as if it were changed: to take an incident out is to copy a dozen texts.
        func look(_ incident: inout Incident) -> (sample: Bool, gathering: Bool) {
            (incident.samples.count < limit - 1, incident.state == .gathering)
        }
        return look(&incidents.values[index])
    }

    /// Whether there is an incident of that rule which a recovery could end.
    package mutating func awaitsRecovery(of rule: String) -> Bool {
        // In place, as in `needs`.
        func isOpen(_ incident: inout Incident) -> Bool { !incident.isOver }
        for id in idsByRule[rule] ?? [] {
            if let index = incidents.index(forKey: id), isOpen(&incidents.values[index]) { return true }
        }
        return false
    }

    /// Whether a hit with that fingerprint would begin an incident.
    package func isNew(_ fingerprint: Fingerprint) -> Bool { byFingerprint[fingerprint] == nil }

    /// Puts a sample in place of the newest of that incident: the last hit of a batch is worth more than the last but one.
    package mutating func replaceLastSample(_ sample: Sample, of id: Int64) {
        guard let index = incidents.index(forKey: id) else { return }
        let limit = sampleLimit
        incidents.values[index].keep(sample, limit: limit)
        noteChange(incidents.values[index])
    }

    /// Adds lines that came after a sample was taken.
    package mutating func addContext(_ lines: [String], toSampleAt time: Timestamp, text: String, of id: Int64) {
        guard var incident = incidents[id],
            let index = incident.samples.lastIndex(where: { $0.time == time && $0.text == text })
        else { return }
        incident.samples[index].append(after: lines)
        put(incident)
    }

    /// The Message-ID of the letter that told of these incidents: theirs to refer to from now on.
    package mutating func tellMessageIDs(_ letters: [Int64: [String]]) {
        for (id, all) in letters {
            let messageIDs = Array(all.prefix(Incident.threadLimit))
            func note(_ incident: inout Incident) {
                if incident.firstMessageIDs.isEmpty { incident.firstMessageIDs = messageIDs }
                incident.lastMessageIDs = messageIDs
            }
            if var incident = incidents[id] {
                note(&incident)
                put(incident)
            } else if let index = closed.firstIndex(where: { $0.id == id }) {
                note(&closed[index])
            }
        }
    }

    // MARK: What is asked

    /// What `group: never` groups the next hit by: no two hits have the same.
    package var nextSerial: String { String(lastID + 1) }
    /// When `due` has to be called next; nil: not before something happens.
    package var nextDue: Timestamp? { nextCheck }
    package var openIncidents: [Incident] { incidents.values.filter { $0.state == .open }.sorted { $0.id < $1.id } }
    /// The open ones that are severe enough to be told, or wanted by somebody.
    package var severeIncidents: [Incident] { openIncidents.filter(policy.matters) }
    /// Of these, how many nobody wants to be told of.
    package var unaddressedCount: Int { severeIncidents.count { !policy.tells($0) } }
    package var count: Int { incidents.count }
    package var nextSilenceID: Int64 { max(lastSilenceID, silences.map(\.id).max() ?? 0) + 1 }
    package func incident(_ id: Int64) -> Incident? { incidents[id] }

    private var sampleLimit: Int { incidents.count > 200 ? min(3, policy.samples) : max(1, policy.samples) }

    // MARK: The way of one hit

    /// Beyond the bounds, what would be one more incident joins one that stands for the rest of its rule.
    private func bounded(_ occurrence: Occurrence) -> Occurrence {
        guard byFingerprint[occurrence.fingerprint] == nil, isFull(for: occurrence.rule.id) else { return occurrence }
        var rest = occurrence
        rest.groups = Self.overflowGroups
        rest.fingerprint = Self.overflow(of: rest.rule.id)
        rest.rule = rest.rule.ofOverflow
        if byFingerprint[rest.fingerprint] == nil {
            rest.title = "Too many different incidents of \(rest.rule.id); the latest: \(rest.title)"
        }
        return rest
    }

    private func isFull(for rule: String) -> Bool {
        incidents.count >= policy.incidentsInAll || (idsByRule[rule]?.count ?? 0) >= policy.incidentsPerRule
    }

    /// The identity of the incident that stands for the rest of a rule.
    package static func overflow(of rule: String) -> Fingerprint {
        Fingerprint(rule: rule, uid: nil, groups: overflowGroups)
    }

    private static let overflowGroups = [GroupValue("overflow", [])]

    /// The incident of an earlier version that this hit is one more of, as far as can be told.
    private mutating func adopt(_ occurrence: Occurrence) -> Int64? {
        guard !outdated.isEmpty else { return nil }
        let id = outdated.sorted().first { id in
            guard let incident = incidents[id] else { return false }
            return incident.rule.id == occurrence.rule.id && incident.title == occurrence.title
                && incident.origin.uid == occurrence.origin.uid && incident.origin.host == occurrence.origin.host
                && incident.origin.place == occurrence.origin.place
        }
        guard let id, let incident = incidents[id] else { return nil }
        rename(incident, occurrence.fingerprint, occurrence.groups.map(\.withoutSecrets))
        return id
    }

    private mutating func open(_ occurrence: Occurrence, at now: Timestamp) -> Int64 {
        lastID += 1
        bookChanged = true
        tally.incidents += 1
        run.incidents += 1
        var incident = Incident(id: lastID, occurrence, at: now, reminderAfter: policy.repeatInterval)
        incident.groups = occurrence.groups.map(\.withoutSecrets)
        incidents[lastID] = incident
        byFingerprint[occurrence.fingerprint] = lastID
        idsByRule[occurrence.rule.id, default: []].insert(lastID)
        return lastID
    }

    /// Changed in place: an incident holds a dozen texts, and a copy of it for each hit of a storm is what costs most.
    private mutating func join(_ counted: CountedHits, _ sample: Sample?, at now: Timestamp) {
        guard counted.count > 0, let index = incidents.index(forKey: counted.incident) else { return }
        let limit = sampleLimit
        tally.hits += counted.count
        run.hits += counted.count
        let effect = incidents.values[index].take(counted, sample, limit: limit, policy, at: now)
        if effect.isLate {
            lateSince = lateSince ?? now
            bookChanged = true
        }
        if effect.movesEvent {
            noteChange(incidents.values[index])
        } else {
            changed.insert(counted.incident)
        }
    }
}

extension RuleFacts {
    /// Of the incident that stands for the rest of a rule: it is told from its first hit.
    package var ofOverflow: RuleFacts {
        var facts = self
        facts.threshold = nil
        return facts
    }
}
