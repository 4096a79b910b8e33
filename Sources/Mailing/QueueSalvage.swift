// What can still be read of a damaged queue, carried over into a new one: row by row, past the pages that cannot be read.
// Must stay true: it ends, however much is damaged.

import Database

struct QueueSalvage {
    private let fresh: Database
    /// So many places that cannot be read are passed in a table.
    private static let gapLimit = 1000

    init(_ fresh: Database) { self.fresh = fresh }

    /// Returns how much was carried over, in words.
    func carryOver(_ aside: String) -> String {
        guard let old = (try? Database(path: aside)) ?? (try? Database(path: aside, access: .readOnly)) else {
            return "nothing of it could be read"
        }
        // Letters first: the others refer to them.
        let tables = [
            "letters", "messages", "deliveries", "accounts", "clock", "stalls", "redirects", "lanes", "hosts",
            "policies", "sent_copies",
        ]
        let counts = tables.map { copy($0, from: old) }
        let lost = try? fresh.query(
            """
            SELECT count(*) FROM letters WHERE forgotten = 0 AND (id NOT IN (SELECT letter FROM deliveries)
                OR id NOT IN (SELECT letter FROM messages))
            """
        ).first?.first?.int
        return "carried over: \(counts[0]) letters with \(counts[2]) deliveries; "
            + "of \(lost ?? 0) of these letters the recipients or the text are lost"
    }

    /// Returns how many rows there are now.
    private func copy(_ table: String, from old: Database) -> Int {
        let columns = self.columns(of: table, in: fresh).filter(self.columns(of: table, in: old).contains)
        if columns.isEmpty { return 0 }
        let list = columns.joined(separator: ", ")
        let marks = columns.map { _ in "?" }.joined(separator: ",")
        let insert = "INSERT OR IGNORE INTO \(table)(\(list)) VALUES(\(marks))"
        let select = "SELECT rowid, \(list) FROM \(table) NOT INDEXED WHERE rowid > ? ORDER BY rowid"
        var last: Int64 = 0
        var step: Int64 = 0
        var gaps = 0
        _ = try? fresh.script("BEGIN")
        // After a place that cannot be read it goes on behind it, with longer and longer steps until a row comes.
        while gaps < Self.gapLimit, step < 1 << 40 {
            do throws(DatabaseError) {
                try old.each(select, [SQLValue.integer(last &+ step)]) { row in
                    (last, step) = (row[0].int ?? .max, 0)
                    // A row that refers to one that is lost is refused, and lost as well.
                    _ = try? fresh.execute(insert, Array(row.dropFirst()))
                    return true
                }
                break
            } catch {
                gaps += 1
                step = max(1, step &* 2)
            }
        }
        _ = try? fresh.script("COMMIT")
        return Int((try? fresh.query("SELECT count(*) FROM \(table)").first?.first?.int) ?? 0)
    }

    private func columns(of table: String, in database: Database) -> [String] {
        ((try? database.query("SELECT name FROM pragma_table_info(?)", [.text(table)])) ?? [])
            .compactMap(\.first?.string)
    }
}
