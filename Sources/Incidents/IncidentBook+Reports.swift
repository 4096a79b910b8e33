// What is due: which incidents are told now, singly or in a digest, and which of them end.

import Formats
import Rules

extension IncidentBook {
    /// The reports that are due at `now`, the most severe first. What they tell counts as told from here on.
    /// - Parameter caughtUp: nothing that is older waits to be read, so that the digest of late hits is complete, and what
    ///   was expected has had its chance to be seen.
    package mutating func due(_ now: Timestamp, caughtUp: Bool = true) -> [Report] {
        notice(now)
        guard isDue(now, caughtUp: caughtUp) else { return [] }
        awaitsCatchUp = false
        cap.pass(to: now)
        urgentCap.pass(to: now)
        endSilences(now)
        judgeExpectations(caughtUp: caughtUp, at: now)
        endQuiet(now)
        let inhibitors = inhibitors
        var reports: [Report] = []
        if let digest = digest(of: .critical, inhibitors, at: now) { reports.append(digest) }
        if let digest = digest(of: .emergency, inhibitors, at: now) { reports.append(digest) }
        if let digest = lateDigest(inhibitors, at: now, caughtUp: caughtUp) { reports.append(digest) }
        if let digest = silencedDigest(inhibitors, at: now) { reports.append(digest) }
        for incident in candidates(now) {
            guard let report = ruleDigest(incident.id, inhibitors, at: now) ?? single(incident.id, inhibitors, at: now)
            else { continue }
            reports.append(report)
        }
        if !reports.isEmpty {
            tally.reports += reports.count
            run.reports += reports.count
            noteBookChange()
        }
        recheck()
        return reports.sorted { $0.severity > $1.severity }
    }

    /// When something has to be done about an incident, letters held back apart.
    func nextEvent(of incident: Incident) -> Timestamp? {
        if incident.isLingering {
            return (incident.lastLetter ?? incident.lastHit) + max(ReportPolicy.returnTime, interval(of: incident))
        }
        let due = incident.isHeld || incident.isLate ? nil : incident.due
        switch incident.state {
        case .gathering: return incident.lastHit + (incident.rule.threshold?.within ?? .zero)
        case .open:
            if incident.newHits > 0 && isTold(incident) || !incident.rule.ending.passesWithTime { return due }
            let end = incident.lastHit + (incident.rule.ending == .recovery ? policy.abandonAfter : policy.quietTime)
            return min(due ?? end, end)
        default: return due
        }
    }

    /// When the digest of late hits may go, if there are any.
    var lateDigestTime: Timestamp? {
        guard let since = lateSince else { return nil }
        let earliest = since + policy.groupWait
        return max(earliest, lastLateDigest.map { $0 + policy.groupInterval } ?? earliest)
    }

    /// When it is to be asked about next. While it waits for the rest to be read that is not asked in each round.
    var lateDigestCheck: Timestamp? {
        guard awaitsCatchUp, let since = lateSince, let time = lateDigestTime else { return lateDigestTime }
        return max(time, since + Self.catchUpLimit)
    }

    /// What waits for all to be read waits no longer than this: where much is written, reading never comes to an end.
    static let catchUpLimit = Duration.seconds(900)

    func isTold(_ incident: Incident) -> Bool { policy.tells(incident) }

    // MARK: Who is due

    /// What is due singly: the most severe first, then of each rule one before any has a second, then what has waited
    /// longest.
    func candidates(_ now: Timestamp) -> [Incident] {
        let due = incidents.values.filter { isDue($0, now) }.sorted {
            ($0.severity, $1.due ?? now, $1.id) > ($1.severity, $0.due ?? now, $0.id)
        }
        var met: Set<String> = []
        let (ahead, behind) = due.reduce(into: ([Incident](), [Incident]())) { both, incident in
            if met.insert(incident.rule.id).inserted { both.0.append(incident) } else { both.1.append(incident) }
        }
        return (ahead + behind).enumerated().sorted {
            ($0.element.severity, $1.offset) > ($1.element.severity, $0.offset)
        }.map(\.element)
    }

