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
    /// Where it goes instead of to its recipients (`smtp.redirect`), as `message` says.
    package var redirect: [EmailAddress]?
    /// Its dots are committed already: nobody needs to be asked.
    package var isAnnounced = false
}

/// What became of a claim.
struct Claim {
    /// Nil where nothing is left to be sent.
    var assignment: Assignment?
    /// What could not be read, in words for the log.
    var unreadable: String?
    /// It is larger than it may be, and was not claimed.
    var isTooLarge = false
}

/// Where a delivery stands, as far as a step of it needs to know.
struct DeliveryRow: Equatable, Sendable {
    var state: DeliveryState
    var attempts: Int
    /// How often it has become uncertain.
    var uncertain: Int
    var alias: String?
    /// The accounts that have refused it for their own sake.
    var refusedBy: [String]
    /// When it was taken in, or let go anew by a person.
    var began: Timestamp
    /// What its alias's clock of time that does not count showed then.
    var stallBase: Duration

    /// Where an attempt that decided nothing leads back to.
    var waiting: DeliveryState { uncertain > 0 ? .uncertain : .queued }
}

extension Queue {
    func row(of delivery: Int64) throws(QueueError) -> DeliveryRow {
        let found = try rows(
            """
            SELECT state, attempts, uncertain, COALESCE(began, taken_in), stall_base, deliveries.alias, refused_by
            FROM deliveries JOIN letters ON letters.id = letter WHERE number = ?
            """, [SQLValue(delivery)])
        guard let row = found.first, let state = row[0].int.flatMap({ DeliveryState(rawValue: Int($0)) }) else {
            throw .unknown("delivery \(delivery)")
        }
        return DeliveryRow(
            state: state, attempts: Int(row[1].int ?? 0), uncertain: Int(row[2].int ?? 0), alias: row[5].string,
            refusedBy: Self.names(row[6].string), began: Timestamp(microseconds: row[3].int ?? 0),
            stallBase: .microseconds(row[4].int ?? 0))
    }

    /// Begins an attempt: counts it and notes when the next one is due, should nothing more be heard of this one. With the
    /// delivery that is picked go the letter's other recipients who are due and may go the same way.
    /// Commit before the connection is opened: whatever crashes, the letter is not tried at once again.
    ///
    /// What cannot be read (a database outlives the program that wrote it) has failed.
    /// - Parameters:
    ///   - room: the bytes that the message may have; one that has more stays where it is.
    ///   - joins: whether what is claimed for this chain before goes over the same connection.
    func claim(
        _ pick: QueueIndex.Pick, account: String, at now: Timestamp, retry: Retry, jitter: Double, room: Int = .max,
        joins: (Chain) -> Bool = { _ in false }
    ) throws(QueueError) -> Claim {
        let found = try rows(
            "SELECT deliveries.letter, sender, notify, envelope_id, iif(length(bytes) <= ?2, bytes, NULL), letters.id,"
                + " length(bytes) > ?2 FROM deliveries"
                + " LEFT JOIN letters ON id = deliveries.letter LEFT JOIN messages ON messages.letter = id"
                + " WHERE number = ?1", [SQLValue(pick.number), SQLValue(room)])
        guard let stored = found.first, let letter = stored[0].string else {
            throw .unknown("delivery \(pick.number)")
        }
        if stored[6].int == 1 { return Claim(isTooLarge: true) }
        let due = try members(of: letter, pick, at: now, joins)
        guard let message = stored[4].bytes, !stored[5].isNull else {
            return try fail(due, letter, "the letter cannot be read from the queue", at: now)
        }
        let sender: EmailAddress?
        do throws(AddressError) {
            sender = try stored[1].string.map { text throws(AddressError) in try EmailAddress(text) }
        } catch {
            // Never as <>: nobody would hear of a failure.
            return try fail(due, letter, "the sender cannot be read: \(error)", at: now)
        }
        var recipients: [Assignment.Recipient] = []
        var unreadable: [Member] = []
        for member in due {
            guard let address = try? EmailAddress(member.recipient) else {
                unreadable.append(member)
                continue
            }
            let next = now + retry.delay(afterAttempts: member.attempts + 1, jitter: jitter)
            try move(
                Self.toSending, member.number, at: now,
                [SQLValue(next.microseconds), SQLValue(account), SQLValue(now.microseconds)])
            recipients.append(Assignment.Recipient(delivery: member.number, address: address))
        }
        var claim = Claim()
        if !unreadable.isEmpty {
            claim = try fail(unreadable, letter, "the recipient cannot be read: it is no address", at: now)
        }
        if recipients.isEmpty { return claim }
        claim.assignment = Assignment(
            letter: letter, account: account, sender: sender,
            notify: stored[2].string.flatMap { Envelope.Notify(rawValue: $0) } ?? .default,
            envelopeID: stored[3].string, recipients: recipients, message: message)
        return claim
    }

