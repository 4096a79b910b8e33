// The watcher's reports in the queue, for those who are to be told of them otherwise. Must stay true: what is told is counted
// in the table, whatever else waits or has failed there.

import Database
import Formats

/// Some of the watcher's reports.
struct ReportDigest: Equatable, Sendable {
    /// Deliveries, all of them.
    var count = 0
    /// When the oldest was made.
    var oldest: Timestamp?
    /// When the state of the last one changed.
    var latest: Timestamp?
    /// The first of them.
    var first: [DeliverySummary] = []
}

extension Queue {
    /// How many are named.
    static let namedReports = 20

    /// Those that wait for an account.
    func waitingReports() throws(QueueError) -> ReportDigest {
        // Most often there are none, and that is known without a look at the table.
        guard index.waitingReports > 0 else { return ReportDigest() }
        let waiting = DeliveryState.allCases.filter(\.isWaiting).map { String($0.rawValue) }.joined(separator: ",")
        return try reports("state IN (\(waiting))", [])
    }

    /// Those of them that wait behind accounts that have refused them.
    func waitingReports(_ letters: [Stranded]) throws(QueueError) -> ReportDigest {
        guard index.waitingReports > 0, !letters.isEmpty else { return ReportDigest() }
        let condition = letters.map { _ in Self.isStranded }.joined(separator: " OR ")
        return try reports("(\(condition))", letters.flatMap(\.values))
    }

    private static let isStranded =
        "(refused_by = ? AND deliveries.alias IS ? AND uncertain = 0 AND state = \(DeliveryState.queued.rawValue))"

    /// At most so many are looked at in one round.
    private static let strandedAtOnce = 500

    /// Such letters of any origin that were taken in, or let go anew, before `time`; the oldest, where they are many.
    func stranded(_ letters: Stranded, since time: Timestamp) throws(QueueError) -> [DeliverySummary] {
        try rows(
            "\(Self.summary) WHERE \(Self.isStranded) AND COALESCE(began, taken_in) <= ? ORDER BY number LIMIT ?",
            letters.values + [SQLValue(time.microseconds), SQLValue(Self.strandedAtOnce)]
        ).compactMap(Self.summary)
    }

    /// Those that have failed after `time`.
    func refusedReports(after time: Timestamp) throws(QueueError) -> ReportDigest {
        // With the number of the state, the index deliveries_troubles serves.
        try reports("state = 6 AND changed > ?", [SQLValue(time.microseconds)])
    }

    private func reports(_ condition: String, _ values: [SQLValue]) throws(QueueError) -> ReportDigest {
        let those = "WHERE \(condition) AND origin = 'watcher'"
        let found = try rows(
            "SELECT count(*), min(created), max(changed) FROM deliveries JOIN letters ON letters.id = letter \(those)",
            values)
        guard let row = found.first, let count = row[0].int, count > 0 else { return ReportDigest() }
        return ReportDigest(
            count: Int(count), oldest: row[1].int.map { Timestamp(microseconds: $0) },
            latest: row[2].int.map { Timestamp(microseconds: $0) },
            first: try rows("\(Self.summary) \(those) ORDER BY number LIMIT \(Self.namedReports)", values)
                .compactMap(Self.summary))
    }
}

extension Stranded {
    /// As `isStranded` asks for them.
    fileprivate var values: [SQLValue] { [SQLValue(Queue.text(refusedBy)), SQLValue(alias)] }
}
