// What people see of the queue, and what they may change in it.

import Database
import Formats

/// One delivery as lists show it.
package struct DeliverySummary: Equatable, Sendable {
    package var number: Int64
    package var letter: String
    package var recipient: String
    package var state: DeliveryState
    package var attempts: Int
    package var nextAttempt: Timestamp?
    package var lastReply: String?
    package var account: String?
    package var subject: String
    package var origin: String
    package var created: Timestamp
    package var changed: Timestamp

    /// The object of `herald queue list --json`.
    package var json: JSON {
        let waits = [.held, .queued, .uncertain, .sending, .dotPending].contains(state)
        return [
            "number": .int(number), "id": .string(letter), "recipient": .string(recipient),
            "state": .string(state.name),
            "attempts": JSON(attempts), "next_attempt": JSON(waits ? nextAttempt?.rfc3339(fraction: 3) : nil),
            "last_reply": JSON(lastReply), "account": JSON(account), "subject": .string(subject),
            "origin": .string(origin), "created": .string(created.rfc3339(fraction: 3)),
            "changed": .string(changed.rfc3339(fraction: 3)),
        ]
    }
}

/// What a person may do with a letter.
package enum QueueChange: String, CaseIterable, Sendable {
    case hold, release, retry, retract, remove
}

extension Queue {
    static let summary = """
        SELECT letter, recipient, state, attempts, next_attempt, last_reply, account, subject, origin, created, changed,
            number FROM deliveries JOIN letters ON letters.id = letter
        """

    /// The deliveries of one letter.
    package func list(letter id: String) throws(QueueError) -> [DeliverySummary] {
        let found = try rows("\(Self.summary) WHERE letter = ? ORDER BY number", [SQLValue(id)])
        if found.isEmpty { throw .unknown(id) }
        return found.compactMap(Self.summary)
    }

    static func summary(_ row: [SQLValue]) -> DeliverySummary? {
        guard let state = row[2].int.flatMap({ DeliveryState(rawValue: Int($0)) }) else { return nil }
        return DeliverySummary(
            number: row[11].int ?? 0, letter: row[0].string ?? "", recipient: row[1].string ?? "", state: state,
            attempts: Int(row[3].int ?? 0),
            nextAttempt: row[4].int.map { Timestamp(microseconds: $0) }, lastReply: row[5].string,
            account: row[6].string, subject: row[7].string ?? "", origin: row[8].string ?? "",
            created: Timestamp(microseconds: row[9].int ?? 0), changed: Timestamp(microseconds: row[10].int ?? 0))
    }

    /// A delivery's name in the log: its letter's id and its recipient.
    func label(of delivery: Int64) throws(QueueError) -> String {
        let row = try rows("SELECT letter, recipient FROM deliveries WHERE number = ?", [SQLValue(delivery)]).first
        return "\(row?[0].string ?? "") to \(Printable.text(row?[1].string ?? "", limit: 300))"
    }

    /// The bytes of a letter's message.
    package func message(of id: String) throws(QueueError) -> [UInt8] {
        guard let bytes = try rows("SELECT bytes FROM messages WHERE letter = ?", [SQLValue(id)]).first?[0].bytes else {
            throw .unknown(id)
        }
        return bytes
    }

    /// What the envelope of a letter says beside its recipients.
    package func particulars(of id: String) throws(QueueError) -> JSON {
        let found = try rows(
            "SELECT alias, sender, message_id, size, taken_in FROM letters WHERE id = ? AND forgotten = 0",
            [SQLValue(id)])
        guard let row = found.first else { throw .unknown(id) }
        return [
            "id": .string(id), "alias": JSON(row[0].string), "sender": .string(row[1].string ?? ""),
            "message_id": JSON(row[2].string), "size": .int(row[3].int ?? 0),
            "taken_in": .string(Timestamp(microseconds: row[4].int ?? 0).rfc3339(fraction: 3)),
        ]
    }

    /// How many deliveries are in each state.
    package func counts() throws(QueueError) -> [DeliveryState: Int] {
        var counts: [DeliveryState: Int] = [:]
        for row in try rows("SELECT state, count(*) FROM deliveries GROUP BY state") {
            if let state = row[0].int.flatMap({ DeliveryState(rawValue: Int($0)) }) {
                counts[state] = Int(row[1].int ?? 0)
            }
        }
        return counts
    }

