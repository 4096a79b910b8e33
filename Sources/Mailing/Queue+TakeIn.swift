// How letters come into the queue, and how their ids are remembered when they are long done.

import Database
import Formats
import Mail
import Spool

/// What became of a letter that was offered to the queue.
package enum TakeIn: Equatable, Sendable {
    case taken
    /// This very letter was taken before: its file can go.
    case known
    /// Another letter has this id.
    case conflict
}

extension Queue {
    /// Takes a letter in, once: a letter whose id is known with the same bytes, envelope and all, is passed over.
    /// Commit before the letter's file is unlinked.
    package func takeIn(_ letter: Letter, at now: Timestamp) throws(QueueError) -> TakeIn {
        let digest = SHA256.digest(LetterFile.encode(letter))
        if let row = try rows("SELECT sha256 FROM letters WHERE id = ?", [SQLValue(letter.id)]).first {
            return row[0].bytes == digest ? .known : .conflict
        }
        try execute(
            """
            INSERT INTO letters(id, sha256, origin, alias, sender, notify, envelope_id, priority, created, subject,
                message_id, size, taken_in) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)
            """,
            [
                SQLValue(letter.id), SQLValue(digest), SQLValue(letter.origin), SQLValue(letter.alias),
                SQLValue(letter.envelope.sender?.text), SQLValue(letter.envelope.notify.rawValue),
                SQLValue(letter.envelope.envelopeID), SQLValue(letter.priority.rawValue),
                SQLValue(letter.created.microseconds), SQLValue(letter.subject), SQLValue(letter.messageID),
                SQLValue(letter.message.count), SQLValue(now.microseconds),
            ])
        try execute("INSERT INTO messages(letter, bytes) VALUES(?,?)", [SQLValue(letter.id), SQLValue(letter.message)])
        let heldUntil = letter.notBefore.flatMap { $0 > now ? $0 : nil }
        let state: DeliveryState = heldUntil == nil ? .queued : .held
        let base = stalls.reading(letter.alias, at: now)
        for recipient in letter.envelope.recipients {
            let row = try rows(
                """
                INSERT OR IGNORE INTO deliveries(letter, recipient, state, alias, rank, next_attempt, changed, stall_base)
                VALUES(?,?,?,?,?,?,?,?) RETURNING \(Self.indexed)
                """,
                [
                    SQLValue(letter.id), SQLValue(recipient.text), SQLValue(state.rawValue), SQLValue(letter.alias),
                    SQLValue(letter.priority.rawValue * 2), SQLValue((heldUntil ?? now).microseconds),
                    SQLValue(now.microseconds), SQLValue(base.microseconds),
                ])
            if let row = row.first { note(inserted: row) }
        }
        return .taken
    }

    /// Strips letters that have been done since before `time` of everything but id and SHA-256.
    package func forget(before time: Timestamp) throws(QueueError) -> Int {
        let done = try rows(Self.forgettable, [SQLValue(time.microseconds)])
        for id in done.compactMap(\.first) { try forget(id) }
        return done.count
    }

    static var forgettable: String {
        let final = DeliveryState.allCases.filter(\.isFinal).map { String($0.rawValue) }.joined(separator: ",")
        return """
            SELECT id FROM letters WHERE forgotten = 0 AND taken_in < ?1 AND NOT EXISTS(
                SELECT 1 FROM deliveries WHERE letter = id AND (state NOT IN (\(final)) OR changed >= ?1))
                AND NOT EXISTS(SELECT 1 FROM sent_copies WHERE letter = id AND state = 0) LIMIT 500
            """
    }

    private func forget(_ id: SQLValue) throws(QueueError) {
        for row in try rows("DELETE FROM deliveries WHERE letter = ? RETURNING number, state", [id]) {
            guard let number = row[0].int, let state = row[1].int.flatMap({ DeliveryState(rawValue: Int($0)) }) else {
                continue
            }
            note(removed: number, from: state)
        }
        try execute("DELETE FROM messages WHERE letter = ?", [id])
        try execute("DELETE FROM sent_copies WHERE letter = ?", [id])
        try execute(
            """
            UPDATE letters SET forgotten = 1, origin = NULL, alias = NULL, sender = NULL, notify = NULL,
                envelope_id = NULL, priority = NULL, created = NULL, subject = NULL, message_id = NULL, size = NULL
            WHERE id = ?
            """, [id])
    }

    /// Where there is no room: takes away the texts of some letters that were sent or taken back, and filed; what is known of
    /// them is kept. Those that failed keep theirs, for a person may try them again. Returns how many there were.
    func forgetTexts() throws(QueueError) -> Int {
        let done = [DeliveryState.sent, .retracted].map { String($0.rawValue) }.joined(separator: ",")
        return try execute(
            """
            DELETE FROM messages WHERE letter IN (
                SELECT id FROM letters JOIN messages ON letter = id WHERE NOT EXISTS(
                    SELECT 1 FROM deliveries WHERE letter = id AND state NOT IN (\(done)))
                AND NOT EXISTS(SELECT 1 FROM sent_copies WHERE sent_copies.letter = id AND sent_copies.state = ?)
                ORDER BY taken_in LIMIT 200)
            """, [SQLValue(SentCopyState.waiting.rawValue)])
    }
}