    private struct Member {
        var number: Int64
        var recipient: String
        var attempts: Int
    }

    private static let toSending = Step(
        .sending,
        "attempts = attempts + 1, due = next_attempt, next_attempt = ?, account = ?, last_attempt = ?, rank = rank | 1")

    /// The letter's deliveries that go together.
    private func members(
        of letter: String, _ pick: QueueIndex.Pick, at now: Timestamp, _ joins: (Chain) -> Bool
    ) throws(QueueError) -> [Member] {
        let waiting = DeliveryState.allCases.filter(\.isWaiting).map { String($0.rawValue) }.joined(separator: ",")
        let found = try rows(
            "SELECT number, recipient, attempts FROM deliveries WHERE letter = ? AND (number = ? OR"
                + " (state IN (\(waiting)) AND next_attempt <= ?)) ORDER BY number",
            [SQLValue(letter), SQLValue(pick.number), SQLValue(now.microseconds)])
        return found.compactMap { row in
            guard let number = row[0].int, number == pick.number || index.mayJoin(number, pick, joins: joins) else {
                return nil
            }
            return Member(number: number, recipient: row[1].string ?? "", attempts: Int(row[2].int ?? 0))
        }
    }

    private func fail(
        _ members: [Member], _ letter: String, _ words: String, at now: Timestamp
    ) throws(QueueError) -> Claim {
        for member in members { try failed(member.number, words: words, at: now) }
        return Claim(unreadable: "\(letter): \(members.count) deliveries cannot be read: failed")
    }

    /// The final dot is about to go out. Commit before it does. A second time within an attempt it changes nothing: the
    /// first host went before its dot, and another one is about to get it.
    package func dotPending(_ deliveries: [Int64], at now: Timestamp) throws(QueueError) {
        for delivery in deliveries {
            do throws(QueueError) {
                try move(Self.toDotPending, delivery, at: now)
            } catch {
                if case .illegal(_, .dotPending, _) = error { continue }
                throw error
            }
        }
    }

    /// The server took it. This and the other steps return the delivery's name in the log.
    @discardableResult
    package func sent(_ delivery: Int64, words: String, at now: Timestamp) throws(QueueError) -> String {
        try move(Self.toSent, delivery, at: now, [SQLValue(words)])
    }

    /// The server, or we, will never take it.
    @discardableResult
    package func failed(_ delivery: Int64, words: String, at now: Timestamp) throws(QueueError) -> String {
        try move(Self.toFailed, delivery, at: now, [SQLValue(words)])
    }

    /// The dot went out and was answered, and the letter goes on to others.
    func goOn(_ delivery: Int64, at now: Timestamp) throws(QueueError) {
        try move(Self.toSendingAgain, delivery, at: now)
    }

    private static let toDotPending = Step(.dotPending)
    private static let toSendingAgain = Step(.sending)
    private static let toSent = Step(.sent, "last_reply = ?")
    private static let toFailed = Step(.failed, "last_reply = ?")
    private static let toHeld = Step(.held, "last_reply = ?, next_attempt = NULL")
    private static let toUncertain = Step(.uncertain, "uncertain = ?, last_reply = ?, next_attempt = ?")
    private static let putOff = again("last_reply = ?, next_attempt = ?")
    private static let recovered = again("")
    private static let asBefore =
        "last_reply = COALESCE(?, last_reply), next_attempt = min(COALESCE(due, ?), ?), attempts = max(0, attempts - 1),"
        + " rank = CASE WHEN attempts > 1 THEN rank ELSE rank & ~1 END"
    private static let givenBack = again(asBefore)
    private static let handedOn = Step(.queued, asBefore + ", refused_by = ?")

    /// Back to where an attempt that decided nothing leads.
    private static func again(_ columns: String) -> [DeliveryState: Step] {
        [.queued: Step(.queued, columns), .uncertain: Step(.uncertain, columns)]
    }

    private func moveBack(
        _ steps: [DeliveryState: Step], _ delivery: Int64, _ row: DeliveryRow, at now: Timestamp,
        _ values: [SQLValue] = []
    ) throws(QueueError) -> String {
        guard let step = steps[row.waiting] else { throw .unknown("a step to \(row.waiting.name)") }
        return try move(step, delivery, at: now, values)
    }

