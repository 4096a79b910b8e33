// The steps of an attempt: claimed before the connection is opened, the dot announced before it goes out, the outcome
// recorded after; and what a restart makes of attempts that it finds under way.

import Database
import Formats
import Mail

/// One letter and those of its recipients that are served by one transaction with a server.
package struct Assignment: Equatable, Sendable {
    package struct Recipient: Equatable, Sendable {
        package var delivery: Int64
        package var address: EmailAddress
    }

    package var letter: String
    package var account: String
    package var sender: EmailAddress?
    package var notify: Envelope.Notify
    package var envelopeID: String?
    package var recipients: [Recipient]
    package var message: [UInt8]
}

/// A delivery that is due.
package struct DueDelivery: Equatable, Sendable {
    package var number: Int64
    package var letter: String
    package var recipient: String
    package var priority: LetterPriority
    /// The alias's description; nil: the default one.
    package var alias: String?
    /// The account that it must be sent through, because an earlier attempt there is uncertain.
    package var account: String?
}

extension Queue {
    /// Shows what is due in the order of service: by priority; what was never tried before what was; the longest due
    /// first. `visit` returns false to see no more.
    package func due(at now: Timestamp, _ visit: (DueDelivery) -> Bool) throws(QueueError) {
        var goesOn = true
        for rank in 0..<(LetterPriority.allCases.count * 2) {
            for state in [DeliveryState.uncertain, .queued] where goesOn {
                let values = [SQLValue(state.rawValue), SQLValue(rank), SQLValue(now.microseconds)]
                do throws(DatabaseError) {
                    try database.each(Self.dueStatement, values) { row in
                        let due = DueDelivery(
                            number: row[0].int ?? 0, letter: row[1].string ?? "", recipient: row[2].string ?? "",
                            priority: LetterPriority(rawValue: rank / 2) ?? .bulk, alias: row[3].string,
                            account: state == .uncertain ? row[4].string : nil)
                        goesOn = visit(due)
                        return goesOn
                    }
                } catch {
                    throw .database(error)
                }
            }
        }
    }

    /// The recipients to whom a letter of that priority is on its way.
    package func recipientsUnderWay(_ priority: LetterPriority) throws(QueueError) -> Set<String> {
        let states = DeliveryState.allCases.filter(\.isUnderWay).map { String($0.rawValue) }.joined(separator: ", ")
        return Set(
            try rows(
                "SELECT recipient FROM deliveries WHERE state IN (\(states)) AND rank / 2 = ?",
                [SQLValue(priority.rawValue)]
            ).compactMap { $0[0].string })
    }

    private static let dueStatement = """
        SELECT number, letter, recipient, alias, account FROM deliveries
        WHERE state = ? AND rank = ? AND next_attempt <= ? ORDER BY next_attempt, number
        """

    /// Begins an attempt: counts it and notes when the next one is due, should nothing more be heard of this one.
    /// Commit before the connection is opened: whatever crashes, the letter is not tried at once again.
    ///
    /// What cannot be read (a database outlives the program that wrote it) has failed; nil when nothing is left.
    package func claim(
        _ due: [DueDelivery], account: String, at now: Timestamp, retry: Retry, jitter: Double
    ) throws(QueueError) -> Assignment? {
        guard let letter = due.first?.letter else { return nil }
        let due = due.filter { $0.letter == letter }
        let found = try rows(
            "SELECT sender, notify, envelope_id, bytes FROM letters JOIN messages ON letter = id WHERE id = ?",
            [SQLValue(letter)])
        guard let stored = found.first, let message = stored[3].bytes else {
            try fail(due, "the letter cannot be read from the queue", at: now)
            return nil
        }
        let sender: EmailAddress?
        do throws(AddressError) {
            sender = try stored[0].string.map { text throws(AddressError) in try EmailAddress(text) }
        } catch {
            // Never as <>: nobody would hear of a failure.
            try fail(due, "the sender cannot be read: \(error)", at: now)
            return nil
        }
        var recipients: [Assignment.Recipient] = []
        for delivery in due {
            let address: EmailAddress
            do throws(AddressError) {
                address = try EmailAddress(delivery.recipient)
            } catch {
                try fail([delivery], "the recipient cannot be read: \(error)", at: now)
                continue
            }
            let attempts = try row(of: delivery.number).attempts + 1
            let next = now + retry.delay(afterAttempts: attempts, jitter: jitter)
            try move(
                delivery.number, to: .sending, at: now,
                "attempts = ?, next_attempt = ?, account = ?, last_attempt = ?, rank = rank | 1",
                [
                    SQLValue(attempts), SQLValue(next.microseconds), SQLValue(account), SQLValue(now.microseconds),
                ])
            recipients.append(Assignment.Recipient(delivery: delivery.number, address: address))
        }
        if recipients.isEmpty { return nil }
        return Assignment(
            letter: letter, account: account, sender: sender,
            notify: stored[1].string.flatMap { Envelope.Notify(rawValue: $0) } ?? .default,
            envelopeID: stored[2].string,
            recipients: recipients, message: message)
    }

