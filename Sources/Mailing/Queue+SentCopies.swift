// The copies for folders of what was sent, in the queue's database. A copy's fate never touches its letter's deliveries.

import Database
import Formats

/// Where a copy stands. The raw values are those of the database.
enum SentCopyState: Int {
    case waiting = 0
    case filed = 1
    case givenUp = 2
}

/// A copy that is due, claimed.
struct SentCopyRow: Equatable, Sendable {
    var letter: String
    var alias: String
    /// This one among them.
    var attempts: Int
    var since: Timestamp
    var messageID: String
    var message: [UInt8]
}

extension Queue {
    /// The alias of a delivery, its description (nil: the default one), and whether it went to others than its recipient.
    func alias(of delivery: Int64) throws(QueueError) -> (name: String?, isRedirected: Bool) {
        let row = try rows("SELECT alias, redirect FROM deliveries WHERE number = ?", [SQLValue(delivery)]).first
        return (row?[0].string, row?[1].int != nil)
    }

    /// The letter of that delivery was sent: a copy is due, unless there is one. In the commit of `sent`.
    func addCopy(of delivery: Int64, alias: String, at now: Timestamp) throws(QueueError) {
        try execute(
            """
            INSERT OR IGNORE INTO sent_copies(letter, alias, state, next_attempt, since)
            SELECT letter, ?, ?, ?, ? FROM deliveries WHERE number = ?
            """,
            [
                SQLValue(alias), SQLValue(SentCopyState.waiting.rawValue), SQLValue(now.microseconds),
                SQLValue(now.microseconds), SQLValue(delivery),
            ])
    }

    /// When the next copy is due; nil when none waits.
    func nextCopy() throws(QueueError) -> Timestamp? {
        try rows(
            "SELECT min(next_attempt) FROM sent_copies WHERE state = ?", [SQLValue(SentCopyState.waiting.rawValue)]
        ).first?.first?.int.map { Timestamp(microseconds: $0) }
    }

    /// Begins an attempt with the copy that is due for longest. Commit before it is begun: the next attempt, should nothing
    /// more be heard of this one, is due when this one must be over.
    func claimCopy(at now: Timestamp, longest: (_ bytes: Int) -> Duration) throws(QueueError) -> SentCopyRow? {
        let found = try rows(
            """
            SELECT c.letter, c.alias, c.attempts, c.since, l.message_id, m.bytes FROM sent_copies c
            JOIN letters l ON l.id = c.letter LEFT JOIN messages m ON m.letter = c.letter
            WHERE c.state = ? AND c.next_attempt <= ? ORDER BY c.next_attempt LIMIT 1
            """, [SQLValue(SentCopyState.waiting.rawValue), SQLValue(now.microseconds)])
        guard let row = found.first, let letter = row[0].string else { return nil }
        guard let message = row[5].bytes else {
            try endCopy(letter, .givenUp, words: "the letter is gone")
            return nil
        }
        let attempts = Int(row[2].int ?? 0) + 1
        try execute(
            "UPDATE sent_copies SET attempts = ?, next_attempt = ? WHERE letter = ?",
            [SQLValue(attempts), SQLValue((now + longest(message.count)).microseconds), SQLValue(letter)])
        return SentCopyRow(
            letter: letter, alias: row[1].string ?? "", attempts: attempts,
            since: Timestamp(microseconds: row[3].int ?? 0), messageID: row[4].string ?? "", message: message)
    }

    func endCopy(_ letter: String, _ state: SentCopyState, words: String?) throws(QueueError) {
        try execute(
            "UPDATE sent_copies SET state = ?, words = ? WHERE letter = ?",
            [SQLValue(state.rawValue), SQLValue(words), SQLValue(letter)])
    }

    /// Again at `time`; with `all`, none of its alias sooner than that.
    func putOffCopy(_ letter: String, until time: Timestamp, words: String, all: Bool) throws(QueueError) {
        try execute(
            "UPDATE sent_copies SET next_attempt = ?, words = ? WHERE letter = ?",
            [SQLValue(time.microseconds), SQLValue(words), SQLValue(letter)])
        guard all else { return }
        try execute(
            """
            UPDATE sent_copies SET next_attempt = max(next_attempt, ?) WHERE state = ?
            AND alias = (SELECT alias FROM sent_copies WHERE letter = ?)
            """, [SQLValue(time.microseconds), SQLValue(SentCopyState.waiting.rawValue), SQLValue(letter)])
    }

    /// Alias, attempts so far and age of a copy that waits.
    func copy(of letter: String) throws(QueueError) -> (alias: String, attempts: Int, since: Timestamp)? {
        try rows(
            "SELECT alias, attempts, since FROM sent_copies WHERE letter = ? AND state = ?",
            [SQLValue(letter), SQLValue(SentCopyState.waiting.rawValue)]
        ).first.map { ($0[0].string ?? "", Int($0[1].int ?? 0), Timestamp(microseconds: $0[2].int ?? 0)) }
    }

    /// The aliases whose copies wait after a failure, with how many there are and why.
    func copyTroubles() throws(QueueError) -> [(alias: String, count: Int, words: String)] {
        try rows(
            """
            SELECT alias, count(*), max(words) FROM sent_copies WHERE state = ? GROUP BY alias HAVING max(words) NOTNULL
            """, [SQLValue(SentCopyState.waiting.rawValue)]
        ).map { ($0[0].string ?? "", Int($0[1].int ?? 0), $0[2].string ?? "") }
    }

    /// For the status; null where there are none.
    func copyFacts() throws(QueueError) -> JSON {
        let counts = try rows("SELECT state, count(*) FROM sent_copies GROUP BY state")
        if counts.isEmpty { return .null }
        func count(_ state: SentCopyState) -> JSON {
            .int(counts.first { $0[0].int == Int64(state.rawValue) }?[1].int ?? 0)
        }
        return ["waiting": count(.waiting), "filed": count(.filed), "given_up": count(.givenUp)]
    }
}
