// The watcher's durable state. One transaction takes all that one round changed; nothing is skipped by a crash, only
// repeated (ARCHITECTURE.md, promise 1). Belongs to the watcher's thread.

import Database
import Formats
import Incidents
import Mail
import Records
import Rules
import Spool

/// What one round changed, to be committed as one.
struct RoundChanges {
    /// By key; the newest of each.
    var checkpoints: [String: SourceCheckpoint] = [:]
    var forgotten: Set<String> = []
    /// Lines that wait for the rest of their record, of each source where they are others than before; nil: none.
    var held: [Source: HeldLines?] = [:]
    /// What the last run left behind and nobody can read, by key and by id: not to be met again.
    var unreadableHeld: [String] = []
    var unreadableIncidents: [Int64] = []
    var letters: [Letter] = []
    var reports: [TellingRow] = []
    /// Where a source is begun at its end, which must be known from then on: what is written after it must be read,
    /// whatever happens until the next commit.
    var hasBeginning = false
    /// It is committed at once; other checkpoints can wait.
    var isUrgent: Bool { !letters.isEmpty || !reports.isEmpty || hasBeginning }
    var hasCheckpoints: Bool { !checkpoints.isEmpty || !forgotten.isEmpty }

    mutating func note(_ checkpoint: SourceCheckpoint) {
        forgotten.remove(checkpoint.key)
        checkpoints[checkpoint.key] = checkpoint
    }

    mutating func forget(_ key: String) {
        checkpoints[key] = nil
        forgotten.insert(key)
    }
}

/// Which report told what of which incident.
struct TellingRow {
    var time: Timestamp
    var incident: Int64
    var kind: Report.Kind
    var newHits: Int
    /// Nil where reports are switched off, or nobody wants this one.
    var letter: String?
    /// Why there is no letter, though somebody wants it.
    var fault: String?
}

/// What a list shows of an incident.
struct ListedIncident {
    var id: Int64
    var state: String
    var severity: Severity
    var title: String
    var host: String
    var rule: String
    var hits: Int
    var told: Int
    var firstSeen: Timestamp
    var lastSeen: Timestamp
}

/// A place in the order in which letters wait.
struct OutboxPlace {
    var created = Int64.min
    var id = ""
}

/// Some of the letters that wait.
struct WaitingLetters {
    var letters: [Letter] = []
    /// What cannot be read, by id. It stays where it is, for a person to look at.
    var unreadable: [(id: String, error: LetterFileError)] = []
    var end: OutboxPlace
}

/// The watcher's database.
final class WatcherStore {
    let database: Database
    /// Keys of the checkpoints that are stored.
    private var known: Set<String> = []
    /// What became of a state that could not be used.
    let setAside: String?

    init(path: String) throws(DatabaseError) {
        (database, setAside) = try WatcherSchema.schema.open(path, checking: true)
        known = Set(try database.query("SELECT key FROM checkpoints").compactMap { $0[0].string })
    }

    // MARK: What was

    func checkpoints() throws(DatabaseError) -> [SourceCheckpoint] {
        try database.query("SELECT value FROM checkpoints").compactMap { row in
            row[0].string.flatMap { SourceCheckpoint(text: $0) }
        }
    }

    /// Lines that waited for the rest of their record, and the keys of those that cannot be read.
    func held() throws(DatabaseError) -> (lines: [(source: Source, lines: HeldLines)], unreadable: [String]) {
        var (held, unreadable): ([(source: Source, lines: HeldLines)], [String]) = ([], [])
        for row in try database.query("SELECT source, lines FROM held ORDER BY source") {
            let key = row[0].string ?? ""
            if let source = Source(key: key), let lines = HeldLines(bytes: row[1].bytes ?? []) {
                held.append((source, lines))
            } else {
                unreadable.append(key)
            }
        }
        return (held, unreadable)
    }

    func knows(_ checkpoint: SourceCheckpoint) -> Bool { known.contains(checkpoint.key) }

    /// The incidents of the book, and the rest of it; and the ids of those that cannot be read.
    func book(policy: ReportPolicy) throws(DatabaseError) -> (book: IncidentBook, unreadable: [Int64]) {
        var (incidents, unreadable): ([Incident], [Int64]) = ([], [])
        for row in try database.query("SELECT detail, id FROM incidents WHERE in_book = 1 ORDER BY id") {
            if let incident = Self.incident(row) {
                incidents.append(incident)
            } else {
                unreadable.append(row[1].int ?? 0)
            }
        }
        let state = try database.query("SELECT value FROM book").first?[0].string.flatMap { try? JSON.parse($0) }
        return (IncidentBook(policy: policy, incidents: incidents, book: state), unreadable)
    }

