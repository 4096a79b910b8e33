// What the book tells people who ask: what of an incident was told, what waits, and until when.

import Formats
import Rules

extension IncidentBook {
    /// How it stands with the telling of an incident.
    package enum Telling: String, Hashable, Sendable {
        /// Less severe than what is told.
        case recorded
        /// Severe enough, and no recipient wants it.
        case nobody
        /// All of it was told.
        case told
        /// It has a letter to come.
        case waits
        /// In the digest of what was more than the cap allows.
        case digest
        /// In the digest of what was old when it was read.
        case late
        case silenced
        /// Another one explains it.
        case inhibited
    }

    package func telling(of incident: Incident, at now: Timestamp) -> Telling {
        if incident.isOver || isTold(incident) {
            if incident.newHits == 0, incident.letters > 0 { return .told }
            if incident.isHeld { return .digest }
            if incident.isLate { return .late }
        }
        if !isTold(incident) { return incident.severity.isAtLeast(policy.minSeverity) ? .nobody : .recorded }
        if silences.contains(where: { $0.covers(incident, at: now) }) { return .silenced }
        return incident.inhibitedBy != nil ? .inhibited : .waits
    }

    /// When the next letter of an incident goes if nothing more happens, never before `now`; nil: none does.
    package func nextLetter(of incident: Incident, at now: Timestamp) -> Timestamp? {
        guard let incident = incidents[incident.id], incident.state != .gathering else { return nil }
        let due =
            incident.isHeld
            ? digestTime(isUrgent: incident.isUrgent) : incident.isLate ? lateDigestTime : incident.due
        return due.map { max($0, now) }
    }

    /// How many incidents have news that a letter is yet to tell, and when the first of these goes; nil: none.
    package func lettersToCome(at now: Timestamp) -> (incidents: Int, next: Timestamp)? {
        let times = incidents.values.compactMap { incident in
            incident.newHits > 0 && [.waits, .digest, .late].contains(telling(of: incident, at: now))
                ? nextLetter(of: incident, at: now) : nil
        }
        return times.min().map { (times.count, $0) }
    }

    /// What the cap holds back.
    package struct Held: Hashable, Sendable {
        package var isUrgent: Bool
        package var count: Int
        /// When its digest goes.
        package var until: Timestamp
    }

    /// What the cap holds back: of emergency and alert, and of the rest.
    package func held(at now: Timestamp) -> [Held] {
        [true, false].compactMap { isUrgent in
            let count = incidents.values.count { $0.isHeld && $0.isUrgent == isUrgent }
            guard count > 0 else { return nil }
            return Held(isUrgent: isUrgent, count: count, until: max(now, digestTime(isUrgent: isUrgent) ?? now))
        }
    }

    /// A digest that finds no room when its time comes waits for some.
    private func digestTime(isUrgent: Bool) -> Timestamp? {
        if isUrgent { return urgentDigestDue }
        guard let due = digestDue, let room = cap.nextRoom(limit: policy.maxPerHour), room > due,
            !cap.admitsDigest(limit: policy.maxPerHour)
        else { return digestDue }
        return room
    }

    /// How many incidents of each severity are open.
    package var openBySeverity: [(severity: Severity, count: Int)] {
        var counts: [Severity: Int] = [:]
        for incident in incidents.values where incident.state == .open { counts[incident.severity, default: 0] += 1 }
        return Severity.allCases.sorted(by: >).map { ($0, counts[$0] ?? 0) }
    }
}
