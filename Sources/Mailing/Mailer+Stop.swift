// How the mailer comes to its end.

import Formats
import Platform
import Settings

extension Mailer {
    /// A stop that is asked for twice waits for nothing.
    func hurry() {
        stop.hurry(at: SystemClock.monotonic())
    }

    /// No claims from now on. What is under way has `stopGrace` to come to its dot; what is behind it, as long as a server
    /// may take for its answer: a letter whose answer was not waited for would be sent twice.
    func beginStop() {
        guard !stop.isBegun else { return }
        ServiceManager.stopping()
        let time = SystemClock.monotonic()
        let longest = book.accounts.map(\.settings.timeouts.finalReply).max() ?? .zero
        stop.begin(at: time, grace: options.stopGrace, longestAnswer: longest)
        if pool.busy > 0 { ServiceManager.extendTimeout(by: options.stopGrace + longest + .seconds(10)) }
        takeBack()
        log.info("stopping\(pool.busy > 0 ? " after \(counted(pool.busy, "letter")) under way" : "")")
    }

    /// What threads have not begun goes back to the queue.
    func takeBack() {
        let deliveries = pool.withdraw()
        if !deliveries.isEmpty { unwritten.events.append(.takenBack(deliveries)) }
    }

    /// Damage was met: only a start can set the database aside, because everything is based on what it says.
    func stopForDamage(_ error: QueueError) {
        if !stop.hasGivenUp {
            log.critical("\(error); it is set aside at the next start, and what can be read carried over")
        }
        troubles.database = "\(error)"
        Queue.noteDamage(folder: settings.paths.state("mailer"))
        stop.hasGivenUp = true
        beginStop()
    }

    /// What was sent may still be recorded within the time that a stop has.
    func giveUp() {
        guard options.untilIdle, !stop.isBegun else { return }
        stop.hasGivenUp = true
        beginStop()
    }

    func isOver(_ effects: Effects) -> Bool {
        if let end = stop.by {
            if pool.busy == 0 && unwritten.events.isEmpty { return true }
            let time = SystemClock.monotonic()
            if time < end { return false }
            return time >= stop.dotsBy ?? end || pool.busy == 0 || queue.index.count(.dotPending) == 0
        }
        guard options.untilIdle, troubles.database == nil, pool.busy == 0, effects.orders.isEmpty, !copies.isBusy,
            !(effects.intake?.hasMore ?? false), intake.isEmpty
        else { return false }
        if options.noWait { return !isWaiting }
        if !queue.index.hasWork { return true }
        return !settings.smtp.accounts.contains(where: \.enabled) || settings.smtp.redirect.holdsAll
    }

    func close() -> Int32 {
        inbox.close()
        pool.close()
        copies.close()
        let now = SystemClock.now()
        _ = try? queue.transaction { () throws(QueueError) in try queue.seen(at: now) }
        fallback.command.close()
        if stop.hasGivenUp {
            log.critical(
                "not all is done: \(troubles.database ?? troubles.noRoom ?? "the queue could not be written for a time")"
            )
            return 75
        }
        return options.untilIdle && !options.noWait && !stop.isBegun && queue.index.hasWork ? 1 : 0
    }
}
