// A round that cannot be committed as a whole, most often for want of room: its stages one by one, so that what fits is
// done. Outcomes and dots come first; they are small, and letters that went out make room. SQLite's savepoints would not
// do: without room it gives up the whole transaction, some of it at the commit only.

import Control
import Formats
import Platform
import Settings

extension Mailer {
    /// How many letters that cannot be written a round tries; the next round goes on behind them.
    private static let attemptsWithoutRoom = 8

    func roundApart(_ reports: [MailerEvent], at moment: Moment) -> Effects {
        let now = moment.wall
        var requests: [ControlCall] = []
        var outcomes: [MailerEvent] = []
        for report in reports {
            if case .request(let call) = report { requests.append(call) } else { outcomes.append(report) }
        }
        var effects = Effects()
        var isRecorded = false
        do throws(QueueError) {
            _ = try commit { (effects) throws(QueueError) in
                try noticeClock(moment)
                try record(outcomes, at: now, &effects)
            }
            isRecorded = true
            effects = try commit { (effects) throws(QueueError) in try schedule(at: now, &effects) }
            if !stop.isBegun { hasWritten() }
        } catch {
            // Nothing is given out that could not be recorded.
            if !isRecorded { keep(outcomes) }
            tell(error)
        }
        for call in requests { answer(call, at: now) }
        effects.intake = takeInOneByOne(at: now)
        if troubles.noRoom != nil, pool.busy == 0, effects.orders.isEmpty, effects.intake?.taken.isEmpty ?? true {
            giveUp()
        }
        return effects
    }

    /// Without room: texts that nobody needs any more make some, of the database's own pages. Returns whether they did.
    private func makeRoom(_ error: QueueError) -> Bool {
        guard error.isFull else { return false }
        var count = 0
        guard (try? commit { (_) throws(QueueError) in count = try queue.forgetTexts() }) != nil, count > 0 else {
            return false
        }
        log.warning("no room: the texts of \(count) letters that were sent are removed")
        return true
    }

    /// It is told once; `noticeClock` writes something in every round from now on, until that can be committed.
    private func tell(_ error: QueueError) {
        if makeRoom(error) { return }
        let words = "the queue cannot be written: \(error)"
        if troubles.database != words { log.critical("\(words)") }
        troubles.database = words
        giveUp()
    }

    /// A round was committed; where that could not be done before, it has written something.
    func hasWritten() {
        guard troubles.database != nil else { return }
        troubles.database = nil
        log.notice("the queue can be written again")
    }

    /// Outcomes wait for the next round; dots are not sent.
    private func keep(_ outcomes: [MailerEvent]) {
        for outcome in outcomes {
            switch outcome {
            case .dotPending(_, let answer): answer.give(false)
            case .outcomes, .partly, .done, .takenBack, .filed: unwritten.events.append(outcome)
            case .request, .stop, .surveyed: break
            }
        }
    }

    private func answer(_ call: ControlCall, at now: Timestamp) {
        do throws(QueueError) {
            _ = try commit { (effects) throws(QueueError) in try record([.request(call)], at: now, &effects) }
        } catch {
            if makeRoom(error) { return answer(call, at: now) }
            call.answer.give(.failure("the queue cannot be written: \(error)", .later))
            tellRefused(call.request, error, at: now)
        }
    }

    /// Whoever asked knows; the administrator is to know as well, and whether it is for the size of that request.
    private func tellRefused(_ request: ControlRequest, _ error: QueueError, at now: Timestamp) {
        do throws(QueueError) {
            _ = try commit { (_) throws(QueueError) in try queue.seen(at: now) }
        } catch {
            return tell(error)
        }
        let words =
            "'\(Printable.text(request.command, limit: 40))' of \(request.body.count) bytes is refused: \(error)"
        if troubles.refusedRequest == nil { log.critical("\(words); what is smaller goes on") }
        troubles.refusedRequest = RefusedRequest(words: words, bytes: request.body.count)
    }

    /// A letter that cannot be written stays where it is, and is tried again when the folders are looked at again.
    private func takeInOneByOne(at now: Timestamp) -> IntakeResult? {
        guard mayHaveLetters, !stop.isBegun else { return nil }
        var all = IntakeResult()
        var (tried, failures) = (0, 0)
        repeat {
            tried += 1
            let batch = intake.next(admission, atMost: 1)
            do throws(QueueError) {
                let done = try commit { (effects) throws(QueueError) in
                    effects.intake = try intake.offer(batch, to: queue, at: now)
                }
                all.taken += done.intake?.taken ?? []
            } catch {
                if makeRoom(error) {
                    all.hasMore = true
                    continue
                }
                failures += 1
                intake.settle(batch.result)
                let words = "\(batch.letters.first?.name ?? "a letter") cannot be taken in: \(error)"
                if troubles.noRoom == nil { log.critical("\(words); other letters go on") }
                troubles.noRoom = words
            }
            all.hasMore = batch.result.hasMore
            // Each is a commit of its own, and dots and requests wait for the next round.
        } while all.hasMore && tried < LetterIntake.lettersPerRound && failures < Self.attemptsWithoutRoom
        mayHaveLetters = all.hasMore
        return all
    }
}
