// smtp.redirect: a letter that is claimed goes to other addresses than its recipients. What is sent is kept until all is
// decided, so that a delivery that is uncertain goes again byte for byte, and to the same addresses, whatever the settings
// say by then; all else is decided anew at each claim.

import Database
import Formats
import Mail
import Platform
import Settings

extension Queue {
    /// The claimed letter as it is to go: as it is, or redirected. Recipients who cannot go with the first of them, because
    /// they went to other addresses before, are given back.
    func redirected(
        _ assignment: Assignment, by redirect: Settings.Redirect, host: @autoclosure () -> String = HostNames.host(),
        at now: Timestamp
    ) throws(QueueError) -> Assignment {
        guard redirect.enabled || mayHaveRedirects, let first = assignment.recipients.first else { return assignment }
        let kept = try keptRedirects(of: assignment.letter)
        let number = kept[first.delivery]
        var assignment = assignment
        for other in assignment.recipients where kept[other.delivery] != number {
            try giveBack(other.delivery, words: nil, at: now)
        }
        assignment.recipients.removeAll { kept[$0.delivery] != number }
        if let number {
            let row = try rows("SELECT recipients, bytes FROM redirects WHERE number = ?", [SQLValue(number)]).first
            assignment.message = row?[1].bytes ?? assignment.message
            assignment.redirect = Self.addresses(row?[0].string)
        } else if redirect.enabled {
            let recipients = assignment.recipients.map(\.address)
            assignment.message = RedirectedMessage(assignment.message, recipients: recipients, host: host()).bytes
            assignment.redirect = redirect.to
            try keep(assignment)
        }
        return assignment
    }

    /// By delivery: what it goes as, where that is not decided anew. Some of its addresses may have it already.
    private func keptRedirects(of letter: String) throws(QueueError) -> [Int64: Int64] {
        guard mayHaveRedirects else { return [:] }
        var kept: [Int64: Int64] = [:]
        for row in try rows(
            """
            SELECT deliveries.number, redirect FROM deliveries JOIN redirects ON redirects.number = redirect
            WHERE letter = ? AND (uncertain > 0 OR partly = 1)
            """, [SQLValue(letter)])
        {
            if let delivery = row[0].int { kept[delivery] = row[1].int }
        }
        return kept
    }

    private func keep(_ assignment: Assignment) throws(QueueError) {
        mayHaveRedirects = true
        try execute(
            "INSERT INTO redirects(recipients, bytes) VALUES(?, ?)",
            [SQLValue(Self.text(assignment.redirect ?? [])), SQLValue(assignment.message)])
        let number = try rows("SELECT last_insert_rowid()").first?.first?.int
        for recipient in assignment.recipients {
            try execute(
                "UPDATE deliveries SET redirect = ? WHERE number = ?", [SQLValue(number), SQLValue(recipient.delivery)])
        }
    }

    /// Some addresses have the letter; it goes once more, to these alone. Before the delivery is put off.
    func leave(_ delivery: Int64, to addresses: [EmailAddress]) throws(QueueError) {
        try execute(
            "UPDATE redirects SET recipients = ?, partly = 1 WHERE number = (SELECT redirect FROM deliveries WHERE number = ?)",
            [SQLValue(Self.text(addresses)), SQLValue(delivery)])
    }

    /// Some addresses have the letter, and others are still to be asked in the same attempt: should it be cut short, it
    /// goes to these alone. Where one of them may have it (`isUncertain`), the dot stays pending.
    func partly(
        _ deliveries: [Int64], left: [EmailAddress], isUncertain: Bool, at now: Timestamp
    ) throws(QueueError) {
        guard let first = deliveries.first else { return }
        try leave(first, to: left)
        if isUncertain { return }
        for delivery in deliveries where try row(of: delivery).state == .dotPending { try goOn(delivery, at: now) }
    }

    /// What no open delivery needs any more goes; nor one that failed and is of a letter that others have, for a person may
    /// want it to be tried again.
    func forgetRedirects() throws(QueueError) {
        guard mayHaveRedirects else { return }
        let final = DeliveryState.allCases.filter(\.isFinal).map { String($0.rawValue) }.joined(separator: ",")
        try execute(
            "DELETE FROM redirects WHERE NOT EXISTS(SELECT 1 FROM deliveries WHERE redirect = redirects.number"
                + " AND (state NOT IN (\(final)) OR (partly = 1 AND state = \(DeliveryState.failed.rawValue))))")
        mayHaveRedirects = try rows("SELECT EXISTS(SELECT 1 FROM redirects)").first?.first?.int == 1
    }

    private static func text(_ addresses: [EmailAddress]) -> String {
        JSON.array(addresses.map { .string($0.text) }).text
    }

    private static func addresses(_ text: String?) -> [EmailAddress] {
        let list = text.flatMap { try? JSON.parse(Array($0.utf8)) }?.array ?? []
        return list.compactMap { $0.string.flatMap { try? EmailAddress($0) } }
    }
}