    /// When the delivery that waits longest was taken in.
    package func oldestWaiting() throws(QueueError) -> Timestamp? {
        let states = [DeliveryState.queued, .sending, .dotPending, .uncertain]
        let row = try rows(
            "SELECT min(taken_in) FROM letters JOIN deliveries ON letters.id = letter WHERE state IN (?,?,?,?)",
            states.map { SQLValue($0.rawValue) })
        return row.first?[0].int.map { Timestamp(microseconds: $0) }
    }

    /// How many deliveries wait for a person.
    package func heldForPerson() throws(QueueError) -> Int {
        let row = try rows(
            "SELECT count(*) FROM deliveries WHERE state = ? AND next_attempt IS NULL",
            [SQLValue(DeliveryState.held.rawValue)])
        return Int(row.first?[0].int ?? 0)
    }

    /// Whether something will still happen by itself.
    package func hasWork() throws(QueueError) -> Bool {
        let open = [DeliveryState.queued, .sending, .dotPending, .uncertain]
        let row = try rows(
            "SELECT EXISTS(SELECT 1 FROM deliveries WHERE state IN (?,?,?,?) OR (state = ? AND next_attempt IS NOT NULL))",
            (open + [.held]).map { SQLValue($0.rawValue) })
        return row.first?[0].int == 1
    }

    /// Whether a server's answer to a dot is waited for.
    package func hasPendingDots() throws(QueueError) -> Bool { try counts()[.dotPending] ?? 0 > 0 }

    /// The failures, and what a person has to decide, newest first.
    package func troubles(limit: Int) throws(QueueError) -> [DeliverySummary] {
        try rows(
            "\(Self.summary) WHERE state = ? OR (state = ? AND next_attempt IS NULL) ORDER BY changed DESC LIMIT ?",
            [SQLValue(DeliveryState.failed.rawValue), SQLValue(DeliveryState.held.rawValue), SQLValue(limit)]
        ).compactMap(Self.summary)
    }

    /// The last delivery that a server took.
    package func lastSent() throws(QueueError) -> DeliverySummary? {
        try rows(
            "\(Self.summary) WHERE state = ? ORDER BY changed DESC LIMIT 1", [SQLValue(DeliveryState.sent.rawValue)]
        ).first.flatMap(Self.summary)
    }

    /// Applies a person's request to every delivery of the letter that it fits. Returns to how many.
    package func change(_ id: String, _ change: QueueChange, at now: Timestamp) throws(QueueError) -> Int {
        let found = try rows("SELECT number, state FROM deliveries WHERE letter = ?", [SQLValue(id)])
        if found.isEmpty { throw .unknown(id) }
        var changed = 0
        for row in found {
            guard let number = row[0].int, let state = row[1].int.flatMap({ DeliveryState(rawValue: Int($0)) }) else {
                continue
            }
            if try apply(change, to: number, state, at: now) { changed += 1 }
        }
        return changed
    }

    private func apply(
        _ change: QueueChange, to number: Int64, _ state: DeliveryState, at now: Timestamp
    ) throws(QueueError) -> Bool {
        let due = [SQLValue(now.microseconds)]
        switch (change, state) {
        case (.hold, .queued), (.hold, .uncertain):
            try hold(number, words: "held by hand", at: now)
        case (.hold, .held):
            try execute("UPDATE deliveries SET next_attempt = NULL WHERE number = ?", [SQLValue(number)])
        case (.release, .held), (.retry, .failed):
            // A person has decided that it shall go: earlier doubts are settled, and its time begins anew.
            try move(number, to: .queued, at: now, "next_attempt = ?, uncertain = 0, attempts = 0", due)
            try execute(
                "UPDATE letters SET taken_in = ? WHERE id = (SELECT letter FROM deliveries WHERE number = ?)",
                due + [SQLValue(number)])
        case (.retry, .queued), (.retry, .uncertain):
            try execute("UPDATE deliveries SET next_attempt = ? WHERE number = ?", due + [SQLValue(number)])
        case (.retract, .held), (.retract, .queued), (.remove, .held), (.remove, .queued):
            try move(number, to: .retracted, at: now)
        case (.remove, .sent), (.remove, .failed), (.remove, .retracted):
            // The letter's id stays known.
            try execute("DELETE FROM deliveries WHERE number = ?", [SQLValue(number)])
        case (.remove, .uncertain):
            try hold(number, words: "removed by hand", at: now)
            try move(number, to: .retracted, at: now)
        default:
            return false
        }
        return true
    }
}
