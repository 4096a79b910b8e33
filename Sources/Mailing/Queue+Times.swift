// The queue and the clock: holds that are over, time that does not count, a clock that was set.

import Database
import Formats

extension Queue {
    /// Moves the index on to `now`, and queues what was held until then.
    func advance(to now: Timestamp) throws(QueueError) {
        for delivery in index.advance(to: now) { try move(Self.released, delivery, at: now) }
    }

    private static let released = Step(.queued)

    /// Stops (`usable` false) or starts again the clock after which deliveries of this alias are given up.
    func stall(alias: String?, usable: Bool, at now: Timestamp) throws(QueueError) {
        try change { stalls in _ = stalls.set(alias, usable: usable, at: now) }
    }

    /// What a start makes of the time since the mailer was last at work. It counts for no letter: the host was off, or the
    /// clock was set. Where the clock went back, all times go with it.
    package func resume(at now: Timestamp) throws(QueueError) {
        guard let seen = try rows("SELECT seen FROM clock").first?.first?.int else { return }
        let gap = now - Timestamp(microseconds: seen)
        if gap < .zero { return try clockWasSet(by: gap) }
        try change { stalls in stalls.resume(from: now - gap, to: now) }
    }

    /// The mailer is at work.
    package func seen(at now: Timestamp) throws(QueueError) {
        try execute(
            "INSERT INTO clock(number, seen) VALUES(1, ?1) ON CONFLICT(number) DO UPDATE SET seen = ?1",
            [SQLValue(now.microseconds)])
    }

    /// No attempt waits longer than the rhythm's longest wait, and nothing was taken in later than now: what says so was
    /// written under a clock that was wrong. The index is to be loaded after it, as after `clockWasSet`.
    package func bound(at now: Timestamp, _ retry: Retry) throws(QueueError) {
        let latest = SQLValue((now + retry.longest).microseconds)
        let time = SQLValue(now.microseconds)
        try execute(
            "UPDATE deliveries SET next_attempt = ?1 WHERE state IN (?2, ?3) AND next_attempt > ?1",
            [latest, SQLValue(DeliveryState.queued.rawValue), SQLValue(DeliveryState.uncertain.rawValue)])
        try execute("UPDATE deliveries SET began = ?1 WHERE began > ?1", [time])
        try execute("UPDATE letters SET taken_in = ?1 WHERE forgotten = 0 AND taken_in > ?1", [time])
        try change { stalls in stalls.bound(at: now) }
    }

    /// The wall clock was set by `step`: what waits goes on waiting as long as it would have.
    package func clockWasSet(by step: Duration) throws(QueueError) {
        let by = SQLValue(step.microseconds)
        try execute(
            "UPDATE deliveries SET next_attempt = next_attempt + ?1, due = due + ?1, began = began + ?1", [by])
        try execute("UPDATE letters SET taken_in = taken_in + ? WHERE forgotten = 0", [by])
        try execute(
            "UPDATE sent_copies SET next_attempt = next_attempt + ?, since = since + ? WHERE state = 0", [by, by])
        try change { stalls in stalls.clockWasSet(by: step) }
    }
}
