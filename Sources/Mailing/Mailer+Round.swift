// The stages of a round. They change the queue and the account book, and note in `Effects` what may only happen once the
// round is committed.

import Control
import Formats
import Logging
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import Settings

/// What a round does to the world outside the database, after its commit.
struct Effects {
    var dots: [Answer<Bool>] = []
    var answers: [(answer: Answer<ControlResponse>, response: ControlResponse)] = []
    var orders: [(order: DeliveryThread.Order, account: Settings.Account)] = []
    /// Nil when none was looked for.
    var intake: IntakeResult?
    var says: [(level: Logger.Level, text: String)] = []
}

extension Mailer {
    /// What has come since the last round, after what is left of it. Threads that are done are free from now on.
    func receive() -> [MailerEvent] {
        let events = inbox.events.takeAll().filter { event in
            switch event {
            case .done(let thread, _, _, _, _): pool.finished(thread, accounts: settings.smtp.accounts)
            case .stop: beginStop()
            // Who has given up was told so: what was asked for must not happen after all.
            case .request(let call): return call.answer.claim()
            case .dotPending, .outcomes: break
            }
            return true
        }
        defer { unrecorded = [] }
        return unrecorded + events
    }

    func record(_ reports: [MailerEvent], at now: Timestamp, _ effects: inout Effects) throws(QueueError) {
        for report in reports {
            switch report {
            case .dotPending(let deliveries, let answer):
                let isTooLate = stopsBy.map { SystemClock.monotonic() >= $0 } ?? false
                if isTooLate {
                    answer.give(false)
                } else if try legal({ () throws(QueueError) in try queue.dotPending(deliveries, at: now) }) {
                    effects.dots.append(answer)
                } else {
                    answer.give(false)
                }
            case .outcomes(let account, let decided):
                for one in decided { try record(one, account, at: now, &effects) }
            case .done(_, let account, let decided, let undecided, let fault):
                let accountFault = fault.flatMap { $0.isAccountFault ? $0 : nil }
                for one in decided { try record(one, account, accountFault, at: now, &effects) }
                try record(fault, account, undecided, at: now, &effects)
            case .request(let call):
                effects.answers.append((call.answer, try respond(to: call.request, at: now, &effects)))
            case .stop: break
            }
        }
    }

    /// An outcome that the table of states does not allow is a bug of ours: said, and the rest goes on.
    func legal(_ step: () throws(QueueError) -> Void) throws(QueueError) -> Bool {
        do throws(QueueError) {
            try step()
            return true
        } catch {
            if case .database = error { throw error }
            log.critical("\(error)")
            return false
        }
    }

    /// - Parameter fault: the account's, with which the session ended: what was put off then is no fault of the
    ///   letter, and counts neither against it nor for the account.
    private func record(
        _ one: Decided, _ account: String, _ fault: SessionFault? = nil, at now: Timestamp, _ effects: inout Effects
    ) throws(QueueError) {
        let words = one.outcome.words
        let chance = jitter()
        if fault == nil, one.outcome.reaction != .uncertain {
            accountWorks(account, reply: words, at: now, &effects)
        }
        _ = try legal { () throws(QueueError) in
            switch one.outcome {
            case .delivered where !one.left.isEmpty:
                try queue.leave(one.delivery, to: one.left)
                let list = one.left.map(\.text).joined(separator: ", ")
                effects.says.append(try putOff(one.delivery, account, "\(list) is still to have it; \(words)", at: now))
            case .delivered:
                let label = try queue.sent(one.delivery, words: words, at: now)
                effects.says.append((.info, "\(label): sent through '\(account)': \(words)"))
            case .permanent:
                let label = try queue.failed(one.delivery, words: words, at: now)
                let level = try levelOfFailure(one.delivery, words)
                effects.says.append((level, "\(label): refused by '\(account)' for good: \(words)"))
            case .transient where fault != nil:
                try queue.giveBack(one.delivery, words: words, at: now)
            case .transient:
                effects.says.append(try putOff(one.delivery, account, words, at: now))
                if [421, 432, 451].contains(one.outcome.code) { book.slowedDown(account) }
            case .uncertain:
                let hold = settings.smtp.uncertain == .hold
                let (label, isHeld) = try queue.uncertain(
                    one.delivery, words: words, at: now, hold: hold, retry: retry, jitter: chance)
                putOff.insert(one.delivery)
                let rest = isHeld ? "held" : "to be sent once more"
                effects.says.append((.warning, "\(label): uncertain, \(rest): \(words)"))
            }
        }
    }

