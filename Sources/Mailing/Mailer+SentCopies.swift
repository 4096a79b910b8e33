// When a copy of what was sent is filed, and what becomes of one that cannot be.

import Formats
import Platform
import SMTPProtocol
import SMTPTransport
import Settings

extension Mailer {
    /// First after a minute, then doubling; after two days it is told, once, and no more.
    private static let copyRetry = Retry(
        first: .seconds(60), maximum: .seconds(4 * 3600), giveUpAfter: .seconds(2 * 86400))

    /// A delivery was sent: in the same commit, its copy is noted.
    func noteCopy(_ delivery: Int64, _ account: String, at now: Timestamp) throws(QueueError) {
        guard settings.aliases.contains(where: { $0.sentFolder != nil }) else { return }
        let (name, isRedirected) = try queue.alias(of: delivery)
        // Redirected, it was not sent to whom it says.
        guard !isRedirected, let alias = settings.alias(name), let folder = alias.sentFolder else { return }
        let server = book[account]?.settings.server ?? ""
        if MailProvider.filesByItself(sentThrough: server, keptAt: folder.server) { return }
        try queue.addCopy(of: delivery, alias: alias.description, at: now)
        copies.mayHaveChanged = true
    }

    /// queue → the thread that files: one copy at a time.
    func fileCopy(at now: Timestamp, _ effects: inout Effects) throws(QueueError) {
        if copies.mayHaveChanged {
            copies.nextDue = try queue.nextCopy()
            copies.mayHaveChanged = false
        }
        guard !copies.isBusy, effects.copy == nil, let due = copies.nextDue, due <= now else { return }
        copies.mayHaveChanged = true
        guard let copy = try queue.claimCopy(at: now, longest: SentMailbox.longest(bytes:)) else { return }
        guard let folder = settings.aliases.first(where: { $0.description == copy.alias })?.sentFolder else {
            return try queue.endCopy(copy.letter, .givenUp, words: "the settings have no folder for it any more")
        }
        effects.copy = SentCopyOrder(
            letter: copy.letter, alias: copy.alias, folder: folder, messageID: copy.messageID, message: copy.message,
            mayBeThere: copy.attempts > 1)
    }

    func start(_ copy: SentCopyOrder) {
        do throws(SystemError) {
            try copies.start(copy)
        } catch {
            unwritten.events.append(.filed(letter: copy.letter, FilingFault(words: "\(error)")))
        }
    }

    /// How the attempt ended.
    func recordCopy(
        _ letter: String, _ fault: FilingFault?, at now: Timestamp, _ effects: inout Effects
    ) throws(QueueError) {
        copies.mayHaveChanged = true
        guard let copy = try queue.copy(of: letter) else { return }
        guard let fault else {
            try queue.endCopy(letter, .filed, words: nil)
            return effects.says.append((.debug, "\(letter): a copy was filed for '\(copy.alias)'"))
        }
        let retry = Self.copyRetry
        if retry.isExhausted(age: now - copy.since, stalled: .zero) {
            try queue.endCopy(letter, .givenUp, words: "\(fault)")
            let words = "no copy in the folder of what '\(copy.alias)' sent, for \(retry.giveUpAfter.phrase): \(fault)"
            return effects.says.append((.error, "\(letter): given up: \(words)"))
        }
        let wait = retry.delay(afterAttempts: copy.attempts, jitter: jitter())
        try queue.putOffCopy(letter, until: now + wait, words: "\(fault)", all: fault.concernsAll)
        effects.says.append(
            (
                copy.attempts == 1 ? .warning : .debug,
                "\(letter) was sent, and a copy of it could not be filed for '\(copy.alias)', tried again: \(fault)"
            ))
    }

    /// What needs a person, in sentences.
    func copyProblems() throws(QueueError) -> [String] {
        try queue.copyTroubles().map { alias, count, words in
            "\(counted(count, "copy", "copies")) of what '\(Printable.text(alias, limit: 60))' sent cannot be filed: "
                + words
        }
    }
}
