// What ends incidents: a record that tells so, a person, time. And what comes back soon after its end is the same
// incident: that it is back is told like something new, and that it is over only when that has lasted, longer each time.
//
// Must stay true: while an incident is open, its last letter says that it is over for no longer than the first letter of a
// new one would have waited.

import Formats
import Rules

extension IncidentBook {
    /// A record told that something is over. Returns the incidents that it ended.
    @discardableResult
    package mutating func recover(_ sign: RecoverySign, at now: Timestamp) -> [Int64] {
        notice(now)
        let isInOrder = !sign.origin.isJournal && !isCatchingUp
        // Looked at in place, as if it were changed: to take an incident out is to copy a dozen texts.
        func isEnded(_ incident: inout Incident) -> Bool {
            !incident.isOver && sign.ends(incident) && (isInOrder || !Self.isOutdated(sign, for: incident))
        }
        var ended: [Int64] = []
        for id in idsByRule[sign.ruleID] ?? [] {
            if let index = incidents.index(forKey: id), isEnded(&incidents.values[index]) { ended.append(id) }
        }
        ended.sort()
        for id in ended { end(id, by: sign.text, at: now) }
        return ended
    }

    /// Whether hits came after what the sign tells of. A journal's files, and all that is caught up with, are not read in
    /// the order in which they were written; a file at work is, whatever its stamps say, so it is not asked. And no hit is
    /// younger than its reading: a stamp from the future keeps nothing open.
    private static func isOutdated(_ sign: RecoverySign, for incident: Incident) -> Bool {
        sign.time + disorder < min(incident.lastSeen, incident.lastHit)
    }

    /// Stamps of one place may go back by so much: many have whole seconds only, and each writer takes its own time.
    private static let disorder = Duration.seconds(2)

    /// Whoever watches the state behind this incident sees that it is over.
    package mutating func end(watched id: Int64, by text: String, at now: Timestamp) {
        notice(now)
        guard let incident = incidents[id], incident.rule.ending == .watched, !incident.isOver else { return }
        end(id, by: text, at: now)
    }

    /// A record told that this incident is over.
    mutating func end(_ id: Int64, by text: String, at now: Timestamp) {
        guard var incident = incidents[id] else { return }
        if incident.state == .gathering { return forget(incident) }
        incident.state = .recovered
        (incident.endedBy, incident.ended) = (text, now)
        defer { wakeInhibited(by: id, at: now) }
        guard isTold(incident) || incident.letters > 0 else { return close(incident) }
        incident.due = now + policy.calm(afterReturns: incident.returns)
        put(incident)
    }

    /// A person says that it is over: no letter, and the next hit is another incident. False when it is not open.
    package mutating func resolve(_ id: Int64, at now: Timestamp) -> Bool {
        guard var incident = incidents[id] else { return false }
        incident.state = .resolved
        close(incident)
        stopWaiting(for: incident.fingerprint, at: now)
        wakeInhibited(by: id, at: now)
        return true
    }

    /// Groups that did not reach their threshold pass; incidents without a hit for a time end.
    mutating func endQuiet(_ now: Timestamp) {
        for incident in incidents.values {
            guard let event = nextEvent(of: incident), event <= now else { continue }
            if incident.state == .gathering {
                forget(incident)
            } else if incident.isLingering {
                close(incident)
            } else if incident.state == .open, incident.newHits == 0 || !isTold(incident) {
                endIfQuiet(incident, now)
            }
        }
    }

    private mutating func endIfQuiet(_ incident: Incident, _ now: Timestamp) {
        guard incident.rule.ending.passesWithTime else { return }
        let quiet = incident.rule.ending == .recovery ? policy.abandonAfter : policy.quietTime
        guard incident.lastHit + quiet <= now else { return }
        var ended = incident
        ended.state = .quiet
        if isEndOfInterest(incident) {
            ended.due = now
            put(ended)
        } else {
            close(ended)
        }
        wakeInhibited(by: incident.id, at: now)
    }

    /// Whether a letter says that nothing more was heard of it. What happened once was told once, and that it is quiet
    /// since would only ring a second time; what went on is worth to be known over. What only a recovery ends is given up,
    /// and that is said in any case.
    private func isEndOfInterest(_ incident: Incident) -> Bool {
        switch incident.rule.ending {
        case .quiet: incident.letters > 1
        case .recovery: incident.letters > 0
        case .silent, .event, .absence, .watched: false
        }
    }

    func interval(of incident: Incident) -> Duration { policy.interval(afterReturns: incident.returns) }

    /// The earliest time for the next letter of an incident.
    func afterInterval(_ incident: Incident, _ now: Timestamp) -> Timestamp {
        if incident.backSince != nil { return now }
        return max(now, incident.lastLetter.map { $0 + interval(of: incident) } ?? now)
    }
}