    private func putOff(
        _ delivery: Int64, _ account: String, _ words: String, at now: Timestamp
    ) throws(QueueError) -> (level: Logger.Level, text: String) {
        putOff.insert(delivery)
        let done = try queue.putOff(delivery, words: words, at: now, retry: retry, jitter: jitter())
        if done.isGivenUp {
            return (try levelOfFailure(delivery, "given up: \(words)"), "\(done.label): given up: \(words)")
        }
        let level = done.isFirst ? Logger.Level.notice : .debug
        return (level, "\(done.label): put off by '\(account)', tried again later: \(words)")
    }

    /// A thread is done; the fault, if any, says what becomes of what it did not decide.
    private func record(
        _ fault: SessionFault?, _ account: String, _ undecided: [Int64], at now: Timestamp, _ effects: inout Effects
    ) throws(QueueError) {
        guard let fault else { return accountWorks(account, reply: nil, at: now, &effects) }
        let isProbe = book[account]?.isProbing == true && undecided.isEmpty
        if fault.isAccountFault || fault.isConnectionFault || isProbe {
            accountFails(account, fault, at: now, &effects)
            for delivery in undecided {
                _ = try legal { () throws(QueueError) in
                    try queue.giveBack(delivery, words: fault.words, at: now)
                }
            }
            return
        }
        if [421, 432, 451].contains(fault.code) { book.slowedDown(account) }
        for delivery in undecided {
            _ = try legal { () throws(QueueError) in
                if fault.isTransient {
                    effects.says.append(try putOff(delivery, account, fault.words, at: now))
                } else {
                    let label = try queue.failed(delivery, words: fault.words, at: now)
                    effects.says.append((try levelOfFailure(delivery, fault.words), "\(label): failed: \(fault)"))
                }
            }
        }
    }

    private func accountWorks(_ account: String, reply: String?, at now: Timestamp, _ effects: inout Effects) {
        guard book.succeeded(account, reply: reply, at: now) else { return }
        stallsMayHaveChanged = true
        effects.says.append((.notice, "account '\(account)' works again"))
    }

    private func accountFails(_ account: String, _ fault: SessionFault, at now: Timestamp, _ effects: inout Effects) {
        // A server that serves one connection and turns the second away ("too many connections") works.
        if fault.code != nil, !fault.isAccountFault, pool.busy(for: account) > 0 { return book.slowedDown(account) }
        let isNews = book.failed(
            account, words: "\(fault)", needsPerson: fault.isAccountFault, at: now, retry: retry, jitter: jitter())
        stallsMayHaveChanged = true
        guard isNews else { return }
        let others = book.accounts.contains { $0.settings.enabled && !$0.isPaused }
        let rest = others ? "" : "; no other account is left: letters wait"
        effects.says.append(
            (fault.isAccountFault ? .critical : .error, "account '\(account)' is paused: \(fault)\(rest)"))
    }

    /// incoming/ → queue.
    func takeIn(at now: Timestamp, _ effects: inout Effects) throws(QueueError) {
        guard mayHaveLetters, stopsBy == nil else { return }
        effects.intake = try intake.offer(intake.next(Admission(settings)), to: queue, at: now)
    }

    /// After the commit, the urgent first.
    func settle(_ effects: Effects) {
        for dot in effects.dots { dot.give(true) }
        for (order, account) in effects.orders { start(order, account) }
        for (answer, response) in effects.answers { answer.give(response) }
        if let intake = effects.intake { settle(intake) }
        for (level, text) in effects.says { log.log(level: level, "\(text)") }
    }

    private func settle(_ result: IntakeResult) {
        intake.settle(result)
        mayHaveLetters = result.hasMore
    }

    private func start(_ order: DeliveryThread.Order, _ account: Settings.Account) {
        do throws(SystemError) {
            try pool.assign(order, to: account)
        } catch {
            cannotStart(order, account, error)
        }
    }

    /// No thread, or no descriptor for one: reported like a thread's own fault, for the next round.
    func cannotStart(_ order: DeliveryThread.Order, _ account: Settings.Account, _ error: SystemError) {
        let undecided: [Int64]
        switch order {
        case .deliver(let assignment): undecided = assignment.recipients.map(\.delivery)
        case .probe: undecided = []
        case .leave: return
        }
        let fault = SessionFault(.connect, "\(error)", .tryAgain)
        unrecorded.append(
            .done(thread: 0, account: account.name, decided: [], undecided: undecided, fault: fault))
    }

    func jitter() -> Double { Double.random(in: -1...1) }
}
