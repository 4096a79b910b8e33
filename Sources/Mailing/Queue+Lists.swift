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
    package var alias: String?
    /// The accounts that have refused it for their own sake, while another is to carry it.
    package var refusedBy: [String] = []

    /// What `smtp.redirect` gave in place of the recipient; nil where nobody knows of such a thing.
    package var redirectedTo: String? {
        guard [.sent, .failed].contains(state), let words = lastReply,
            let mark = words.utf8.firstRange(ofBytes: "; redirected to ".utf8)
        else { return nil }
        return String(words.utf8[mark.upperBound...].prefix { $0 != UInt8(ascii: ";") })
    }

    /// The object of `herald queue list --json`.
    /// - Parameter obstacle: what stands in the way of one whose time has come.
    package func json(waitsFor obstacle: String? = nil) -> JSON {
        let waits = [.held, .queued, .uncertain, .sending, .dotPending].contains(state)
        return [
            "number": .int(number), "id": .string(letter), "recipient": .string(recipient),
            "state": .string(state.name),
            "attempts": JSON(attempts), "next_attempt": JSON(waits ? nextAttempt?.rfc3339(fraction: 3) : nil),
            "waits_for": JSON(obstacle), "last_reply": JSON(lastReply), "redirected_to": JSON(redirectedTo),
            "account": JSON(account), "subject": .string(subject), "origin": .string(origin),
            "created": .string(created.rfc3339(fraction: 3)),
            "changed": .string(changed.rfc3339(fraction: 3)),
        ]
    }
}

/// What a person may do with a letter.
package enum QueueChange: String, CaseIterable, Sendable {
    case hold, release, retry, retract, remove

    /// The states that it is for.
    fileprivate var states: String {
        switch self {
        case .hold: "what is queued or uncertain"
        case .release: "what is held"
        case .retry: "what is queued, uncertain or failed"
        case .retract: "what is held or queued"
        case .remove: "what is held, queued, uncertain or failed"
        }
    }
}

