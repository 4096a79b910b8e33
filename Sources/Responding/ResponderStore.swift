// The responder's state, in one SQLite database: the ledger of items, what was answered, the outbox.
//
// What must stay true: seen = in hand + done + held + rejected + failed + duplicate, since every item is one row; the
// decision, the reservation of the answer and the letter are one transaction; no address stands here once the letter is
// handed over and the sidecar written: persons are remembered by keyed hashes.

import Database
import Formats
import Intake
import Platform
import Replies

/// The ledger and the outbox. Belongs to one thread.
final class ResponderStore {
    private static let schema = Schema([
        """
        CREATE TABLE secret(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
        CREATE TABLE item(
            id TEXT PRIMARY KEY, folder TEXT NOT NULL, name BLOB NOT NULL, claimed INTEGER NOT NULL,
            outcome TEXT CHECK(outcome IN ('done', 'held', 'rejected', 'failed', 'duplicate')),
            reasons TEXT, letter TEXT, decided INTEGER,
            filed_as BLOB, sidecar TEXT, finished INTEGER NOT NULL DEFAULT 0
        ) WITHOUT ROWID;
        CREATE INDEX unfinished ON item(finished) WHERE finished = 0;
        CREATE TABLE trace(
            kind TEXT NOT NULL, hash BLOB NOT NULL, item TEXT NOT NULL, made INTEGER NOT NULL,
            PRIMARY KEY(kind, hash, item)
        ) WITHOUT ROWID;
        CREATE TABLE tally(outcome TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE outbox(letter TEXT PRIMARY KEY, item TEXT NOT NULL, bytes BLOB NOT NULL) WITHOUT ROWID;
        CREATE TABLE mark(folder TEXT PRIMARY KEY, mark TEXT NOT NULL, device INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TRIGGER item_seen AFTER INSERT ON item BEGIN
            INSERT INTO tally VALUES('in hand', 1) ON CONFLICT(outcome) DO UPDATE SET count = count + 1;
        END;
        CREATE TRIGGER item_decided AFTER UPDATE OF outcome ON item WHEN old.outcome IS NULL AND new.outcome IS NOT NULL BEGIN
            UPDATE tally SET count = count - 1 WHERE outcome = 'in hand';
            INSERT INTO tally VALUES(new.outcome, 1) ON CONFLICT(outcome) DO UPDATE SET count = count + 1;
        END;
        """,
        "ALTER TABLE item ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0",
    ])

    private let database: Database
    private let key: [UInt8]
    /// Tells this responder's items in a shared outcome folder from another's.
    let instance: String
    /// Damaged or unknown state was set aside, in words.
    let setAside: String?

    /// The key and the instance's name are made at the first start.
    init(path: String, random: () -> [UInt8] = { Randomness.bytes(32) }) throws(DatabaseError) {
        (database, setAside) = try Self.schema.open(path)
        // Sidecars and letters hold addresses while they wait; what is deleted is overwritten.
        try database.script("PRAGMA secure_delete = ON")
        let fresh = random()
        try database.execute("INSERT OR IGNORE INTO secret VALUES('key', ?)", [.blob(fresh)])
        try database.execute(
            "INSERT OR IGNORE INTO secret VALUES('instance', ?)", [.blob(Array(SHA256.digest(fresh).prefix(4)))])
        key = try database.query("SELECT value FROM secret WHERE name = 'key'").first?.first?.bytes ?? fresh
        instance = Hex.encode(
            try database.query("SELECT value FROM secret WHERE name = 'instance'").first?.first?.bytes ?? [])
    }

    /// HMAC-SHA-256 under this installation's key.
    private func hash(_ trace: Trace) -> SQLValue {
        .blob(SHA256.authenticate(Array("\(trace.kind.rawValue)\0\(trace.value)".utf8), key: key))
    }
}

