// What is known of the accounts, kept from start to start: a restart neither forgets a pause nor a delay.

import Database
import Formats

extension Queue {
    /// Writes the accounts that differ from what `before` says.
    func save(_ book: AccountBook, before: AccountBook) throws(QueueError) {
        for state in book.accounts where before[state.settings.name] != state {
            try execute(
                "INSERT OR REPLACE INTO accounts(name, fault, failures, probe_at, next_message, last_reply, last_reply_at,"
                    + " needs_person, concurrency, fault_stamp) VALUES(?,?,?,?,?,?,?,?,?,?)",
                [
                    SQLValue(state.settings.name), SQLValue(state.fault), SQLValue(state.failures),
                    SQLValue(state.probeAt?.microseconds), SQLValue(state.nextMessage?.microseconds),
                    SQLValue(state.lastReply), SQLValue(state.lastReplyAt?.microseconds),
                    SQLValue(state.needsPerson), SQLValue(state.pace.concurrency), SQLValue(state.faultStamp),
                ])
        }
    }

    /// Reads into `book` what is known of its accounts. A delay that reaches further than the account's settings say, or
    /// a pause that is longer than any, comes from a clock that was wrong.
    func restore(_ book: inout AccountBook, at now: Timestamp) throws(QueueError) {
        for row in try rows(
            "SELECT name, fault, failures, probe_at, next_message, last_reply, last_reply_at, needs_person, concurrency,"
                + " fault_stamp FROM accounts")
        {
            guard let name = row[0].string, var state = book[name] else { continue }
            func time(_ column: Int) -> Timestamp? { row[column].int.map { Timestamp(microseconds: $0) } }
            state.fault = row[1].string
            state.failures = Int(row[2].int ?? 0)
            state.probeAt = time(3).map { min($0, now + AccountBook.longestPause) }
            state.nextMessage = time(4).map { min($0, now + state.settings.delayBetweenMessages) }
            state.lastReply = row[5].string
            state.lastReplyAt = time(6)
            state.needsPerson = row[7].int == 1
            state.pace.concurrency = max(1, min(Int(clamping: row[8].int ?? 1), state.settings.maxConnections))
            state.faultStamp = row[9].string
            if state.settings.isDirect { state.mend() }
            book[name] = state
        }
    }
}
