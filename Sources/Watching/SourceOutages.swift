// Sources that cannot be read: when that lasts, it is an incident, and it is over when the source can be read again. A log
// that Herald cannot read is silent whatever happens.
//
// Must stay true: what is told is what the sources say now, not what they said once; so a restart, a reload and a notice
// that was missed change nothing. Each outage is told once, even where a person closed its incident.

import Formats
import Incidents
import LogSources
import Records

/// Sources that cannot be read, and since when.
struct SourceOutages {
    /// So long a source may be unreadable unsaid: rotation, a mount and an upgrade take less.
    private static let patience = Duration.seconds(300)
    /// Between two looks.
    private static let interval = Duration.seconds(60)
    /// Before the first, so that every source had its chance to be read, and to say that it cannot be.
    private static let settling = Duration.seconds(120)
    /// Incidents of single sources; one more stands for all that are beyond.
    private static let single = 20

    private struct Outage {
        var since: Duration
        /// It had an incident, of its own or with others.
        var isTold = false
        var isSingle = false
    }

    private var outages: [Source: Outage] = [:]
    private var nextLook: Duration?

    /// Opens and ends incidents, now and then.
    mutating func look(
        at sources: SourceSet, _ book: inout IncidentBook, localHost: String, at time: SourceTime,
        isInForce: (String) -> Bool
    ) {
        guard let nextLook else { return self.nextLook = time.monotonic + Self.settling }
        guard time.monotonic >= nextLook else { return }
        self.nextLook = time.monotonic + Self.interval
        var faults: [Source: String] = [:]
        for status in sources.faults where isInForce(OwnNotice.outageRule(isJournal: status.source.isJournal)) {
            faults[status.source] = status.fault
        }
        outages = outages.filter { faults[$0.key] != nil }
        for source in faults.keys where outages[source] == nil { outages[source] = Outage(since: time.monotonic) }
        let open = book.openIncidents.filter { $0.rule.ending == .watched }
        if faults.isEmpty, open.isEmpty { return }
        compare(faults, open, &book, localHost, time)
    }

    private mutating func compare(
        _ faults: [Source: String], _ open: [Incident], _ book: inout IncidentBook, _ localHost: String,
        _ time: SourceTime
    ) {
        let occurrences = faults.sorted { $0.key.key < $1.key.key }.map { source, fault in
            (source: source, incident: OwnNotice.outage(of: source, fault, localHost: localHost, at: time.wall))
        }
        let lasting = Set(occurrences.map(\.incident.fingerprint))
        var (single, further): (Set<Fingerprint>, Int64?) = ([], nil)
        for incident in open {
            if incident.fingerprint == OwnNotice.furtherFingerprint {
                further = incident.id
            } else if lasting.contains(incident.fingerprint) {
                single.insert(incident.fingerprint)
            } else {
                book.end(watched: incident.id, by: Self.over(incident.origin.source), at: time.wall)
            }
        }
        var (rest, isMore): ([String], Bool) = ([], false)
        for (source, incident) in occurrences {
            guard var outage = outages[source] else { continue }
            if single.contains(incident.fingerprint) {
                (outage.isTold, outage.isSingle) = (true, true)
            } else if !outage.isTold, outage.since + Self.patience <= time.monotonic {
                outage.isTold = true
                outage.isSingle = single.count < Self.single
                if outage.isSingle {
                    single.insert(incident.fingerprint)
                    book.join(incident, at: time.wall)
                } else {
                    rest.append(faults[source] ?? "")
                }
            }
            if !outage.isSingle { isMore = true }
            outages[source] = outage
        }
        if let further {
            if !isMore { book.end(watched: further, by: Self.over("them"), at: time.wall) }
        } else if !rest.isEmpty {
            book.join(OwnNotice.furtherOutages(rest, localHost: localHost, at: time.wall), at: time.wall)
        }
    }

    private static func over(_ name: String) -> String { "Nothing keeps Herald from reading \(name) any more." }
}