/// Something that is remembered of an item, by a keyed hash of its value.
struct Trace: Hashable, Sendable {
    enum Kind: String, Sendable {
        /// An answered address, with its position.
        case answer
        /// The Message-ID of a message that was taken in.
        case message
        /// A document, with its position.
        case content
        /// The Message-ID of a letter of ours.
        case letter
    }

    var kind: Kind
    var value: String
}

/// An item of the ledger that is not finished.
struct LedgerItem: Sendable {
    var item: ClaimedItem
    var folder: String
    var claimed: Timestamp
    /// Set when it is decided.
    var outcome: String?
    var filedAs: [UInt8]?
    var sidecar: String?
}

/// What a decision commits.
struct DecidedItem: Sendable {
    var id: String
    var outcome: String
    var reasons: JSON
    var sidecar: JSON
    var traces: [Trace]
    /// The letter's id and its file's bytes.
    var letter: (id: String, bytes: [UInt8])?
    var at: Timestamp
}

extension ResponderStore {
    /// Enters an item that was claimed; one that is known stays as it is.
    func enter(_ item: ClaimedItem, folder: String, at time: Timestamp) throws(DatabaseError) {
        try database.execute(
            "INSERT INTO item(id, folder, name, claimed) VALUES(?, ?, ?, ?) ON CONFLICT(id) DO NOTHING",
            [.text(item.id), .text(folder), .blob(item.name), .integer(time.microseconds)])
    }

    /// Counts an attempt at reading an item, before it begins; how many there were, this one included.
    func beginAttempt(_ id: String) throws(DatabaseError) -> Int {
        try database.execute("UPDATE item SET attempts = attempts + 1 WHERE id = ?", [.text(id)])
        return Int(try database.query("SELECT attempts FROM item WHERE id = ?", [.text(id)]).first?.first?.int ?? 0)
    }

    /// The attempt ended for a reason that is not the item's.
    func takeBackAttempt(_ id: String) throws(DatabaseError) {
        try database.execute("UPDATE item SET attempts = max(0, attempts - 1) WHERE id = ?", [.text(id)])
    }

    func item(_ id: String) throws(DatabaseError) -> LedgerItem? { try items("id = ?", [.text(id)]).first }

    /// Items in hand, and those decided but not yet filed, whose reading was begun so many times.
    func unfinished(folder: String, attempts: ClosedRange<Int>) throws(DatabaseError) -> [LedgerItem] {
        try items(
            "finished = 0 AND folder = ? AND attempts BETWEEN ? AND ?",
            [.text(folder), SQLValue(attempts.lowerBound), SQLValue(attempts.upperBound)])
    }

    private func items(_ condition: String, _ parameters: [SQLValue]) throws(DatabaseError) -> [LedgerItem] {
        let sql =
            "SELECT id, folder, name, claimed, outcome, filed_as, sidecar FROM item WHERE \(condition) ORDER BY claimed"
        return try database.query(sql, parameters).map { row in
            LedgerItem(
                item: ClaimedItem(id: row[0].string ?? "", name: row[2].bytes ?? []), folder: row[1].string ?? "",
                claimed: Timestamp(microseconds: row[3].int ?? 0), outcome: row[4].string, filedAs: row[5].bytes,
                sidecar: row[6].string)
        }
    }

    /// The decision, what is remembered of the item and the letter: one transaction. False when the item was decided
    /// before; then nothing changes.
    func decide(_ decided: DecidedItem) throws(DatabaseError) -> Bool {
        try database.transaction { () throws(DatabaseError) in
            let changed = try database.execute(
                "UPDATE item SET outcome = ?, reasons = ?, sidecar = ?, letter = ?, decided = ? WHERE id = ? AND outcome IS NULL",
                [
                    .text(decided.outcome), .text(decided.reasons.text), .text(decided.sidecar.text),
                    SQLValue(decided.letter?.id),
                    .integer(decided.at.microseconds), .text(decided.id),
                ])
            guard changed == 1 else { return false }
            for trace in decided.traces {
                try database.execute(
                    "INSERT OR IGNORE INTO trace VALUES(?, ?, ?, ?)",
                    [.text(trace.kind.rawValue), hash(trace), .text(decided.id), .integer(decided.at.microseconds)])
            }
            if let letter = decided.letter {
                try database.execute(
                    "INSERT INTO outbox VALUES(?, ?, ?)", [.text(letter.id), .text(decided.id), .blob(letter.bytes)])
            }
            return true
        }
    }

