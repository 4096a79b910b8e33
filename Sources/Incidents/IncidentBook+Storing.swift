// What of the book has to be stored, and the book made again from it.

import Formats

extension IncidentBook {
    /// What has to be stored: only what changed since `changesKept()`.
    package struct Changes: Sendable {
        /// In the book: to be inserted or replaced, by id.
        package var open: [Incident]
        /// Out of the book, likewise: history.
        package var closed: [Incident]
        /// To be deleted, by id: they never reached their threshold.
        package var passed: [Int64]
        /// The rest of the book; nil when it did not change.
        package var book: JSON?

        package var isEmpty: Bool { open.isEmpty && closed.isEmpty && passed.isEmpty && book == nil }
    }

    package var changes: Changes {
        Changes(
            open: changed.sorted().compactMap { incidents[$0] }, closed: closed, passed: passed,
            book: bookChanged ? .some(state) : .none)
    }

    /// The changes are stored; they are not given again.
    package mutating func changesKept() {
        changed = []
        closed = []
        passed = []
        if bookChanged { latestKept = latest }
        bookChanged = false
    }

    private var state: JSON {
        [
            "last_id": .int(lastID), "cap": cap.json, "urgent_cap": urgentCap.json, "latest": .int(latest.microseconds),
            "digest_due": JSON(time: digestDue), "urgent_digest_due": JSON(time: urgentDigestDue),
            "late_since": JSON(time: lateSince), "last_late_digest": JSON(time: lastLateDigest),
            "silences": .array(silences.map(\.json)), "tally": tally.json,
            "last_silence": .int(lastSilenceID), "notes": notes.json,
            "expectations": .array(expectations.values.sorted { $0.rule < $1.rule }.map(\.json)),
        ]
    }

    /// The book as it was stored: incidents that are not over, and the rest.
    package init(policy: ReportPolicy, incidents: [Incident], book: JSON?) {
        self.init(policy: policy)
        for incident in incidents {
            self.incidents[incident.id] = incident
            byFingerprint[incident.fingerprint] = incident.id
            idsByRule[incident.rule.id, default: []].insert(incident.id)
            if let cause = incident.inhibitedBy { inhibitedIDs[cause, default: []].insert(incident.id) }
        }
        lastID = max(book?["last_id"]?.int ?? 0, incidents.map(\.id).max() ?? 0)
        cap = LetterCap(json: book?["cap"])
        urgentCap = LetterCap(json: book?["urgent_cap"], isUrgent: true)
        latest = Timestamp(json: book?["latest"]) ?? .distantPast
        latestKept = latest
        digestDue = Timestamp(json: book?["digest_due"])
        urgentDigestDue = Timestamp(json: book?["urgent_digest_due"])
        lateSince = Timestamp(json: book?["late_since"])
        lastLateDigest = Timestamp(json: book?["last_late_digest"])
        silences = (book?["silences"]?.array ?? []).compactMap { Silence(json: $0) }
        lastSilenceID = max(0, book?["last_silence"]?.int ?? 0)
        notes = RecordedNotes(json: book?["notes"])
        tally = Tally(json: book?["tally"]) ?? tally
        for json in (book?["expectations"]?.array ?? []).prefix(Self.expectationsInAll) {
            guard let expectation = Expectation(json: json) else { continue }
            expectations[expectation.key] = expectation
        }
        bringUpToDate()
        applyPolicy()  // it may be another one than it was stored under
    }

    /// An earlier version masked or grouped otherwise: what is open goes on under its new fingerprint, so that no upgrade
    /// tells everything anew. What does not hold its group values waits for a hit that shows it (`adopt`).
    private mutating func bringUpToDate() {
        for incident in incidents.values.sorted(by: { $0.id < $1.id }) where !incident.fingerprint.isCurrent {
            guard !incident.groups.isEmpty else {
                outdated.insert(incident.id)
                continue
            }
            let fingerprint = Fingerprint(
                rule: incident.rule.id, uid: incident.origin.uid, groups: incident.groups)
            rename(incident, fingerprint, incident.groups)
        }
    }
}