    private func fail(_ due: [DueDelivery], _ words: String, at now: Timestamp) throws(QueueError) {
        for delivery in due { try failed(delivery.number, words: words, at: now) }
    }

    /// The final dot is about to go out. Commit before it does.
    package func dotPending(_ deliveries: [Int64], at now: Timestamp) throws(QueueError) {
        for delivery in deliveries { try move(delivery, to: .dotPending, at: now) }
    }

    /// The server took it.
    package func sent(_ delivery: Int64, words: String, at now: Timestamp) throws(QueueError) {
        try move(delivery, to: .sent, at: now, "last_reply = ?", [SQLValue(words)])
    }

    /// The server, or we, will never take it.
    package func failed(_ delivery: Int64, words: String, at now: Timestamp) throws(QueueError) {
        try move(delivery, to: .failed, at: now, "last_reply = ?", [SQLValue(words)])
    }

    /// Not now: again after the rhythm's wait, or given up. Returns whether it was given up.
    package func putOff(
        _ delivery: Int64, words: String, at now: Timestamp, retry: Retry, jitter: Double
    ) throws(QueueError) -> Bool {
        let row = try row(of: delivery)
        if retry.isExhausted(age: now - row.takenIn, stalled: row.stalled(at: now)) {
            try failed(delivery, words: "given up after \(retry.giveUpAfter.phrase); last: \(words)", at: now)
            return true
        }
        let next = now + retry.delay(afterAttempts: row.attempts, words: words, jitter: jitter)
        try move(
            delivery, to: row.waiting, at: now, "last_reply = ?, next_attempt = ?",
            [SQLValue(words), SQLValue(next.microseconds)])
        return false
    }

    /// The account failed, not the letter: due again at once, for the account that takes over or for this one later.
    /// The attempt does not count, neither for the rhythm nor for the order of service.
    package func giveBack(_ delivery: Int64, words: String, at now: Timestamp) throws(QueueError) {
        try move(
            delivery, to: try row(of: delivery).waiting, at: now,
            "last_reply = ?, next_attempt = ?, attempts = max(0, attempts - 1),"
                + " rank = CASE WHEN attempts > 1 THEN rank ELSE rank & ~1 END",
            [SQLValue(words), SQLValue(now.microseconds)])
    }

    /// The dot went out and no answer came. Once, it is sent again; a second time, or where `hold` says so, a person
    /// has to decide. Returns whether it is held.
    package func uncertain(
        _ delivery: Int64, words: String, at now: Timestamp, hold: Bool, retry: Retry, jitter: Double
    ) throws(QueueError) -> Bool {
        let row = try row(of: delivery)
        let count = row.uncertain + 1
        let next = now + retry.delay(afterAttempts: row.attempts, jitter: jitter)
        try move(
            delivery, to: .uncertain, at: now, "uncertain = ?, last_reply = ?, next_attempt = ?",
            [SQLValue(count), SQLValue(words), SQLValue(next.microseconds)])
        guard hold || count > 1 else { return false }
        let reason = count > 1 ? "uncertain a second time" : "uncertain"
        try self.hold(delivery, words: "\(reason), held: \(words)", at: now)
        return true
    }

    /// Waits for a person from now on.
    package func hold(_ delivery: Int64, words: String, at now: Timestamp) throws(QueueError) {
        try move(delivery, to: .held, at: now, "last_reply = ?, next_attempt = NULL", [SQLValue(words)])
    }

    /// What a start makes of attempts that the last run left under way.
    package func recover(at now: Timestamp, hold: Bool) throws(QueueError) -> (sending: Int, uncertain: Int) {
        let sending = try numbers(in: .sending)
        for delivery in sending { try move(delivery, to: try row(of: delivery).waiting, at: now) }
        let pending = try numbers(in: .dotPending)
        for delivery in pending {
            let row = try row(of: delivery)
            let words = "the mailer stopped while the server's answer was due"
            try move(
                delivery, to: .uncertain, at: now, "uncertain = ?, last_reply = ?",
                [SQLValue(row.uncertain + 1), SQLValue(words)])
            if hold || row.uncertain > 0 { try self.hold(delivery, words: "uncertain, held: \(words)", at: now) }
        }
        return (sending.count, pending.count)
    }

    private func numbers(in state: DeliveryState) throws(QueueError) -> [Int64] {
        try rows("SELECT number FROM deliveries WHERE state = ?", [SQLValue(state.rawValue)]).compactMap(\.first?.int)
    }
}