    /// Whether another item left this trace, at or after `since`.
    func knows(_ trace: Trace, besides item: String, since: Timestamp? = nil) throws(DatabaseError) -> Bool {
        try !database.query(
            "SELECT 1 FROM trace WHERE kind = ? AND hash = ? AND item <> ? AND made >= ? LIMIT 1",
            [.text(trace.kind.rawValue), hash(trace), .text(item), .integer(since?.microseconds ?? .min)]
        ).isEmpty
    }

    /// The name under which an item is being filed, before it is.
    func setFiledAs(_ id: String, _ name: [UInt8]) throws(DatabaseError) {
        try database.execute("UPDATE item SET filed_as = ? WHERE id = ?", [.blob(name), .text(id)])
    }

    /// The item lies in its outcome's folder with its sidecar; the copy kept here goes.
    func finish(_ id: String) throws(DatabaseError) {
        try database.execute("UPDATE item SET finished = 1, sidecar = NULL WHERE id = ?", [.text(id)])
    }

    /// Letters that are committed and not yet handed over.
    func outbox() throws(DatabaseError) -> [(id: String, bytes: [UInt8])] {
        try database.query("SELECT letter, bytes FROM outbox").map { ($0[0].string ?? "", $0[1].bytes ?? []) }
    }

    func handedOver(_ letter: String) throws(DatabaseError) {
        try database.execute("DELETE FROM outbox WHERE letter = ?", [.text(letter)])
    }

    /// The mark of a drop folder that was used before, and the device that it lay on.
    func mark(of folder: String) throws(DatabaseError) -> (mark: String, device: UInt64)? {
        guard let row = try database.query("SELECT mark, device FROM mark WHERE folder = ?", [.text(folder)]).first
        else { return nil }
        return (row[0].string ?? "", UInt64(bitPattern: row[1].int ?? 0))
    }

    func setMark(_ mark: String, device: UInt64, of folder: String) throws(DatabaseError) {
        try database.execute(
            "INSERT INTO mark VALUES(?, ?, ?) ON CONFLICT(folder) DO UPDATE SET mark = excluded.mark, device = excluded.device",
            [.text(folder), .text(mark), .integer(Int64(bitPattern: device))])
    }

    /// How many items were seen, and where they are.
    func ledger() throws(DatabaseError) -> Ledger {
        var counts: [String: Int64] = [:]
        for row in try database.query("SELECT outcome, count FROM tally") {
            counts[row[0].string ?? ""] = row[1].int ?? 0
        }
        let seen = try database.query("SELECT count(*) FROM item").first?.first?.int ?? 0
        let waiting = try database.query("SELECT count(*) FROM outbox").first?.first?.int ?? 0
        return Ledger(seen: seen, counts: counts, outbox: waiting)
    }
}

/// seen = in hand + done + held + rejected + failed + duplicate.
package struct Ledger: Equatable, Sendable {
    package var seen: Int64
    package var counts: [String: Int64]
    /// Letters not yet handed over.
    package var outbox: Int64

    package subscript(outcome: String) -> Int64 { counts[outcome] ?? 0 }
    package var addsUp: Bool { seen == counts.values.reduce(0, +) }

    var json: JSON {
        .object(
            [JSON.Member("seen", .int(seen)), JSON.Member("in_hand", .int(self["in hand"]))]
                + OutcomeFolder.outcomes.map { JSON.Member($0, .int(self[$0])) })
    }
}
