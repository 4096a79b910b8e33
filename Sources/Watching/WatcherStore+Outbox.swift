// The letters that wait to be handed over, and what became of those that were made.

import Database
import Formats
import Mail
import Spool

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

extension WatcherStore {
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

    /// Reports since `time` that could not be made letters of: how many, and why the last one could not.
    func lettersThatFailed(since time: Timestamp) throws(DatabaseError) -> (count: Int, fault: String)? {
        let rows = try database.query(
            "SELECT fault FROM reports WHERE time >= ? AND fault IS NOT NULL ORDER BY time DESC",
            [.integer(time.microseconds)])
        return rows.first?[0].string.map { (rows.count, $0) }
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