    /// Not now: again after the rhythm's wait, or given up.
    package func putOff(
        _ delivery: Int64, words: String, at now: Timestamp, retry: Retry, jitter: Double
    ) throws(QueueError) -> (label: String, isFirst: Bool, isGivenUp: Bool) {
        let row = try row(of: delivery)
        if isExhausted(row, at: now, retry) {
            let label = try failed(
                delivery, words: "given up after \(retry.giveUpAfter.phrase); last: \(words)", at: now)
            return (label, row.attempts == 1, true)
        }
        let next = now + retry.delay(afterAttempts: row.attempts, words: words, jitter: jitter)
        let label = try moveBack(
            Self.putOff, delivery, row, at: now, [SQLValue(words), SQLValue(next.microseconds)])
        return (label, row.attempts == 1, false)
    }

    func isExhausted(_ row: DeliveryRow, at now: Timestamp, _ retry: Retry) -> Bool {
        retry.isExhausted(age: now - row.began, stalled: stalls.reading(row.alias, at: now) - row.stallBase)
    }

    /// The account failed, not the letter; or it was claimed and not begun (`words` nil). It is due again since it was
    /// before: for the account that takes over or for this one later, and ahead of what came after it. The attempt does
    /// not count, neither for the rhythm nor for the order of service.
    package func giveBack(_ delivery: Int64, words: String?, at now: Timestamp) throws(QueueError) {
        let time = SQLValue(now.microseconds)
        _ = try moveBack(Self.givenBack, delivery, try row(of: delivery), at: now, [SQLValue(words), time, time])
    }

    /// These accounts have refused it for their own sake: another one is to have it, as after `giveBack`.
    func handOn(
        _ delivery: Int64, words: String, refusedBy accounts: [String], at now: Timestamp
    ) throws(QueueError) -> String {
        let time = SQLValue(now.microseconds)
        return try move(
            Self.handedOn, delivery, at: now, [SQLValue(words), time, time, SQLValue(Self.text(accounts))])
    }

    /// New settings: who has refused something may take it now. Returns of how many this was so.
    func forgetRefusals() throws(QueueError) -> Int {
        try execute("UPDATE deliveries SET refused_by = NULL WHERE refused_by IS NOT NULL")
    }

    /// Names of accounts, as `refused_by` has them.
    static func text(_ names: [String]) -> String { JSON.array(names.map { .string($0) }).text }

    static func names(_ list: String?) -> [String] {
        let items = list.flatMap { try? JSON.parse(Array($0.utf8)) }?.array ?? []
        return items.compactMap(\.string)
    }

    /// The dot went out and no answer came. Once, it is sent again; a second time, or where `hold` says so, a person
    /// has to decide.
    package func uncertain(
        _ delivery: Int64, words: String, at now: Timestamp, hold: Bool, retry: Retry, jitter: Double
    ) throws(QueueError) -> (label: String, isHeld: Bool) {
        let row = try row(of: delivery)
        let count = row.uncertain + 1
        let next = now + retry.delay(afterAttempts: row.attempts, jitter: jitter)
        let label = try move(
            Self.toUncertain, delivery, at: now,
            [SQLValue(count), SQLValue(words), SQLValue(next.microseconds)])
        guard hold || count > 1 else { return (label, false) }
        let reason = count > 1 ? "uncertain a second time" : "uncertain"
        try self.hold(delivery, words: "\(reason), held: \(words)", at: now)
        return (label, true)
    }

    /// Waits for a person from now on.
    package func hold(_ delivery: Int64, words: String, at now: Timestamp) throws(QueueError) {
        try move(Self.toHeld, delivery, at: now, [SQLValue(words)])
    }

    /// What a start makes of attempts that the last run left under way.
    /// - Parameter letter: of this one alone.
    package func recover(
        at now: Timestamp, hold: Bool, letter: String? = nil
    ) throws(QueueError) -> (sending: Int, uncertain: Int) {
        let sending = try numbers(in: .sending, letter)
        for delivery in sending { _ = try moveBack(Self.recovered, delivery, try row(of: delivery), at: now) }
        let pending = try numbers(in: .dotPending, letter)
        for delivery in pending {
            let row = try row(of: delivery)
            let words = "the mailer stopped while the server's answer was due"
            try move(Self.toUncertainAtStart, delivery, at: now, [SQLValue(row.uncertain + 1), SQLValue(words)])
            if hold || row.uncertain > 0 { try self.hold(delivery, words: "uncertain, held: \(words)", at: now) }
        }
        return (sending.count, pending.count)
    }

    private static let toUncertainAtStart = Step(.uncertain, "uncertain = ?, last_reply = ?")

    private func numbers(in state: DeliveryState, _ letter: String?) throws(QueueError) -> [Int64] {
        let which = letter == nil ? "" : " AND letter = ?"
        let found = try rows(
            "SELECT number FROM deliveries WHERE state = ?\(which)",
            [SQLValue(state.rawValue)] + (letter.map { [SQLValue($0)] } ?? []))
        return found.compactMap(\.first?.int)
    }
}
