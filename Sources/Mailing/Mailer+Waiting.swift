// Between two rounds: what the mailer waits for, and what it does then that is not the queue's business.

import Formats
import Glibc
import Platform
import Settings

extension Mailer {
    /// poll(2) counts in milliseconds: where the disk is quicker, nothing is gained.
    private static let shortestGathering = Duration.microseconds(250)

    /// Waits for whatever comes first.
    func wait(_ timeout: Duration) {
        var sources = inbox.events.descriptors.map { (number: $0.number, interest: Interest.readable) }
        sources.append((intake.descriptor.number, .readable))
        if let signals { sources.append((signals.descriptor.number, .readable)) }
        _ = try? Poller.wait(sources, timeout: timeout)
        if intake.hasEvents() { mayHaveLetters = true }
    }

    /// So that one sync of the disk serves several connections.
    func gather(commitTook: Duration) {
        guard !stop.isBegun, pool.busy > 1, inbox.events.urgent > 0 else { return }
        let (count, wait) = group.wants(busy: pool.busy, commitTook: commitTook)
        guard count > 1, wait >= Self.shortestGathering else { return }
        group.came(inbox.events.gather(count, for: wait), wanted: count)
    }

    /// What came that is not the queue's business.
    func heed() {
        while let request = signals?.next() {
            switch request {
            case .stop: !stop.isBegun ? beginStop() : hurry()
            case .reload: reloadSettings()
            }
        }
        let time = SystemClock.monotonic()
        guard time >= agenda.rescan else { return }
        agenda.rescan = time + min(options.rescan, ServiceManager.watchdogInterval() ?? options.rescan)
        intake.watch()
        if let refused = troubles.refusedRequest, let free = Files.freeSpace(settings.paths.state("mailer")),
            refused.mayFit(free)
        {
            troubles.refusedRequest = nil
        }
        if time >= agenda.sweep {
            agenda.sweep = time + .seconds(3600)
            intake.sweep(before: SystemClock.now() - .seconds(3600))
            agenda.rested = tokens.rested(at: SystemClock.now())
        }
        mayHaveLetters = true
        stallsMayHaveChanged = true
        if keepsRefusals { tellDestinations() }
        ServiceManager.watchdog()
    }

    func timeout() -> Duration {
        let time = SystemClock.monotonic()
        var waits = [agenda.rescan - time, stop.by.map { $0 > time ? $0 - time : .seconds(1) } ?? .seconds(60)]
        if troubles.database != nil { return .seconds(1) }
        let now = SystemClock.now()
        if mayHaveLetters { return .zero }
        if let due = queue.index.nextTime() { waits.append(due - now) }
        if let due = lanes.nextDue { waits.append(due - now) }
        if let holdUp = nextHoldUp { waits.append(holdUp - time) }
        if let due = copies.nextDue, !copies.isBusy, !stop.isBegun { waits.append(due - now) }
        if let change = book.nextChange(after: clock.last.wall) { waits.append(change - now) }
        return max(.zero, waits.min() ?? .zero)
    }
}