    private func isDue(_ incident: Incident, _ now: Timestamp) -> Bool {
        guard let due = incident.due, due <= now, !incident.isHeld, !incident.isLate else { return false }
        return incident.state != .gathering
    }

    func sort(of incident: Incident) -> LetterCap.Sort {
        LetterCap.Sort(rule: incident.rule.id, uid: incident.origin.uid, kind: Self.kind(of: incident))
    }

    /// One incident's own report; nil when it is silenced, inhibited, or held for the digest, or was told with another.
    private mutating func single(_ id: Int64, _ inhibitors: Inhibitors, at now: Timestamp) -> Report? {
        guard let incident = incidents[id], isDue(incident, now) else { return nil }
        if let suppression = suppression(of: incident, inhibitors, at: now) {
            putOff(incident, suppression, at: now)
            return nil
        }
        let sort = sort(of: incident)
        if incident.isUrgent {
            guard urgentCap.admits(sort, limit: policy.urgentPerHour) else {
                urgentDigestDue = urgentDigestDue ?? (urgentCap.last ?? now) + policy.urgentDigestInterval
                hold(incident)
                return nil
            }
            urgentCap.note(now, sort)
        } else {
            guard cap.admits(sort, limit: policy.maxPerHour) else {
                digestDue = digestDue ?? cap.nextRoom(limit: policy.maxPerHour) ?? now
                hold(incident)
                return nil
            }
            cap.note(now, sort)
        }
        let kept = keptQuiet(by: incident)
        let entry = tell(incident, at: now)
        var report = Report(kind: entry.kind, entries: [entry], time: now)
        report.quieted = tellQuieted(by: incident, at: now)
        report.keptQuiet = kept.prefix(10).map { "\($0.title) (\($0.rule.id), hits: \($0.newHits))" }
        report.keptQuietCount = kept.count
        return report
    }

    private mutating func hold(_ incident: Incident) {
        var held = incident
        held.isHeld = true
        put(held)
        noteBookChange()
    }

    // MARK: Telling

    /// Marks all hits of the incident as told, and sets what comes next for it.
    mutating func tell(_ incident: Incident, at now: Timestamp) -> Report.Entry {
        let entry = Report.Entry(kind: Self.kind(of: incident), incident: incident, newHits: incident.newHits)
        var after = incident
        after.told = after.hits
        if !after.samples.isEmpty { after.shownSamples = Array(after.samples.prefix(3)) }
        after.samples = []
        after.letters += 1
        after.lastLetter = now
        after.due = nil
        (after.isHeld, after.isLate, after.backSince) = (false, false, nil)
        (after.inhibitedBy, after.silencedBy) = (nil, nil)
        if entry.kind == .reminder {
            after.reminderAfter = min(after.reminderAfter * 2, max(ReportPolicy.longestReminder, policy.repeatInterval))
        }
        // Long over when it was read, or when it could be told: one letter is enough.
        let lastSign = incident.isLate ? min(incident.lastHit, incident.lastSeen) : incident.lastHit
        let isPast = lastSign + policy.quietTime <= now && !incident.endsBySign
        if after.state == .open, incident.rule.ending == .event { after.state = .told }
        if after.state == .open, isPast { after.state = .quiet }
        if after.state == .recovered {
            put(after)  // for a while: what flaps is the same incident
        } else if after.isOver {
            close(after)
        } else {
            if incident.endsBySign { after.due = now + after.reminderAfter }
            put(after)
        }
        return entry
    }

    private static func kind(of incident: Incident) -> Report.Kind {
        if incident.letters == 0 { return .first }
        switch incident.state {
        case .recovered: return .recovered
        case .quiet: return .quiet
        default:
            if incident.backSince != nil { return .returned }
            return incident.newHits > 0 ? .further : .reminder
        }
    }
}