extension Queue {
    static let summary = """
        SELECT letter, recipient, state, attempts, next_attempt, last_reply, account, subject, origin, created, changed,
            number, letters.alias, refused_by FROM deliveries JOIN letters ON letters.id = letter
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
            created: Timestamp(microseconds: row[9].int ?? 0), changed: Timestamp(microseconds: row[10].int ?? 0),
            alias: row[12].string, refusedBy: names(row[13].string))
    }

    /// The bytes of a letter's message; nil where they are not kept any more.
    package func message(of id: String) throws(QueueError) -> [UInt8]? {
        try rows("SELECT bytes FROM messages WHERE letter = ?", [SQLValue(id)]).first?[0].bytes
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

    /// When the delivery that waits longest or is under way was taken in, or let go anew. By the index: numbers grow with
    /// the time, but for those that a person let go.
    func oldestWaiting() throws(QueueError) -> Timestamp? {
        let states = DeliveryState.allCases.filter { !$0.isFinal }.map { String($0.rawValue) }.joined(separator: ",")
        let anew = try rows(
            "SELECT number, began FROM deliveries WHERE began IS NOT NULL AND state IN (\(states)) AND state <> ?",
            [SQLValue(DeliveryState.held.rawValue)])
        let first = index.oldest(but: anew.compactMap(\.first?.int))
        let times = try first.map { number throws(QueueError) in try row(of: number).began.microseconds }
        return ([times].compactMap { $0 } + anew.compactMap { $0[1].int }).min().map { Timestamp(microseconds: $0) }
    }

    /// The failures, and what a person has to decide, newest first.
    package func troubles(limit: Int) throws(QueueError) -> [DeliverySummary] {
        // Word for word as the index deliveries_troubles has it.
        try rows(
            "\(Self.summary) WHERE (state = 6 OR (state = 0 AND next_attempt IS NULL)) ORDER BY changed DESC LIMIT ?",
            [SQLValue(limit)]
        ).compactMap(Self.summary)
    }

    /// Reports that were tried, or refused by an account, and have waited for longer than `limit`, and of which nobody was told; not all where they
    /// are many. Time that does not count towards giving up does not count here.
    func lateReports(waitingFor limit: Duration, at now: Timestamp) throws(QueueError) -> [DeliverySummary] {
        guard index.count(.queued) + index.count(.uncertain) > 0 else { return [] }
        let waiting = DeliveryState.allCases.filter(\.isWaiting).map { String($0.rawValue) }.joined(separator: ",")
        let found = try rows(
            "\(Self.summary) WHERE state IN (\(waiting)) AND (attempts > 0 OR refused_by IS NOT NULL) AND origin = 'watcher'"
                + " AND warned = 0 AND COALESCE(began, taken_in) <= ? ORDER BY number LIMIT 200",
            [SQLValue((now - limit).microseconds)])
        var late: [DeliverySummary] = []
        for one in found.compactMap(Self.summary) {
            let row = try row(of: one.number)
            if (now - row.began) - (stalls.reading(row.alias, at: now) - row.stallBase) >= limit { late.append(one) }
        }
        return late
    }

    /// That the letter waits was told.
    func noteWarned(_ letter: String) throws(QueueError) {
        try execute("UPDATE letters SET warned = 1 WHERE id = ?", [SQLValue(letter)])
    }

    /// One delivery.
    func summary(of delivery: Int64) throws(QueueError) -> DeliverySummary? {
        try rows("\(Self.summary) WHERE number = ?", [SQLValue(delivery)]).first.flatMap(Self.summary)
    }

    /// The last delivery that a server took; nil where it is forgotten.
    func lastSentSummary() throws(QueueError) -> DeliverySummary? {
        guard let lastSent else { return nil }
        return try rows(
            "\(Self.summary) WHERE number = ? AND state = ?",
            [SQLValue(lastSent), SQLValue(DeliveryState.sent.rawValue)]
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

    /// As `change`, where no mailer runs: what is under way was left so by one that died, and is first made what the next
    /// start would make of it.
    /// - Parameter hold: as in `recover`.
    package func changeAtRest(
        _ id: String, _ change: QueueChange, at now: Timestamp, hold: Bool
    ) throws(QueueError) -> Int {
        _ = try recover(at: now, hold: hold, letter: id)
        return try self.change(id, change, at: now)
    }

    /// Why `change` is for none of the letter's deliveries, in a sentence.
    /// - Parameter keep: `smtp.keep`.
    package func refusal(
        of change: QueueChange, _ id: String, keep: Duration, utcOffset: (Timestamp) -> Int
    ) throws(QueueError) -> String {
        let found = try list(letter: id)
        let kept = found.filter { [.sent, .retracted].contains($0.state) }.map(\.changed).max()
        if change == .remove, let kept, found.allSatisfy(\.state.isFinal) {
            let (name, end) = (found.contains { $0.state == .sent } ? "sent" : "retracted", kept + keep)
            return "\(id) is \(name), and kept until \(end.plain(utcOffset: utcOffset(end))) by smtp.keep"
        }
        var counts: [(name: String, count: Int)] = []
        for state in DeliveryState.allCases where counts.last?.name != state.name {
            let count = found.count { $0.state.name == state.name }
            if count > 0 { counts.append((state.name, count)) }
        }
        let list = counts.map { found.count == 1 ? $0.name : "\($0.count) \($0.name)" }.joined(separator: ", ")
        var words = "'\(change.rawValue)' is for \(change.states), and \(id) is \(list)"
        if found.contains(where: \.state.isUnderWay) {
            words +=
                ": until the server has answered, or is waited for no longer (server_timeout), nothing can be changed"
        }
        return words
    }

    private func apply(
        _ change: QueueChange, to number: Int64, _ state: DeliveryState, at now: Timestamp
    ) throws(QueueError) -> Bool {
        let time = SQLValue(now.microseconds)
        switch (change, state) {
        case (.hold, .queued), (.hold, .uncertain):
            try hold(number, words: "held by hand", at: now)
        case (.hold, .held):
            try self.change(number, "next_attempt = NULL", [])
        case (.release, .held), (.retry, .failed):
            // A person has decided that it shall go: earlier doubts are settled, and its time begins anew.
            let base = SQLValue(stalls.reading(try row(of: number).alias, at: now).microseconds)
            try move(Self.anew, number, at: now, [time, time, base])
        case (.retry, .queued), (.retry, .uncertain):
            // What is due already keeps its place before what came after it.
            try self.change(
                number, "next_attempt = min(COALESCE(next_attempt, ?), ?), refused_by = NULL", [time, time])
        case (.retract, .held), (.retract, .queued), (.remove, .held), (.remove, .queued):
            try move(Self.retracted, number, at: now)
        case (.remove, .failed):
            // The letter's id stays known. What was sent or taken back is kept as long as smtp.keep says: it is the proof.
            try execute("DELETE FROM deliveries WHERE number = ?", [SQLValue(number)])
            note(removed: number, from: state)
        case (.remove, .uncertain):
            try hold(number, words: "removed by hand", at: now)
            try move(Self.retracted, number, at: now)
        default:
            return false
        }
        return true
    }

    private static let anew = Step(
        .queued, "next_attempt = ?, began = ?, stall_base = ?, uncertain = 0, attempts = 0, refused_by = NULL")
    private static let retracted = Step(.retracted)
}
