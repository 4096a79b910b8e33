// The queue and the clock: holds that are over, time without a usable account, a clock that was set.

import Database
import Formats

extension Queue {
    /// Queues what was held until now or earlier.
    package func releaseDue(at now: Timestamp) throws(QueueError) -> Int {
        let due = try rows(
            "SELECT number FROM deliveries WHERE state = ? AND next_attempt <= ?",
            [SQLValue(DeliveryState.held.rawValue), SQLValue(now.microseconds)])
        for delivery in due.compactMap(\.first?.int) { try move(delivery, to: .queued, at: now) }
        return due.count
    }

    /// The next time after `now` at which something becomes due.
    package func nextDue(after now: Timestamp) throws(QueueError) -> Timestamp? {
        var next: Int64?
        for state in [DeliveryState.held, .queued, .uncertain] {
            let row = try rows(
                "SELECT next_attempt FROM deliveries WHERE state = ? AND next_attempt > ? ORDER BY next_attempt LIMIT 1",
                [SQLValue(state.rawValue), SQLValue(now.microseconds)])
            if let time = row.first?.first?.int { next = min(next ?? .max, time) }
        }
        return next.map { Timestamp(microseconds: $0) }
    }

    /// The aliases of what waits.
    package func waitingAliases() throws(QueueError) -> [String?] {
        try rows(
            "SELECT DISTINCT alias FROM deliveries WHERE state IN (?, ?)",
            [SQLValue(DeliveryState.queued.rawValue), SQLValue(DeliveryState.uncertain.rawValue)]
        ).map { $0.first?.string }
    }

    /// Stops (`usable` false) or starts again the clock after which deliveries of this alias are given up.
    package func stall(alias: String?, usable: Bool, at now: Timestamp) throws(QueueError) {
        let time = SQLValue(now.microseconds)
        if usable {
            try execute(
                """
                UPDATE deliveries SET stalled = stalled + max(0, ?1 - stalled_since), stalled_since = NULL
                WHERE alias IS ?2 AND stalled_since IS NOT NULL
                """, [time, SQLValue(alias)])
        } else {
            try execute(
                """
                UPDATE deliveries SET stalled_since = ?
                WHERE state IN (?, ?) AND alias IS ? AND stalled_since IS NULL
                """,
                [
                    time, SQLValue(DeliveryState.queued.rawValue), SQLValue(DeliveryState.uncertain.rawValue),
                    SQLValue(alias),
                ])
        }
    }

    /// What a start makes of the time since the mailer was last at work. It counts for no letter: the host was off, or the
    /// clock was set. Where the clock went back, all times go with it.
    package func resume(at now: Timestamp) throws(QueueError) {
        guard let seen = try rows("SELECT seen FROM clock").first?.first?.int else { return }
        let gap = now - Timestamp(microseconds: seen)
        if gap < .zero { return try clockWasSet(by: gap) }
        let open = DeliveryState.allCases.filter { !$0.isFinal }.map { String($0.rawValue) }.joined(separator: ",")
        try execute(
            "UPDATE deliveries SET stalled = stalled + ? WHERE state IN (\(open)) AND stalled_since IS NULL",
            [SQLValue(gap.microseconds)])
    }

    /// The mailer is at work.
    package func seen(at now: Timestamp) throws(QueueError) {
        try execute("INSERT OR REPLACE INTO clock(number, seen) VALUES(1, ?)", [SQLValue(now.microseconds)])
    }

    /// No attempt waits longer than the rhythm's longest wait, and nothing was taken in later than now: what says so was
    /// written under a clock that was wrong.
    package func bound(at now: Timestamp, _ retry: Retry) throws(QueueError) {
        let (now, latest) = (SQLValue(now.microseconds), SQLValue((now + retry.longest).microseconds))
        try execute(
            "UPDATE deliveries SET next_attempt = ?1 WHERE state IN (?2, ?3) AND next_attempt > ?1",
            [latest, SQLValue(DeliveryState.queued.rawValue), SQLValue(DeliveryState.uncertain.rawValue)])
        try execute("UPDATE deliveries SET stalled_since = ?1 WHERE stalled_since > ?1", [now])
        try execute("UPDATE letters SET taken_in = ?1 WHERE forgotten = 0 AND taken_in > ?1", [now])
    }

    /// The wall clock was set by `step`: what waits goes on waiting as long as it would have.
    package func clockWasSet(by step: Duration) throws(QueueError) {
        let by = SQLValue(step.microseconds)
        try execute(
            "UPDATE deliveries SET next_attempt = next_attempt + ?, stalled_since = stalled_since + ?", [by, by])
        try execute("UPDATE letters SET taken_in = taken_in + ? WHERE forgotten = 0", [by])
    }
}
