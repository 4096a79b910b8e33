// The queue: letters and their deliveries in one SQLite database with one owner. Every change of a delivery's state goes
// through `move`, which refuses what DeliveryState does not allow; what is committed when stands in docs/queue.md.
//
// The queue belongs to one thread. Its methods change the database inside `transaction`, so that the mailer can commit
// what several threads wait for with one sync of the disk.

import Database
import Formats
import Glibc
import Mail
import Platform

/// Why the queue did not do what it was asked.
package enum QueueError: Error, Equatable, Sendable, CustomStringConvertible {
    case database(DatabaseError)
    case system(SystemError)
    /// A step that the table of states does not have.
    case illegal(delivery: Int64, from: DeliveryState, to: DeliveryState)
    case unknown(String)

    /// The database is damaged.
    package var isDamage: Bool { if case .database(let error) = self { error.isDamage } else { false } }

    /// There is no room for it.
    package var isFull: Bool { if case .database(let error) = self { error.isFull } else { false } }

    package var description: String {
        switch self {
        case .database(let error): error.description
        case .system(let error): error.description
        case .illegal(let delivery, let from, let to):
            "delivery \(delivery) is \(from.name) and cannot become \(to.name)"
        case .unknown(let id): "there is no letter '\(Printable.text(id, limit: 64))' in the queue"
        }
    }
}

/// The queue of the mailer.
package final class Queue {
    package static let fileName = "queue.db"

    let database: Database
    private let lock: LockFile
    /// What waits. Kept where `loadIndex` was called: a command that owns the queue for a moment does without.
    var index = QueueIndex(at: Timestamp(microseconds: 0))
    var hasIndex = false
    var stalls = Stalls()
    /// The delivery that a server took last.
    var lastSent: Int64?
    /// Whether letters may be on their way to others than their recipients.
    var mayHaveRedirects = true
    /// How long the last commit took.
    private(set) var commitTook = Duration.zero
    /// As they were when the transaction began.
    var before: (stalls: Stalls, lastSent: Int64?)?
    /// The index before many rows were changed in this transaction.
    var indexBefore: QueueIndex?

    private static func mark(_ folder: String) -> String { "\(folder)/\(fileName).damaged" }

    /// Damage was met: the next `open` sets the database aside and carries over what can be read of it.
    package static func noteDamage(folder: String) {
        _ = try? Files.write([], to: mark(folder), mode: 0o600)
    }

    /// Opens `folder`/queue.db, made when missing. After an end that was none of its own (its WAL is still there) it is
    /// looked through for damage; one that is damaged is set aside, and what can be read of it carried over. Throws
    /// EWOULDBLOCK where another process owns it; the second value tells of a database that was set aside.
    package static func open(folder: String) throws(QueueError) -> (queue: Queue, setAside: String?) {
        let lock: LockFile
        do throws(SystemError) {
            try Files.makeDirectories(folder)
            lock = try LockFile(folder + "/lock")
        } catch {
            throw .system(error)
        }
        let (database, setAside) = try openDatabase(folder)
        let queue = Queue(database, lock)
        try queue.loadStalls()
        return (queue, setAside)
    }

    private static func openDatabase(_ folder: String) throws(QueueError) -> (Database, setAside: String?) {
        do throws(DatabaseError) {
            let path = folder + "/" + fileName
            let wal = (try? FileStatus.of(path + "-wal")) ?? nil
            let isDamaged = ((try? FileStatus.of(mark(folder))) ?? nil) != nil
            let opened = try QueueSchema.schema.open(
                path, checking: (wal?.size ?? 0) > 0, isDamaged: isDamaged,
                salvage: { aside, fresh in QueueSalvage(fresh).carryOver(aside) })
            if isDamaged { _ = try? Files.remove(mark(folder)) }
            // What is made beside it takes its mode.
            _ = fchmodat(AT_FDCWD, path, 0o600, AT_SYMLINK_NOFOLLOW)
            return opened
        } catch {
            throw .database(error)
        }
    }

    private init(_ database: Database, _ lock: LockFile) {
        self.database = database
        self.lock = lock
    }

    /// All changes that `body` makes are committed together when it returns, and undone when it throws.
    package func transaction<T>(_ body: () throws(QueueError) -> T) throws(QueueError) -> T {
        try execute("BEGIN IMMEDIATE")
        before = (stalls, lastSent)
        defer { (before, indexBefore) = (nil, nil) }
        do throws(QueueError) {
            let result = try body()
            let begun = SystemClock.monotonic()
            try execute("COMMIT")
            commitTook = SystemClock.monotonic() - begun
            index.commit()
            return result
        } catch {
            _ = try? database.execute("ROLLBACK")
            if let before { (stalls, lastSent) = before }
            if let indexBefore { index = indexBefore }
            index.rollBack()
            throw error
        }
    }

    @discardableResult
    func execute(_ sql: String, _ parameters: [SQLValue] = []) throws(QueueError) -> Int {
        do throws(DatabaseError) { return try database.execute(sql, parameters) } catch { throw .database(error) }
    }

    func rows(_ sql: String, _ parameters: [SQLValue] = []) throws(QueueError) -> [[SQLValue]] {
        do throws(DatabaseError) { return try database.query(sql, parameters) } catch { throw .database(error) }
    }
}

/// A step that is taken, ready to be written.
struct Step: Sendable {
    let next: DeliveryState
    let sql: String

    /// - Parameter columns: `name = ?` and the like, whose values follow on `state` and `changed`.
    init(_ next: DeliveryState, _ columns: String = "") {
        let from = DeliveryState.allCases.filter { $0.successors.contains(next) }.map { String($0.rawValue) }
        self.next = next
        sql =
            "UPDATE deliveries SET state = ?, changed = ?\(columns.isEmpty ? "" : ", " + columns)"
            + " WHERE number = ? AND state IN (\(from.joined(separator: ","))) RETURNING \(Queue.indexed)"
    }
}

extension Queue {
    /// What the index is told of a row, and what the log calls it by.
    static let indexed = "number, state, rank, next_attempt, alias, account, uncertain, recipient, letter, refused_by"

    /// The one place where a state changes: only from one that may come before, or it throws `illegal`.
    /// - Returns: the delivery's name in the log: its letter's id and its recipient.
    @discardableResult
    func move(
        _ step: Step, _ delivery: Int64, at now: Timestamp, _ values: [SQLValue] = []
    ) throws(QueueError) -> String {
        let found = try rows(
            step.sql,
            [SQLValue(step.next.rawValue), SQLValue(now.microseconds)] + values + [SQLValue(delivery)])
        guard let row = found.first else {
            throw .illegal(delivery: delivery, from: try row(of: delivery).state, to: step.next)
        }
        note(updated: row)
        if step.next == .sent { lastSent = delivery }
        return "\(row[8].string ?? "") to \(Printable.text(row[7].string ?? "", limit: 300))"
    }

    /// Changes a delivery that stays in its state; `columns` as in `Step`.
    func change(_ delivery: Int64, _ columns: String, _ values: [SQLValue]) throws(QueueError) {
        let found = try rows(
            "UPDATE deliveries SET \(columns) WHERE number = ? RETURNING \(Self.indexed)",
            values + [SQLValue(delivery)])
        if let row = found.first { note(updated: row) }
    }
}
