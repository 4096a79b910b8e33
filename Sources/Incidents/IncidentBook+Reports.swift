// What is due: which incidents are told now, singly or in a digest, and which of them end.

import Formats
import Rules

extension IncidentBook {
    /// The reports that are due at `now`, the most severe first. What they tell counts as told from here on.
    /// - Parameter caughtUp: nothing that is older waits to be read, so that the digest of late hits is complete.
    package mutating func due(_ now: Timestamp, caughtUp: Bool = true) -> [Report] {
        notice(now)
        guard isCheckDue(now) else { return [] }
        cap.pass(to: now)
        urgentCap.pass(to: now)
        if silences.contains(where: { $0.until <= now }) {
            silences.removeAll { $0.until <= now }
            noteBookChange()
        }
        endQuiet(now)
        var reports: [Report] = []
        if let digest = digest(of: .critical, at: now) { reports.append(digest) }
        if let digest = digest(of: .emergency, at: now) { reports.append(digest) }
        if let digest = lateDigest(at: now, caughtUp: caughtUp) { reports.append(digest) }
        for incident in candidates(now) {
            if let report = single(incident, at: now) { reports.append(report) }
        }
        if !reports.isEmpty { noteBookChange() }
        recheck()
        return reports.sorted { $0.severity > $1.severity }
    }

    /// When something has to be done about an incident, letters held back apart.
    func nextEvent(of incident: Incident) -> Timestamp? {
        switch incident.state {
        case .gathering: return incident.lastHit + (incident.rule.threshold?.within ?? .zero)
        case .open:
            let end = incident.lastHit + (incident.rule.ending == .recovery ? policy.abandonAfter : policy.quietTime)
            let due = incident.isHeld || incident.isLate ? nil : incident.due
            return incident.newHits > 0 && isTold(incident) ? due : min(due ?? end, end)
        default: return incident.isHeld || incident.isLate ? nil : incident.due
        }
    }

    /// When the digest of late hits may go, if there are any.
    var lateDigestTime: Timestamp? {
        guard let since = lateSince else { return nil }
        let earliest = since + policy.groupWait
        return max(earliest, lastLateDigest.map { $0 + policy.groupInterval } ?? earliest)
    }

    private func isTold(_ incident: Incident) -> Bool { incident.severity.isAtLeast(policy.minSeverity) }

    // MARK: Ends

    /// Groups that did not reach their threshold pass; incidents without a hit for a time end.
    private mutating func endQuiet(_ now: Timestamp) {
        for incident in incidents.values {
            guard let event = nextEvent(of: incident), event <= now else { continue }
            if incident.state == .gathering {
                forget(incident)
            } else if incident.state == .open, incident.newHits == 0 || !isTold(incident) {
                endIfQuiet(incident, now)
            }
        }
    }

    private mutating func endIfQuiet(_ incident: Incident, _ now: Timestamp) {
        let quiet = incident.rule.ending == .recovery ? policy.abandonAfter : policy.quietTime
        guard incident.lastHit + quiet <= now else { return }
        var ended = incident
        ended.state = .quiet
        if incident.letters > 0, incident.rule.ending == .quiet || incident.rule.ending == .recovery {
            ended.due = now
            put(ended)
        } else {
            close(ended)
        }
    }

    // MARK: Who is due

    /// What is due singly, the most severe first, then what has waited longest.
    private func candidates(_ now: Timestamp) -> [Incident] {
        incidents.values
            .filter { incident in
                guard let due = incident.due, due <= now, !incident.isHeld, !incident.isLate else { return false }
                return incident.state != .gathering
            }
            .sorted { ($0.severity, $1.due ?? now, $1.id) > ($1.severity, $0.due ?? now, $0.id) }
    }

    /// One incident's own report; nil when it is silenced, inhibited, or held for the digest.
    private mutating func single(_ incident: Incident, at now: Timestamp) -> Report? {
        if let later = suppressedUntil(incident, now) {
            var waiting = incident
            waiting.due = max(later, now + .seconds(1))
            put(waiting)
            return nil
        }
        let uid = incident.origin.uid
        if incident.isUrgent {
            guard urgentCap.admits(limit: policy.urgentPerHour, uid: uid) else {
                urgentDigestDue = urgentDigestDue ?? (urgentCap.last ?? now) + policy.urgentDigestInterval
                hold(incident)
                return nil
            }
            urgentCap.note(now, uid: uid)
        } else {
            guard cap.admits(limit: policy.maxPerHour, uid: uid) else {
                digestDue = digestDue ?? cap.nextRoom(limit: policy.maxPerHour) ?? now
                hold(incident)
                return nil
            }
            cap.note(now, uid: uid)
        }
        let entry = tell(incident, at: now)
        return Report(kind: entry.kind, entries: [entry], time: now)
    }

    private mutating func hold(_ incident: Incident) {
        var held = incident
        held.isHeld = true
        put(held)
        noteBookChange()
    }

