// The queue: letters and their deliveries in one SQLite database with one owner. Every change of a delivery's state goes
// through `move`, which refuses what DeliveryState does not allow; what is committed when stands in docs/queue.md.
//
// The queue belongs to one thread. Its methods change the database inside `transaction`, so that the mailer can commit
// what several threads wait for with one sync of the disk.

import Database
import Formats
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

    private static func mark(_ folder: String) -> String { "\(folder)/\(fileName).damaged" }

    /// Damage was met: the next `open` sets the database aside and carries over what can be read of it.
    package static func noteDamage(folder: String) {
        _ = try? Files.write([], to: mark(folder), mode: 0o600)
    }

    /// Opens `folder`/queue.db, made when missing. After an end that was none of its own (its WAL is still there) it is
    /// looked through for damage; one that is damaged is set aside, and what can be read of it carried over. Throws EWOULDBLOCK where another process owns it; the second value
    /// tells of a database that was set aside.
    package static func open(folder: String) throws(QueueError) -> (queue: Queue, setAside: String?) {
        let lock: LockFile
        do throws(SystemError) {
            try Files.makeDirectories(folder)
            lock = try LockFile(folder + "/lock")
        } catch {
            throw .system(error)
        }
        do throws(DatabaseError) {
            let path = folder + "/" + fileName
            let wal = (try? FileStatus.of(path + "-wal")) ?? nil
            let isDamaged = ((try? FileStatus.of(mark(folder))) ?? nil) != nil
            let (database, setAside) = try QueueSchema.schema.open(
                path, checking: (wal?.size ?? 0) > 0, isDamaged: isDamaged,
                salvage: { aside, fresh in QueueSalvage(fresh).carryOver(aside) })
            if isDamaged { _ = try? Files.remove(mark(folder)) }
            return (Queue(database, lock), setAside)
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
        do throws(QueueError) {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            _ = try? database.execute("ROLLBACK")
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

/// Where a delivery stands, as far as a step of it needs to know.
struct DeliveryRow: Equatable, Sendable {
    var state: DeliveryState
    var attempts: Int
    /// How often it has become uncertain.
    var uncertain: Int
    var takenIn: Timestamp
    var stalled: Duration
    var stalledSince: Timestamp?

    /// Time without a usable account, up to now.
    func stalled(at now: Timestamp) -> Duration { stalled + (stalledSince.map { max(.zero, now - $0) } ?? .zero) }
    /// Where an attempt that decided nothing leads back to.
    var waiting: DeliveryState { uncertain > 0 ? .uncertain : .queued }
}

extension Queue {
    /// The one place where a state changes. `columns` is `name = ?` with `values` in order.
    func move(
        _ delivery: Int64, to next: DeliveryState, at now: Timestamp, _ columns: String = "", _ values: [SQLValue] = []
    ) throws(QueueError) {
        let current = try row(of: delivery).state
        guard current.successors.contains(next) else {
            throw .illegal(delivery: delivery, from: current, to: next)
        }
        let more = columns.isEmpty ? "" : ", " + columns
        try execute(
            "UPDATE deliveries SET state = ?, changed = ?\(more) WHERE number = ?",
            [SQLValue(next.rawValue), SQLValue(now.microseconds)] + values + [SQLValue(delivery)])
    }

    func row(of delivery: Int64) throws(QueueError) -> DeliveryRow {
        let found = try rows(
            """
            SELECT state, attempts, uncertain, taken_in, stalled, stalled_since
            FROM deliveries JOIN letters ON letters.id = letter WHERE number = ?
            """, [SQLValue(delivery)])
        guard let row = found.first, let state = row[0].int.flatMap({ DeliveryState(rawValue: Int($0)) }) else {
            throw .unknown("delivery \(delivery)")
        }
        return DeliveryRow(
            state: state, attempts: Int(row[1].int ?? 0), uncertain: Int(row[2].int ?? 0),
            takenIn: Timestamp(microseconds: row[3].int ?? 0), stalled: .microseconds(row[4].int ?? 0),
            stalledSince: row[5].int.map { Timestamp(microseconds: $0) })
    }
}
