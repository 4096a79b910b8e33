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
    /// Letters for threads that are at work.
    var further: [(batch: Batch, letters: [Batch.Letter])] = []
    /// Threads that told how far they are.
    var reporters: [Int] = []
    var orders: [(order: DeliveryThread.Order, account: Settings.Account)] = []
    /// Nil when none was looked for.
    var intake: IntakeResult?
    var copy: SentCopyOrder?
    var says: [(level: Logger.Level, text: String)] = []
    /// The size of the largest message that was taken at the socket.
    var submitted = 0
}

extension Mailer {
    /// The stages, in order, in one transaction; where that cannot be written, each by itself. False when the work is over.
    func round() -> Bool {
        let moment = Moment.now()
        let now = moment.wall
        let reports = receive()
        var effects: Effects
        do throws(QueueError) {
            effects = try commit { (effects) throws(QueueError) in
                try noticeClock(moment)
                try record(reports, at: now, &effects)  // outcomes, dots, requests
                try takeIn(at: now, &effects)  // incoming/ → queue
                try schedule(at: now, &effects)  // queue → accounts
                try warn(at: now, &effects)
                try forget(at: now)
            }
            hasWritten()
            if let intake = effects.intake, !intake.taken.isEmpty, !intake.hasMore { troubles.noRoom = nil }
        } catch {
            if error.isDamage { stopForDamage(error) }
            effects = roundApart(reports, at: moment)
        }
        tellFallback(at: now)
        tellRefusals(at: now)
        return !isOver(effects)
    }

    /// One transaction, and after its commit what depends on it. What the stages change beside the database is put back
    /// when it is not committed.
    func commit(_ stages: (inout Effects) throws(QueueError) -> Void) throws(QueueError) -> Effects {
        let before = (book: book, putOff: putOff, clock: clock, rates: rates)
        var effects = Effects()
        do throws(QueueError) {
            try queue.transaction { () throws(QueueError) in
                try stages(&effects)
                try queue.save(book, before: before.book)
                try queue.save(lanes)
                if !unwritten.learned.isEmpty { try queue.save(unwritten.learned) }
            }
        } catch {
            (book, putOff, clock, rates) = before
            lanes.revert()
            unwritten.failed()
            copies.mayHaveChanged = true
            throw error
        }
        lanes.settle()
        unwritten.committed()
        if rates != before.rates { inbox.know(rates) }
        settle(effects)
        return effects
    }

    /// What has come since the last round, after what is left of it. Threads that are done are free from now on.
    func receive() -> [MailerEvent] {
        let events = inbox.events.takeAll().filter { event in
            switch event {
            case .done(let report): pool.finished(report.thread, accounts: settings.smtp.accounts)
            case .filed: copies.isBusy = false
            case .stop: beginStop()
            // Who has given up was told so: what was asked for must not happen after all.
            case .request(let call): return call.answer.claim()
            case .dotPending(_, let answer): return answer.claim()
            case .surveyed(let thread, _): pool.finished(thread, accounts: settings.smtp.accounts)
            case .outcomes, .partly, .takenBack: break
            }
            return true
        }
        if events.contains(where: { if case .done = $0 { true } else { false } }) { learn() }
        defer { unwritten.events = [] }
        return unwritten.events + events
    }

    func record(_ reports: [MailerEvent], at now: Timestamp, _ effects: inout Effects) throws(QueueError) {
        for report in reports {
            switch report {
            case .dotPending(let deliveries, let answer):
                if !stop.letsDotsGo(at: SystemClock.monotonic()) {
                    answer.give(false)
                } else if try legal({ () throws(QueueError) in try queue.dotPending(deliveries, at: now) }) {
                    effects.dots.append(answer)
                } else {
                    answer.give(false)
                }
            case .partly(let deliveries, let left, let isUncertain):
                _ = try legal { () throws(QueueError) in
                    try queue.partly(deliveries, left: left, isUncertain: isUncertain, at: now)
                }
            case .outcomes(let report):
                effects.reporters.append(report.thread)
                for one in report.decided { try record(one, of: report, at: now, &effects) }
            case .done(let report): try record(report, at: now, &effects)
            case .takenBack(let deliveries): try giveBack(deliveries, nil, at: now)
            case .surveyed(_, let words): troubles.noDANE = words
            case .request(let call):
                effects.answers.append((call.answer, try respond(to: call, at: now, &effects)))
            case .filed(let letter, let fault): try recordCopy(letter, fault, at: now, &effects)
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

    /// What threads have learned is written with the next commit.
    func learn() { unwritten.learned.take(from: knowledge) }

    var admission: Admission { Admission(settings, former: former.inForce(at: SystemClock.monotonic())) }

    /// incoming/ → queue.
    func takeIn(at now: Timestamp, _ effects: inout Effects) throws(QueueError) {
        guard mayHaveLetters, !stop.isBegun else { return }
        effects.intake = try intake.offer(intake.next(admission), to: queue, at: now)
    }

    /// After the commit, the urgent first.
    func settle(_ effects: Effects) {
        for dot in effects.dots { dot.give(true) }
        for (batch, letters) in effects.further where !batch.append(letters) {
            unwritten.events.append(.takenBack(letters.flatMap(\.assignment.numbers)))
        }
        for (order, account) in effects.orders { start(order, account) }
        for (answer, response) in effects.answers { answer.give(response) }
        if let copy = effects.copy { start(copy) }
        if let intake = effects.intake { settle(intake) }
        if let refused = troubles.refusedRequest, effects.submitted >= max(1, refused.bytes) {
            troubles.refusedRequest = nil
        }
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
        var report = DeliveryReport(thread: 0, account: account)
        switch order {
        case .deliver(let batch): (report.destination, report.unbegun) = (batch.destination, batch.withdraw())
        case .probe: report.isProbe = true
        case .survey, .leave: return
        }
        if !account.isDirect { report.fault = SessionFault(.connect, "\(error)", .tryAgain) }
        unwritten.events.append(.done(report))
    }

    func jitter() -> Double { Double.random(in: -1...1) }
}