    /// The end of a silence that covers it; or a while, when an open incident of the same origin inhibits it.
    private func suppressedUntil(_ incident: Incident, _ now: Timestamp) -> Timestamp? {
        if let end = silences.filter({ $0.covers(incident, at: now) }).map(\.until).max() { return end }
        let isInhibited = incidents.values.contains {
            $0.state == .open && $0.id != incident.id && $0.rule.inhibits.contains(incident.rule.id)
                && $0.origin.vouches(for: incident.origin)
        }
        return isInhibited ? now + policy.groupInterval : nil
    }

    // MARK: Digests

    /// What the cap held back, of the class that `kind` belongs to, when its time has come and there is room.
    private mutating func digest(of kind: Severity, at now: Timestamp) -> Report? {
        let urgent = kind.isAtLeast(.alert)
        guard let due = urgent ? urgentDigestDue : digestDue, due <= now else { return nil }
        let held = incidents.values.filter { $0.isHeld && $0.isUrgent == urgent }
        if !urgent, !held.isEmpty, !cap.admits(limit: policy.maxPerHour) {
            digestDue = cap.nextRoom(limit: policy.maxPerHour)
            return nil
        }
        if urgent { urgentDigestDue = nil } else { digestDue = nil }
        noteBookChange()
        // All others of its class that are due go with it.
        let others = candidates(now).filter { $0.isUrgent == urgent && suppressedUntil($0, now) == nil }
        let told = held.filter { suppressedUntil($0, now) == nil }
        for var incident in held where suppressedUntil(incident, now) != nil {
            incident.isHeld = false  // it comes back as a candidate when it may be told
            put(incident)
        }
        guard !told.isEmpty else { return nil }
        if urgent { urgentCap.note(now) } else { cap.note(now) }
        return collect(told + others, as: .digest, at: now)
    }

    /// All that happened while nobody was reading, in one digest.
    private mutating func lateDigest(at now: Timestamp, caughtUp: Bool) -> Report? {
        guard let since = lateSince, let time = lateDigestTime, time <= now else { return nil }
        guard caughtUp || since + .seconds(900) <= now else { return nil }
        let late = incidents.values.filter { $0.isLate && $0.state != .gathering }
        let told = late.filter { suppressedUntil($0, now) == nil }
        if !told.isEmpty {
            guard cap.admits(limit: policy.maxPerHour) else {
                digestDue = digestDue ?? cap.nextRoom(limit: policy.maxPerHour)
                return postpone(late)
            }
            cap.note(now)
            lastLateDigest = now
        }
        lateSince = nil
        noteBookChange()
        for var incident in late where suppressedUntil(incident, now) != nil {
            (incident.isLate, incident.due) = (false, now)
            put(incident)
        }
        return told.isEmpty ? nil : collect(told, as: .late, at: now)
    }

    /// No room for a digest of late hits: they go with what the cap held back.
    private mutating func postpone(_ late: [Incident]) -> Report? {
        lateSince = nil
        for incident in late {
            var held = incident
            held.isLate = false
            // An urgent one has its own cap and need not wait.
            if incident.isUrgent { held.due = incident.lastHit } else { held.isHeld = true }
            put(held)
        }
        noteBookChange()
        return nil
    }

    private mutating func collect(_ incidents: [Incident], as kind: Report.Kind, at now: Timestamp) -> Report {
        let ordered = incidents.sorted { ($0.severity, $1.opened, $1.id) > ($1.severity, $0.opened, $0.id) }
        let entries = ordered.map { tell($0, at: now) }
        // A digest of one is a letter of its own.
        let only = entries.count == 1 && kind == .digest ? entries.first?.kind : nil
        return Report(kind: only ?? kind, entries: entries, time: now, silences: silences)
    }

    // MARK: Telling

    /// Marks all hits of the incident as told, and sets what comes next for it.
    private mutating func tell(_ incident: Incident, at now: Timestamp) -> Report.Entry {
        let entry = Report.Entry(kind: Self.kind(of: incident), incident: incident, newHits: incident.newHits)
        var after = incident
        let wasLate = incident.isLate
        after.told = after.hits
        after.samples = []
        after.letters += 1
        after.lastLetter = now
        after.due = nil
        (after.isHeld, after.isLate) = (false, false)
        if entry.kind == .reminder {
            after.reminderAfter = min(after.reminderAfter * 2, ReportPolicy.longestReminder)
        }
        // Long over when it was read: one letter is enough.
        let isPast = wasLate && incident.lastSeen + policy.quietTime < now && incident.rule.ending != .recovery
        if after.state == .open, incident.rule.ending == .event { after.state = .told }
        if after.state == .open, isPast { after.state = .quiet }
        if after.isOver {
            close(after)
        } else {
            if incident.rule.ending == .recovery { after.due = now + after.reminderAfter }
            put(after)
        }
        return entry
    }

    private static func kind(of incident: Incident) -> Report.Kind {
        if incident.letters == 0 { return .first }
        switch incident.state {
        case .recovered: return .recovered
        case .quiet: return .quiet
        default: return incident.newHits > 0 ? .further : .reminder
        }
    }
}
