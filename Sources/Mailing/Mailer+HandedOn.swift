// Row 60: letters that an account has refused for its own sake, which another one is to carry. Must stay true: nothing waits
// for an account that does not work without an end, and without anybody being told.

import Formats
import Logging
import Platform
import SMTPProtocol
import Settings

/// Letters that wait for others than the accounts that have refused them, while none of those works.
struct Stranded: Equatable {
    var alias: String?
    var refusedBy: [String]
    /// For which they wait.
    var others: [AccountState]
    /// How many deliveries.
    var count: Int
}

extension Mailer {
    /// A refusal that is the account's fault, row 60: the letter goes by the next account that its alias allows. False where
    /// none is left that works, for nobody looks at what waits for one that does not; or where it is bound to this one.
    func handOn(
        _ one: Decided, _ report: DeliveryReport, at now: Timestamp, _ effects: inout Effects
    ) throws(QueueError) -> Bool {
        guard let refusal = one.refusal else { return false }
        let (row, account) = (try queue.row(of: one.delivery), report.account.name)
        let refusedBy = Set(row.refusedBy + [account]).sorted()
        let others = book.others(settings.alias(row.alias), but: refusedBy)
        guard row.uncertain == 0, others.contains(where: { !$0.isPaused }) else { return false }
        let words = one.outcome.words
        let label = try queue.handOn(one.delivery, words: words, refusedBy: refusedBy, at: now)
        effects.says.append((.info, "\(label): refused by '\(account)', handed to the next account: \(words)"))
        if book.refused(account, refusal) {
            let hosts = report.account.isDirect ? refusal.remedyForHost : nil
            let remedy = hosts ?? refusal.words(host: report.account.server).remedy
            effects.says.append(
                (
                    .warning,
                    "account '\(account)' does not carry all letters, the next account does: \(words) (\(remedy))"
                ))
        }
        return true
    }

    /// What was handed on to accounts that were paused since. Their alias may have one that works, but that has refused
    /// them: no attempt of theirs comes at which they could be given up, and for their alias all seems well.
    var stranded: [Stranded] {
        queue.index.carriers.compactMap { _, carrier, count, _ in
            guard case .handedOn(let alias, let refusedBy) = carrier else { return nil }
            let others = book.others(settings.alias(alias), but: refusedBy)
            guard !others.isEmpty, others.allSatisfy(\.isPaused) else { return nil }
            return Stranded(alias: alias, refusedBy: refusedBy, others: others, count: count)
        }
    }

    func giveUpStranded(at now: Timestamp, _ effects: inout Effects) throws(QueueError) {
        for letters in stranded {
            for one in try queue.stranded(letters, since: now - retry.giveUpAfter) {
                guard queue.isExhausted(try queue.row(of: one.number), at: now, retry) else { continue }
                _ = try legal { () throws(QueueError) in
                    let end = "given up after \(retry.giveUpAfter.phrase); last: \(one.lastReply ?? "")"
                    let label = try queue.failed(one.number, words: end, at: now)
                    effects.says.append((try levelOfFailure(one.number), "\(label): \(end)"))
                }
            }
        }
    }
}