    /// Letters that wait to be handed over, oldest first, `limit` of them from `place` on; nil when there are no more.
    func waitingLetters(after place: OutboxPlace, limit: Int = 100) throws(DatabaseError) -> WaitingLetters? {
        let rows = try database.query(
            "SELECT created, id, letter FROM outbox WHERE handed_over IS NULL AND (created, id) > (?, ?)"
                + " ORDER BY created, id LIMIT ?",
            [.integer(place.created), .text(place.id), SQLValue(limit)])
        guard let last = rows.last else { return nil }
        var waiting = WaitingLetters(end: OutboxPlace(created: last[0].int ?? .max, id: last[1].string ?? ""))
        for row in rows {
            do throws(LetterFileError) {
                waiting.letters.append(try LetterFile.decode(row[2].bytes ?? []))
            } catch {
                waiting.unreadable.append((row[1].string ?? "", error))
            }
        }
        return waiting
    }

    /// How many letters wait to be handed over.
    var waitingCount: Int {
        let rows = try? database.query("SELECT count(*) FROM outbox WHERE handed_over IS NULL")
        return Int(rows?.first?[0].int ?? 0)
    }

    /// When the newest letter was handed over, and its subject.
    func lastLetter() throws(DatabaseError) -> (time: Timestamp, subject: String)? {
        let rows = try database.query(
            "SELECT handed_over, subject FROM outbox WHERE handed_over IS NOT NULL ORDER BY handed_over DESC LIMIT 1")
        guard let row = rows.first, let time = row[0].int else { return nil }
        return (Timestamp(microseconds: time), row[1].string ?? "")
    }

    /// Incidents as they were stored, the newest first, those that gather hits towards a threshold apart: what a list shows
    /// of them, so that a long history is neither read whole nor parsed.
    /// - Parameters:
    ///   - rule: a name as `Wildcard` has them; nil: any.
    ///   - host: likewise.
    func history(rule: String?, host: String?, since: Timestamp?, limit: Int) throws(DatabaseError) -> [ListedIncident]
    {
        func glob(_ pattern: String?) -> SQLValue { .text((pattern ?? "*").replacing("[", with: "[[]")) }
        let rows = try database.query(
            "SELECT id, state, severity, title, host, rule, hits, told, first_seen, last_seen FROM incidents"
                + " WHERE state <> 'gathering' AND last_seen >= ? AND rule GLOB ? AND host GLOB ?"
                + " ORDER BY id DESC LIMIT ?",
            [.integer(since?.microseconds ?? .min), glob(rule), glob(host), SQLValue(limit)])
        return rows.map { row in
            ListedIncident(
                id: row[0].int ?? 0, state: row[1].string ?? "",
                severity: row[2].int.flatMap { Severity(rawValue: Int($0)) } ?? .warning, title: row[3].string ?? "",
                host: row[4].string ?? "", rule: row[5].string ?? "", hits: Int(clamping: row[6].int ?? 0),
                told: Int(clamping: row[7].int ?? 0), firstSeen: Timestamp(microseconds: row[8].int ?? 0),
                lastSeen: Timestamp(microseconds: row[9].int ?? 0))
        }
    }

    func incident(_ id: Int64) throws(DatabaseError) -> Incident? {
        try database.query("SELECT detail FROM incidents WHERE id = ?", [.integer(id)]).first.flatMap(Self.incident)
    }

    private static func incident(_ row: [SQLValue]) -> Incident? {
        row[0].string.flatMap { try? JSON.parse($0) }.flatMap { Incident(json: $0) }
    }

    /// Each report of an incident, and what became of its letter here.
    func reports(of id: Int64) throws(DatabaseError) -> [JSON] {
        let rows = try database.query(
            "SELECT time, kind, new_hits, reports.letter, fault, subject, handed_over FROM reports"
                + " LEFT JOIN outbox ON outbox.id = reports.letter WHERE incident = ? ORDER BY time LIMIT 1000",
            [.integer(id)])
        return rows.map { row in
            [
                "time": .string(Timestamp(microseconds: row[0].int ?? 0).rfc3339()), "kind": JSON(row[1].string),
                "new_hits": .int(row[2].int ?? 0), "letter": JSON(row[3].string), "fault": JSON(row[4].string),
                "subject": JSON(row[5].string),
                "handed_over": JSON(row[6].int.map { Timestamp(microseconds: $0).rfc3339() }),
            ]
        }
    }

