// What is over, and how long it is kept: bounded in time and in rows, since anyone who can write to a log can make incidents.

import Database
import Formats

extension WatcherStore {
    /// How long what is over is kept.
    private static let kept = Duration.seconds(30 * 86400)
    /// And how many incidents of it, the newest.
    static let keptIncidents = 20_000
    /// How long their lines are kept, which are most of an incident: who asks for them asks soon.
    private static let keptSamples = Duration.seconds(86400)
    /// Rows in one step, so that nothing else waits long.
    private static let step = 500

    /// Forgets a part of what is old. Returns whether there is more of it.
    func prune(at now: Timestamp) throws(DatabaseError) -> Bool {
        let old = [SQLValue.integer((now - Self.kept).microseconds)]
        return try database.transaction { () throws(DatabaseError) in
            var forgotten = [
                try forget("incidents", "id", "in_book = 0 AND changed < ?", old),
                try forget("outbox", "id", "handed_over < ?", old), try forget("reports", "rowid", "time < ?", old),
            ]
            let over = try database.query("SELECT count(*) FROM incidents WHERE in_book = 0").first?[0].int ?? 0
            let spare = min(Int(clamping: over) - Self.keptIncidents, Self.step)
            if spare > 0 {
                forgotten.append(try forget("incidents", "id", "in_book = 0 ORDER BY changed", limit: spare))
                forgotten.append(try forget("reports", "rowid", "incident NOT IN (SELECT id FROM incidents)"))
            }
            forgotten.append(try dropSamples(before: now - Self.keptSamples))
            return forgotten.contains { $0 >= Self.step }
        }
    }

    /// Returns how many rows went.
    private func forget(
        _ table: String, _ key: String, _ condition: String, _ parameters: [SQLValue] = [], limit: Int = step
    ) throws(DatabaseError) -> Int {
        try database.execute(
            "DELETE FROM \(table) WHERE \(key) IN (SELECT \(key) FROM \(table) WHERE \(condition) LIMIT ?)",
            parameters + [SQLValue(limit)])
    }

    /// Of incidents that are over since then. Returns of how many.
    private func dropSamples(before time: Timestamp) throws(DatabaseError) -> Int {
        try database.execute(
            "UPDATE incidents SET has_samples = 0, detail = CASE WHEN json_valid(detail)"
                + " THEN json_remove(detail, '$.samples', '$.shown_samples') ELSE detail END"
                + " WHERE id IN (SELECT id FROM incidents WHERE in_book = 0 AND has_samples = 1 AND changed < ? LIMIT ?)",
            [.integer(time.microseconds), SQLValue(Self.step)])
    }
}
