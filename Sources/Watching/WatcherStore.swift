// The watcher's durable state. One transaction takes all that one round changed; nothing is skipped by a crash, only
// repeated (ARCHITECTURE.md, promise 1). Belongs to the watcher's thread.

import Database
import Formats
import Incidents
import Mail
import Records
import Spool

/// The watcher's database.
final class WatcherStore {
    let database: Database
    /// Keys of the checkpoints that are stored.
    private var known: Set<String> = []
    /// What became of a state that could not be used.
    let setAside: String?

    init(path: String) throws(DatabaseError) {
        (database, setAside) = try WatcherSchema.schema.open(path, checking: true)
        try Self.rewriteKeys(database)
        known = Set(try database.query("SELECT key FROM checkpoints").compactMap { $0[0].string })
    }

    /// Keys whose path has another form by now (`LogPath`): else their rows would stay beside those that follow them.
    private static func rewriteKeys(_ database: Database) throws(DatabaseError) {
        let keys = try database.query("SELECT key, value FROM checkpoints")
            .compactMap { row in row[0].string.map { (key: $0, value: row[1].string ?? "") } }
            .filter { row in row.key.utf8.contains { $0 >= 0x80 } }
        for (key, value) in keys {
            guard let checkpoint = SourceCheckpoint(text: value), !checkpoint.key.isExactly(key) else { continue }
            try database.transaction { () throws(DatabaseError) in
                try database.execute("DELETE FROM checkpoints WHERE key = ?", [.text(key)])
                try database.execute(
                    "INSERT OR IGNORE INTO checkpoints VALUES (?, ?)", [.text(checkpoint.key), .text(checkpoint.text)])
            }
        }
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

    // MARK: What changes

    /// Commits all that a round changed: checkpoints, incidents, letters. Throws, and nothing of it is there.
    func commit(_ changes: RoundChanges, _ book: IncidentBook.Changes, at now: Timestamp) throws(DatabaseError) {
        try database.transaction { () throws(DatabaseError) in
            try putCheckpoints(of: changes)
            try putHeld(of: changes)
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

    private func putCheckpoints(of changes: RoundChanges) throws(DatabaseError) {
        for (key, checkpoint) in changes.checkpoints {
            try database.execute(
                "INSERT OR REPLACE INTO checkpoints VALUES (?, ?)", [.text(key), .text(checkpoint.text)])
        }
        for key in changes.forgotten {
            try database.execute("DELETE FROM checkpoints WHERE key = ?", [.text(key)])
        }
    }

    private func putHeld(of changes: RoundChanges) throws(DatabaseError) {
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
}
