// Reports of several incidents: what the cap held back, what is told late, what a silence kept.

import Formats
import Rules

extension IncidentBook {
    /// What the cap held back, of the class that `kind` belongs to, when its time has come and there is room.
    mutating func digest(of kind: Severity, _ inhibitors: Inhibitors, at now: Timestamp) -> Report? {
        let urgent = kind.isAtLeast(.alert)
        guard let due = urgent ? urgentDigestDue : digestDue, due <= now else { return nil }
        let held = incidents.values.filter { $0.isHeld && $0.isUrgent == urgent }
        if !urgent, !held.isEmpty, !cap.admitsDigest(limit: policy.maxPerHour) {
            digestDue = cap.nextRoom(limit: policy.maxPerHour)
            return nil
        }
        if urgent { urgentDigestDue = nil } else { digestDue = nil }
        noteBookChange()
        let told = sift(held, inhibitors, at: now)
        guard !told.isEmpty else { return nil }
        // All others of its class that are due go with it.
        let others = candidates(now).filter {
            $0.isUrgent == urgent && suppression(of: $0, inhibitors, at: now) == nil
        }
        if urgent { urgentCap.noteDigest(now) } else { cap.noteDigest(now) }
        return collect(told + others, as: .digest, at: now)
    }

    /// All that happened while nobody was reading, in one digest.
    mutating func lateDigest(_ inhibitors: Inhibitors, at now: Timestamp, caughtUp: Bool) -> Report? {
        guard let since = lateSince, let time = lateDigestTime, time <= now else { return nil }
        guard caughtUp || since + Self.catchUpLimit <= now else {
            awaitsCatchUp = true
            return nil
        }
        let late = incidents.values.filter { $0.isLate && $0.state != .gathering }
        let isRoom = cap.admitsDigest(limit: policy.maxPerHour)
        let told = isRoom ? sift(late, inhibitors, at: now) : []
        if !isRoom, !late.isEmpty {
            digestDue = digestDue ?? cap.nextRoom(limit: policy.maxPerHour)
            return postpone(late)
        }
        lateSince = nil
        noteBookChange()
        guard !told.isEmpty else { return nil }
        cap.noteDigest(now)
        lastLateDigest = now
        return collect(told, as: .late, at: now)
    }

    /// Where a rule's last place within the hour is taken while more of it is due, all of that goes in one letter: ten
    /// services that fail together need not wait for the hour's end because the first five were told singly.
    mutating func ruleDigest(_ id: Int64, _ inhibitors: Inhibitors, at now: Timestamp) -> Report? {
        guard let incident = incidents[id], !incident.isUrgent else { return nil }
        let sort = sort(of: incident)
        guard sort.kind == .first, cap.room(for: sort, limit: policy.maxPerHour) == 1,
            cap.admits(sort, limit: policy.maxPerHour)
        else { return nil }
        let due = candidates(now).filter {
            !$0.isUrgent && self.sort(of: $0) == sort && suppression(of: $0, inhibitors, at: now) == nil
        }
        guard due.count > 1, due.contains(where: { $0.id == id }) else { return nil }
        cap.note(now, sort)
        return collect(due, as: .digest, at: now)
    }

    /// What silences kept until now: several of them are told together, since maintenance ends once.
    mutating func silencedDigest(_ inhibitors: Inhibitors, at now: Timestamp) -> Report? {
        let kept = candidates(now).filter {
            $0.silencedBy != nil && !$0.isUrgent && suppression(of: $0, inhibitors, at: now) == nil
        }
        guard kept.count > 1, cap.admitsDigest(limit: policy.maxPerHour) else { return nil }
        cap.noteDigest(now)
        return collect(kept, as: .silenced, at: now)
    }

    /// Those that may be told now; the others come back by themselves when they may.
    private mutating func sift(_ list: [Incident], _ inhibitors: Inhibitors, at now: Timestamp) -> [Incident] {
        list.filter { incident in
            guard let suppression = suppression(of: incident, inhibitors, at: now) else { return true }
            putOff(incident, suppression, at: now)
            return false
        }
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
        var report = Report(kind: only ?? kind, entries: entries, time: now, silences: silences)
        if report.isDigest {
            report.notes = notes.notes
            notes = RecordedNotes()
            noteBookChange()
        }
        return report
    }
}
