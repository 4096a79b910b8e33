// The incidents that are open, and when which of them is told. It takes hits and times and gives reports; it asks no
// clock and keeps nothing itself: whoever calls it stores `changes` in the transaction that stores the checkpoint of the
// records behind them, and then says `changesKept()`.
//
// Must stay true: every hit that joined an open incident stands in exactly one report (`Report.Entry.newHits`), however
// it is delayed, capped or silenced, unless the severity is below what is told at all. Memory is bounded by the number
// of incidents, not of hits.

import Formats
import Rules

/// All open incidents.
package struct IncidentBook: Sendable {
    package var policy: ReportPolicy {
        didSet { applyPolicy() }
    }
    package internal(set) var silences: [Silence] = []

    var incidents: [Int64: Incident] = [:]
    var byFingerprint: [Fingerprint: Int64] = [:]
    var countByRule: [String: Int] = [:]
    var lastID: Int64 = 0

    /// Letters of the last hour: critical and below; emergency and alert.
    var cap = LetterCap()
    var urgentCap = LetterCap()
    /// When the digest of what the cap held back is due.
    var digestDue: Timestamp?
    var urgentDigestDue: Timestamp?
    /// Since when late hits wait for their digest, and when the last such digest went.
    var lateSince: Timestamp?
    var lastLateDigest: Timestamp?
    /// The latest time that the book was told, to notice a clock that goes back.
    var latest: Timestamp = .distantPast
    /// Nothing can be due before this.
    var nextCheck: Timestamp?

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
        let id = byFingerprint[occurrence.fingerprint] ?? open(occurrence, at: now)
        guard var incident = incidents[id] else { return id }
        incident.hits += 1
        incident.lastHit = now
        incident.firstSeen = min(incident.firstSeen, occurrence.time)
        incident.lastSeen = max(incident.lastSeen, occurrence.time)
        incident.timeline.add(occurrence.time)
        let wasUrgent = incident.isUrgent
        incident.severity = max(incident.severity, occurrence.rule.severity)
        if incident.isUrgent, !wasUrgent { incident.isHeld = false }  // no longer for the other digest
        incident.rule = occurrence.rule
        if let sample = occurrence.sample { Self.keep(sample, in: &incident, limit: sampleLimit) }
        if incident.isOver {  // its last letter still waits, and it has begun again
            incident.state = .open
            incident.endedBy = nil
        }
        let isLate = occurrence.time < now - policy.lateAfter
        if incident.state == .gathering { gather(&incident, at: now) }
        if incident.state == .open { arrange(&incident, isLate: isLate, at: now) }
        put(incident)
        return id
    }

    /// Whether the book wants a sample with the next hit of this fingerprint, apart from the last one of a batch.
    package func wantsSample(_ fingerprint: Fingerprint) -> Bool {
        guard let incident = byFingerprint[fingerprint].flatMap({ incidents[$0] }) else { return true }
        return incident.samples.count < sampleLimit - 1
    }

    /// Whether a hit with that fingerprint would begin an incident.
    package func isNew(_ fingerprint: Fingerprint) -> Bool { byFingerprint[fingerprint] == nil }

    /// Puts a sample in place of the newest of that incident: the last hit of a batch is worth more than the last but one.
    package mutating func replaceLastSample(_ sample: Sample, of id: Int64) {
        guard var incident = incidents[id] else { return }
        Self.keep(sample, in: &incident, limit: sampleLimit)
        put(incident)
    }

    /// Adds lines that came after a sample was taken.
    package mutating func addContext(_ lines: [String], toSampleAt time: Timestamp, text: String, of id: Int64) {
        guard var incident = incidents[id],
            let index = incident.samples.lastIndex(where: { $0.time == time && $0.text == text })
        else { return }
        incident.samples[index].after += lines
        put(incident)
    }

    /// A record told that something is over. Returns the incidents that it ended.
    @discardableResult
    package mutating func recover(_ sign: RecoverySign, at now: Timestamp) -> [Int64] {
        notice(now)
        let ended = incidents.values.filter { !$0.isOver && sign.ends($0) }.map(\.id).sorted()
        for id in ended {
            guard var incident = incidents[id] else { continue }
            if incident.state == .gathering {
                remove(incident)
                passed.append(id)
                continue
            }
            incident.state = .recovered
            incident.endedBy = sign.text
            incident.due = min(incident.due ?? now, now)
            put(incident)
        }
        return ended
    }

    /// A person says that it is over: no letter. False when there is no such open incident.
    package mutating func resolve(_ id: Int64) -> Bool {
        guard var incident = incidents[id] else { return false }
        incident.state = .resolved
        close(incident)
        return true
    }

    package mutating func add(_ silence: Silence) {
        silences.append(silence)
        bookChanged = true
    }

    package mutating func removeSilence(_ id: Int64) -> Bool {
        guard let index = silences.firstIndex(where: { $0.id == id }) else { return false }
        silences.remove(at: index)
        bookChanged = true
        check(at: .distantPast)
        return true
    }

    /// The Message-ID of the letter that told of these incidents: theirs to refer to from now on.
    package mutating func tellMessageID(_ messageID: String, of ids: some Sequence<Int64>) {
        func note(_ incident: inout Incident) {
            incident.firstMessageID = incident.firstMessageID ?? messageID
            incident.lastMessageID = messageID
        }
        for id in ids {
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
    package var count: Int { incidents.count }
    package func incident(_ id: Int64) -> Incident? { incidents[id] }

    private var sampleLimit: Int { incidents.count > 200 ? min(3, policy.samples) : max(1, policy.samples) }

    // MARK: The way of one hit

    /// Beyond the bounds, what would be one more incident joins one that stands for the rest of its rule.
    private func bounded(_ occurrence: Occurrence) -> Occurrence {
        guard byFingerprint[occurrence.fingerprint] == nil,
            countByRule[occurrence.rule.id, default: 0] >= policy.incidentsPerRule
                || incidents.count >= policy.incidentsInAll
        else { return occurrence }
        var rest = occurrence
        rest.fingerprint = Fingerprint(rule: rest.rule.id, uid: nil, groups: [("overflow", [])])
        rest.rule.threshold = nil
        if byFingerprint[rest.fingerprint] == nil {
            rest.title = "Too many different incidents of \(rest.rule.id); the latest: \(rest.title)"
        }
        return rest
    }

    private mutating func open(_ occurrence: Occurrence, at now: Timestamp) -> Int64 {
        lastID += 1
        bookChanged = true
        let incident = Incident(id: lastID, occurrence, at: now, reminderAfter: policy.repeatInterval)
        incidents[lastID] = incident
        byFingerprint[occurrence.fingerprint] = lastID
        countByRule[occurrence.rule.id, default: 0] += 1
        return lastID
    }

    /// Counts towards the threshold; opens when it is reached.
    private func gather(_ incident: inout Incident, at now: Timestamp) {
        guard let threshold = incident.rule.threshold, threshold.count > 1 else {
            incident.state = .open
            return
        }
        incident.arrivals.append(now)
        incident.arrivals.removeAll { $0 <= now - threshold.within }
        // A count beyond what is worth remembering is approached by the count alone.
        let remembered = min(threshold.count, 1000)
        if incident.arrivals.count >= remembered, incident.hits >= threshold.count {
            incident.state = .open
            incident.opened = now
            incident.arrivals = []
        } else if incident.arrivals.count > remembered {
            incident.arrivals.removeFirst(incident.arrivals.count - remembered)
        }
    }

    /// Sets when an open incident with a new hit is told.
    private mutating func arrange(_ incident: inout Incident, isLate: Bool, at now: Timestamp) {
        guard incident.severity.isAtLeast(policy.minSeverity) else { return }
        if let last = incident.lastLetter {
            incident.due = min(incident.due ?? .distantFuture, max(now, last + policy.groupInterval))
            return
        }
        if isLate, incident.due == nil {
            incident.isLate = true
            lateSince = lateSince ?? now
            bookChanged = true
            return
        }
        guard !isLate else { return }
        incident.isLate = false
        let wait = incident.isUrgent ? .zero : policy.groupWait
        incident.due = min(incident.due ?? .distantFuture, now + wait)
    }

    private static func keep(_ sample: Sample, in incident: inout Incident, limit: Int) {
        if incident.samples.count >= limit { incident.samples.removeLast(incident.samples.count - limit + 1) }
        incident.samples.append(sample)
    }
}