    /// Reports since `time` that could not be made letters of: how many, and why the last one could not.
    func lettersThatFailed(since time: Timestamp) throws(DatabaseError) -> (count: Int, fault: String)? {
        let rows = try database.query(
            "SELECT fault FROM reports WHERE time >= ? AND fault IS NOT NULL ORDER BY time DESC",
            [.integer(time.microseconds)])
        return rows.first?[0].string.map { (rows.count, $0) }
    }

    // MARK: What changes

    /// Commits all that a round changed: checkpoints, incidents, letters. Throws, and nothing of it is there.
    func commit(_ changes: RoundChanges, _ book: IncidentBook.Changes, at now: Timestamp) throws(DatabaseError) {
        try database.transaction { () throws(DatabaseError) in
            for (key, checkpoint) in changes.checkpoints {
                try database.execute(
                    "INSERT OR REPLACE INTO checkpoints VALUES (?, ?)", [.text(key), .text(checkpoint.text)])
            }
            for key in changes.forgotten {
                try database.execute("DELETE FROM checkpoints WHERE key = ?", [.text(key)])
            }
            for (source, lines) in changes.held {
                if let lines {
                    try database.execute(
                        "INSERT OR REPLACE INTO held VALUES (?, ?)", [.text(source.key), .blob(lines.bytes)])
                } else {
                    try database.execute("DELETE FROM held WHERE source = ?", [.text(source.key)])
                }
            }
            for key in changes.unreadableHeld {
                try database.execute("DELETE FROM held WHERE source = ?", [.text(key)])
            }
            // Kept as history, for a person to look at.
            for id in changes.unreadableIncidents {
                try database.execute("UPDATE incidents SET in_book = 0 WHERE id = ?", [.integer(id)])
            }
            for incident in book.open { try put(incident, inBook: true, at: now) }
            for incident in book.closed { try put(incident, inBook: false, at: now) }
            for id in book.passed { try database.execute("DELETE FROM incidents WHERE id = ?", [.integer(id)]) }
            if let state = book.book {
                try database.execute("INSERT OR REPLACE INTO book VALUES (1, ?)", [.text(state.text)])
            }
            for letter in changes.letters { try put(letter) }
            for report in changes.reports { try put(report) }
        }
        known.subtract(changes.forgotten)
        known.formUnion(changes.checkpoints.keys)
    }

    private func put(_ incident: Incident, inBook: Bool, at now: Timestamp) throws(DatabaseError) {
        try database.execute(
            "INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                .integer(incident.id), SQLValue(inBook), .text(incident.fingerprint.text), .text(incident.rule.id),
                SQLValue(incident.severity.rawValue), .text(incident.state.rawValue), .text(incident.origin.host),
                .text(incident.title), SQLValue(incident.hits), SQLValue(incident.told),
                .integer(incident.firstSeen.microseconds), .integer(incident.lastSeen.microseconds),
                .integer(incident.opened.microseconds), .integer(now.microseconds), .text(incident.json.text),
                SQLValue(!(incident.samples.isEmpty && incident.shownSamples.isEmpty)),
            ])
    }

    private func put(_ letter: Letter) throws(DatabaseError) {
        try database.execute(
            "INSERT INTO outbox (id, created, subject, letter) VALUES (?, ?, ?, ?)",
            [
                .text(letter.id), .integer(letter.created.microseconds), .text(letter.subject),
                .blob(LetterFile.encode(letter)),
            ])
    }

    private func put(_ report: TellingRow) throws(DatabaseError) {
        try database.execute(
            "INSERT INTO reports VALUES (?, ?, ?, ?, ?, ?)",
            [
                .integer(report.time.microseconds), .integer(report.incident), .text(report.kind.rawValue),
                SQLValue(report.newHits), SQLValue(report.letter), SQLValue(report.fault),
            ])
    }

    /// These letters lie in `incoming/`, durably; their bytes are not needed any more.
    func markHandedOver(_ ids: [String], at now: Timestamp) throws(DatabaseError) {
        try database.transaction { () throws(DatabaseError) in
            for id in ids {
                try database.execute(
                    "UPDATE outbox SET handed_over = ?, letter = NULL WHERE id = ?",
                    [.integer(now.microseconds), .text(id)])
            }
        }
    }
}
