// queue → accounts: the last stage of a round.

import Formats
import Mail
import Platform
import Settings

extension Mailer {
    func schedule(at now: Timestamp, _ effects: inout Effects) throws(QueueError) {
        isWaiting = false
        guard stopsBy == nil else { return }
        try queue.advance(to: now)
        try noticeStalls(at: now)
        try holdOrphans(at: now)
        let free = settings.smtp.redirect.holdsAll ? [:] : freeConnections(at: now)
        var scheduler = Scheduler(
            queue.index, settings, book, free: free, excluded: options.noWait ? putOff : [])
        while let turn = scheduler.next(&queue.index) {
            guard let state = book[turn.account], let assignment = try claim(turn, at: now, &effects) else {
                scheduler.free[turn.account, default: 0] += 1
                continue
            }
            if state.settings.delayBetweenMessages > .zero {
                book[turn.account]?.nextMessage = now + state.settings.delayBetweenMessages
            }
            effects.orders.append((.deliver(assignment), state.settings))
        }
        isWaiting = scheduler.isWaiting(&queue.index)
        for account in book.probesDue(at: now) {
            guard let state = book[account] else { continue }
            book[account]?.isProbing = true
            effects.orders.append((.probe, state.settings))
        }
    }

    /// One bad letter stops itself alone.
    private func claim(
        _ turn: Scheduler.Turn, at now: Timestamp, _ effects: inout Effects
    ) throws(QueueError) -> Assignment? {
        var claim = Claim()
        let isClaimed = try legal { () throws(QueueError) in
            claim = try queue.claim(turn.pick, account: turn.account, at: now, retry: retry, jitter: jitter())
        }
        if !isClaimed { queue.index.passOver(turn.pick) }
        queue.index.release(turn.pick)
        if let words = claim.unreadable { effects.says.append((.error, words)) }
        guard let assignment = claim.assignment else { return nil }
        return try queue.redirected(assignment, by: settings.smtp.redirect, host: HostNames.host(), at: now)
    }

    /// What only an account may carry that is not in the settings any more.
    private func holdOrphans(at now: Timestamp) throws(QueueError) {
        for (group, carrier, _, due) in queue.index.carriers where due > 0 {
            guard case .account(let name) = carrier, book[name] == nil else { continue }
            while queue.index.first(group) != nil {
                guard let pick = queue.index.take(group) else { continue }
                let words = "uncertain, held: its account '\(name)' is not in the settings any more"
                let isHeld = try legal { () throws(QueueError) in try queue.hold(pick.number, words: words, at: now) }
                if !isHeld { queue.index.passOver(pick) }
                queue.index.release(pick)
            }
        }
    }

    /// For every account that is well: how many more letters it can be given.
    private func freeConnections(at now: Timestamp) -> [String: Int] {
        var free: [String: Int] = [:]
        for state in book.accounts where state.settings.enabled && !state.isPaused {
            let most = min(state.concurrency, state.settings.maxConnections)
            var count = max(0, most - pool.busy(for: state.settings.name))
            if state.settings.delayBetweenMessages > .zero {
                count = (state.nextMessage ?? now) > now ? 0 : min(count, 1)
            }
            free[state.settings.name] = count
        }
        return free
    }

    /// Time without a usable account does not count towards giving up.
    private func noticeStalls(at now: Timestamp) throws(QueueError) {
        guard stallsMayHaveChanged else { return }
        var aliases: Set<String?> = Set(settings.aliases.map { $0.description } + [nil])
        for (_, carrier, _, _) in queue.index.carriers {
            if case .alias(let alias) = carrier { aliases.insert(alias) }
        }
        for alias in aliases {
            let usable = book.serving(settings.alias(alias)) != nil && !settings.smtp.redirect.holdsAll
            try queue.stall(alias: alias, usable: usable, at: now)
        }
        stallsMayHaveChanged = false
    }
}
