// How incidents are put into the book and taken out of it, and what every change of it has to keep right: the indices
// beside the incidents, what is to be stored, and the time before which nothing can be due.

import Formats

extension IncidentBook {
    /// New settings: what is told now and was not before becomes due.
    mutating func applyPolicy() {
        for var incident in incidents.values
        where incident.state == .open && incident.newHits > 0 && incident.due == nil && !incident.isHeld
            && !incident.isLate && incident.severity.isAtLeast(policy.minSeverity)
        {
            incident.due = latest
            put(incident)
        }
        check(at: .distantPast)
    }

    /// A clock set back must not delay what is due by as much: all times of the book go back with it.
    mutating func notice(_ now: Timestamp) {
        defer { latest = max(latest, now) }
        guard latest > now + .seconds(60) else { return }
        let delta = now - latest
        for (id, var incident) in incidents {
            incident.shift(by: delta)
            incidents[id] = incident
            changed.insert(id)
        }
        cap.shift(by: delta)
        urgentCap.shift(by: delta)
        digestDue = digestDue.map { $0 + delta }
        urgentDigestDue = urgentDigestDue.map { $0 + delta }
        lateSince = lateSince.map { $0 + delta }
        lastLateDigest = lastLateDigest.map { $0 + delta }
        latest = now
        bookChanged = true
        check(at: .distantPast)
    }

    mutating func put(_ incident: Incident) {
        incidents[incident.id] = incident
        noteChange(incident)
    }

    /// An incident in the book is now as this.
    mutating func noteChange(_ incident: Incident) {
        changed.insert(incident.id)
        if let next = nextEvent(of: incident) { check(at: next) }
        if incident.isLate { check(at: lateDigestTime ?? .distantPast) }
    }

    /// Takes an incident that is over out of the book; its row stays as history.
    mutating func close(_ incident: Incident) {
        remove(incident)
        closed.append(incident)
    }

    /// Takes an incident that never was one out without a trace.
    mutating func forget(_ incident: Incident) {
        remove(incident)
        passed.append(incident.id)
    }

    mutating func remove(_ incident: Incident) {
        incidents[incident.id] = nil
        byFingerprint[incident.fingerprint] = nil
        changed.remove(incident.id)
        idsByRule[incident.rule.id]?.remove(incident.id)
        if idsByRule[incident.rule.id]?.isEmpty == true { idsByRule[incident.rule.id] = nil }
    }

    mutating func check(at time: Timestamp) { nextCheck = min(nextCheck ?? .distantFuture, time) }

    /// After `due`: the next time, from all that there is.
    mutating func recheck() {
        var times = incidents.values.compactMap { nextEvent(of: $0) }
        times += [digestDue, urgentDigestDue, lateSince == nil ? nil : lateDigestTime].compactMap { $0 }
        nextCheck = times.min()
    }

    func isCheckDue(_ now: Timestamp) -> Bool { nextCheck.map { $0 <= now } ?? false }
    mutating func noteBookChange() { bookChanged = true }
}

extension Timestamp {
    static let distantPast = Timestamp(microseconds: .min / 4)
    static let distantFuture = Timestamp(microseconds: .max / 4)
}

extension Incident {
    fileprivate mutating func shift(by delta: Duration) {
        opened = opened + delta
        lastHit = lastHit + delta
        due = due.map { $0 + delta }
        lastLetter = lastLetter.map { $0 + delta }
        arrivals = arrivals.map { $0 + delta }
    }
}
