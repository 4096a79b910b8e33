// How incidents are put into the book and taken out of it, and what every change of it has to keep right: the indices
// beside the incidents, what is to be stored, and the time before which nothing can be due.

import Formats
import Rules

extension IncidentBook {
    /// New settings: what is told now and was not before becomes due, and what is not told any more does not.
    mutating func applyPolicy() {
        for var incident in incidents.values where incident.state == .open {
            let waits = incident.due != nil || incident.isHeld || incident.isLate
            if isTold(incident), incident.newHits > 0, !waits {
                incident.due = latest
            } else if !isTold(incident), waits {
                (incident.due, incident.isHeld, incident.isLate) = (nil, false, false)
            } else {
                continue
            }
            put(incident)
        }
        check(at: .distantPast)
    }

    /// The wall clock was set by `step`, as the monotonic one shows: every wait goes on for as long as it would have.
    /// What was given as a date (a silence's end) stays where it is.
    package mutating func clockWasSet(by step: Duration) {
        for (id, var incident) in incidents {
            incident.shift(by: step)
            incidents[id] = incident
            changed.insert(id)
        }
        for index in silences.indices where !silences[index].isDated {
            silences[index].until = silences[index].until + step
        }
        for key in expectations.keys { expectations[key]?.shift(by: step) }
        cap.shift(by: step)
        urgentCap.shift(by: step)
        digestDue = digestDue.map { $0 + step }
        urgentDigestDue = urgentDigestDue.map { $0 + step }
        lateSince = lateSince.map { $0 + step }
        lastLateDigest = lastLateDigest.map { $0 + step }
        judgementWaits = judgementWaits.map { $0 + step }
        if tally.since > .distantPast { tally.since = tally.since + step }
        if latest > .distantPast { latest = latest + step }
        bookChanged = true
        check(at: .distantPast)
    }

    /// A clock that was set back while nobody looked must not delay what is due by as much.
    mutating func notice(_ now: Timestamp) {
        if latest > now + .seconds(60) { clockWasSet(by: now - latest) }
        latest = max(latest, now)
        // So that after a restart is known how long nobody waited, also where nothing else is stored for days.
        if !expectations.isEmpty, latestKept + Self.latestInterval <= latest { bookChanged = true }
    }

    mutating func put(_ incident: Incident) {
        let before = incidents.updateValue(incident, forKey: incident.id)
        noteInhibition(of: incident.id, by: before?.inhibitedBy, now: incident.inhibitedBy)
        noteChange(incident)
    }

    /// Keeps `inhibitedIDs` right.
    private mutating func noteInhibition(of id: Int64, by before: Int64?, now cause: Int64?) {
        guard before != cause else { return }
        if let before {
            inhibitedIDs[before]?.remove(id)
            if inhibitedIDs[before]?.isEmpty == true { inhibitedIDs[before] = nil }
        }
        if let cause { inhibitedIDs[cause, default: []].insert(id) }
    }

    /// An incident in the book is now as this.
    mutating func noteChange(_ incident: Incident) {
        changed.insert(incident.id)
        if let next = nextEvent(of: incident) { check(at: next) }
        if incident.isLate { check(at: lateDigestCheck ?? .distantPast) }
    }

    /// Takes an incident that is over out of the book; its row stays as history.
    mutating func close(_ incident: Incident) {
        remove(incident)
        var over = incident
        (over.due, over.isHeld, over.isLate) = (nil, false, false)
        closed.append(over)
    }

    /// Takes an incident that never was one out without a trace.
    mutating func forget(_ incident: Incident) {
        remove(incident)
        passed.append(incident.id)
    }

    mutating func remove(_ incident: Incident) {
        noteInhibition(of: incident.id, by: incidents.removeValue(forKey: incident.id)?.inhibitedBy, now: nil)
        if byFingerprint[incident.fingerprint] == incident.id { byFingerprint[incident.fingerprint] = nil }
        outdated.remove(incident.id)
        changed.remove(incident.id)
        idsByRule[incident.rule.id]?.remove(incident.id)
        if idsByRule[incident.rule.id]?.isEmpty == true { idsByRule[incident.rule.id] = nil }
    }

    /// Gives an incident another fingerprint; the older of two that become one keeps it.
    mutating func rename(_ incident: Incident, _ fingerprint: Fingerprint, _ groups: [GroupValue]) {
        if byFingerprint[incident.fingerprint] == incident.id { byFingerprint[incident.fingerprint] = nil }
        for index in silences.indices where silences[index].fingerprint == incident.fingerprint {
            silences[index].fingerprint = fingerprint
        }
        var renamed = incident
        (renamed.fingerprint, renamed.groups) = (fingerprint, groups)
        outdated.remove(incident.id)
        if byFingerprint[fingerprint] == nil { byFingerprint[fingerprint] = incident.id }
        incidents[incident.id] = renamed
        changed.insert(incident.id)
        bookChanged = true
    }

    mutating func check(at time: Timestamp) { nextCheck = min(nextCheck ?? .distantFuture, time) }

    /// After `due`: the next time, from all that there is.
    mutating func recheck() {
        var times = incidents.values.compactMap { nextEvent(of: $0) }
        times += [digestDue, urgentDigestDue, lateDigestCheck].compactMap { $0 }
        times += silences.map(\.until)
        let judged = awaitsCatchUp ? judgementWaits.map { $0 + Self.catchUpLimit } : nil
        times += expectations.values.compactMap { deadline(of: $0) }.map { max($0, judged ?? $0) }
        nextCheck = times.min()
    }

    /// What was counted is to be stored with the next commit.
    package mutating func noteCounts() { bookChanged = true }

    /// So many log entries were read.
    package mutating func noteRecords(_ count: Int) {
        tally.records += count
        run.records += count
    }

    /// What Herald noticed of itself and does not tell in a letter of its own.
    mutating func noteRecorded(_ occurrence: Occurrence, of id: Int64) {
        guard Rule.own.contains(occurrence.rule.id), let incident = incidents[id], !isTold(incident) else { return }
        tally.notes.add(occurrence.title)
        notes.add(occurrence.title)
        bookChanged = true
    }

    /// A letter told what was counted; the counts begin anew.
    package mutating func beginTally(at now: Timestamp) {
        tally = Tally(since: now)
        bookChanged = true
    }

    /// Whether `due` has anything to do.
    package func isDue(_ now: Timestamp, caughtUp: Bool) -> Bool {
        nextCheck.map { $0 <= now } ?? false || caughtUp && awaitsCatchUp
    }

    mutating func noteBookChange() { bookChanged = true }
}

extension Timestamp {
    /// Before and after all times that are reckoned with.
    package static let distantPast = Timestamp(microseconds: .min / 4)
    static let distantFuture = Timestamp(microseconds: .max / 4)
}

extension Incident {
    fileprivate mutating func shift(by delta: Duration) {
        opened = opened + delta
        lastHit = lastHit + delta
        due = due.map { $0 + delta }
        lastLetter = lastLetter.map { $0 + delta }
        backSince = backSince.map { $0 + delta }
        arrivals = arrivals.map { $0 + delta }
    }
}

extension Expectation {
    fileprivate mutating func shift(by delta: Duration) {
        since = since + delta
        notBefore = notBefore.map { $0 + delta }
    }
}
