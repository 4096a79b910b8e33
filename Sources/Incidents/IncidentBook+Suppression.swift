// What may not be told now: silences, which people make, and inhibition, where one open incident explains another.
//
// Must stay true: what is put off is told when the reason ends, in some report, and of a circle of incidents that inhibit
// each other one is told.

import Formats
import Rules

extension IncidentBook {
    /// Why an incident is not told now.
    enum Suppression {
        case silence(Silence)
        /// By the open incident of that number.
        case inhibition(Int64)
    }

    /// The open incidents that may keep others quiet. Only such as are told: else nothing would be heard of either.
    var inhibitors: Inhibitors {
        Inhibitors(incidents.values.lazy.filter { $0.state == .open && !$0.rule.inhibits.isEmpty && isTold($0) })
    }

    /// Nil when it may be told. The end of what was told of is told in any case: it takes a worry away.
    func suppression(of incident: Incident, _ inhibitors: Inhibitors, at now: Timestamp) -> Suppression? {
        if incident.isOver, incident.letters > 0, incident.newHits == 0 { return nil }
        if let silence = silences.filter({ $0.covers(incident, at: now) }).max(by: { $0.until < $1.until }) {
            return .silence(silence)
        }
        return inhibitors.cause(of: incident).map { .inhibition($0) }
    }

    /// Puts the letter off until the reason may be over.
    mutating func putOff(_ incident: Incident, _ suppression: Suppression, at now: Timestamp) {
        var waiting = incident
        (waiting.isHeld, waiting.isLate) = (false, false)
        switch suppression {
        case .silence(let silence):
            (waiting.silencedBy, waiting.inhibitedBy) = (silence.id, nil)
            waiting.due = max(silence.until, now + .seconds(1), afterInterval(incident, now))
        case .inhibition(let cause):
            (waiting.silencedBy, waiting.inhibitedBy) = (nil, cause)
            waiting.due = now + max(policy.groupInterval, .seconds(1))
        }
        put(waiting)
    }

    /// An incident that kept others quiet is over: they are looked at again, after the time in which they may end too.
    mutating func wakeInhibited(by id: Int64, at now: Timestamp) {
        for var incident in inhibited(by: id) where incident.due != nil {
            incident.due = max(now + policy.groupWait, afterInterval(incident, now))
            put(incident)
        }
    }

    private func inhibited(by id: Int64) -> [Incident] {
        (inhibitedIDs[id] ?? []).sorted().compactMap { incidents[$0] }
    }

    // MARK: What the inhibitor's letter says of it

    /// The open incidents that this one keeps quiet.
    func keptQuiet(by incident: Incident) -> [Incident] {
        guard incident.state == .open, !incident.rule.inhibits.isEmpty else { return [] }
        return inhibited(by: incident.id)
    }

    /// What an incident that is over now kept quiet and what is over as well: told in its last letter, and in no other.
    mutating func tellQuieted(by incident: Incident, at now: Timestamp) -> [Report.Entry] {
        guard incident.isOver else { return [] }
        let over = inhibited(by: incident.id).filter { other in
            other.newHits > 0 && other.letters == 0
                && (other.isOver || (!other.endsBySign && other.lastHit + policy.quietTime <= now))
        }
        return over.map { other in
            var other = other
            let entry = Report.Entry(kind: .first, incident: other, newHits: other.newHits)
            if !other.isOver { other.state = .quiet }
            other.told = other.hits
            other.samples = []
            close(other)
            return entry
        }
    }

    // MARK: Silences

    package mutating func add(_ silence: Silence) {
        silences.append(silence)
        lastSilenceID = max(lastSilenceID, silence.id)
        check(at: silence.until)
        bookChanged = true
    }

    /// What it kept quiet is told now. False when there is none of that number.
    package mutating func removeSilence(_ id: Int64, at now: Timestamp) -> Bool {
        notice(now)
        guard let index = silences.firstIndex(where: { $0.id == id }) else { return false }
        silences.remove(at: index)
        for var incident in incidents.values where incident.silencedBy == id && incident.due != nil {
            incident.due = afterInterval(incident, now)
            put(incident)
        }
        bookChanged = true
        check(at: .distantPast)
        return true
    }

    /// What becomes of what a silence kept quiet, when it ends.
    package struct Freed: Hashable, Sendable {
        /// Incidents that are told at once.
        package var told = 0
        /// Those for which the cap has no room, and when the first digest of them goes.
        package var held = 0
        package var heldUntil: Timestamp?
        /// Those whose next letter comes later.
        package var waiting = 0
        /// Those that something else keeps quiet.
        package var quiet = 0
    }

    /// What would become of it if that silence were removed now: found by a trial.
    package func freed(bySilence id: Int64, at now: Timestamp) -> Freed {
        var trial = self
        _ = trial.removeSilence(id, at: now)
        _ = trial.due(now, caughtUp: false)
        var freed = Freed()
        for before in incidents.values where before.silencedBy == id && before.due != nil {
            guard let after = trial.incidents[before.id], after.letters == before.letters else {
                freed.told += 1
                continue
            }
            switch trial.telling(of: after, at: now) {
            case .digest:
                freed.held += 1
                let until = trial.nextLetter(of: after, at: now)
                freed.heldUntil = [freed.heldUntil, until].compactMap { $0 }.min()
            case .waits, .late, .told: freed.waiting += 1
            case .silenced, .inhibited, .recorded, .nobody: freed.quiet += 1
            }
        }
        return freed
    }

    /// Takes out the silences that are over.
    mutating func endSilences(_ now: Timestamp) {
        guard silences.contains(where: { $0.until <= now }) else { return }
        silences.removeAll { $0.until <= now }
        bookChanged = true
    }
}
