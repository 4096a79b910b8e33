// Which letter goes next, and through which account: as many as the accounts have connections for, in the queue's order.
// Pure: it changes nothing but who competes in the index.
// Must stay true: a look costs what goes out, not what waits.

import Formats
import Settings

/// Chooses.
struct Scheduler {
    struct Turn: Equatable {
        var pick: QueueIndex.Pick
        var account: String
        /// The carrier's number in the index.
        var group: Int
    }

    /// Carriers for whom something is due, and the account that serves them now.
    private var candidates: [(group: Int, account: String)] = []
    /// By account that is well: how many more letters it can be given now.
    var free: [String: Int]
    /// Deliveries that are not to be tried now.
    let excluded: Set<Int64>
    /// Reports whose destination was not to be given anything.
    private var refused: [WaitingReport] = []

    /// A report that is due and has no connection.
    struct WaitingReport: Equatable {
        var account: String
        /// Nil: the account has none for any.
        var destination: String?
        /// As in `QueueIndex.Place`.
        var order: UInt8
    }

    init(_ index: QueueIndex, _ settings: Settings, _ book: AccountBook, free: [String: Int], excluded: Set<Int64> = [])
    {
        self.free = free
        self.excluded = excluded
        for (group, carrier, _, due) in index.carriers where due > 0 {
            switch carrier {
            case .alias(let alias):
                guard let account = book.serving(settings.alias(alias)) else { continue }
                candidates.append((group, account.settings.name))
            case .handedOn(let alias, let refusedBy):
                guard let account = book.serving(settings.alias(alias), but: refusedBy) else { continue }
                candidates.append((group, account.settings.name))
            case .account(let name):
                guard let account = book[name], account.settings.enabled, !account.isPaused else { continue }
                candidates.append((group, name))
            }
        }
    }

    /// The next one that can go. It is to be claimed at once, and then released to the index.
    /// - Parameters:
    ///   - admits: whether this destination may be given something through this account; where not, it is to be woken in
    ///     the index when that changes.
    ///   - joins: as in `QueueIndex.take`.
    mutating func next(
        _ index: inout QueueIndex, admits: (_ account: String, _ destination: String) -> Bool = { _, _ in true },
        joins: (Chain) -> Bool = { _ in false }
    ) -> Turn? {
        while let best = best(&index) {
            guard let pick = index.take(best.group, joins: joins) else { continue }
            if excluded.contains(pick.number) {
                index.passOver(pick)
                continue
            }
            guard admits(best.account, pick.destination) else {
                let order = index.order(of: pick.number)
                if order <= QueueIndex.Place.lastOfReports {
                    refused.append(WaitingReport(account: best.account, destination: pick.destination, order: order))
                }
                continue
            }
            free[best.account, default: 0] -= 1
            return Turn(pick: pick, account: best.account, group: best.group)
        }
        return nil
    }

    private func best(_ index: inout QueueIndex) -> (group: Int, account: String)? {
        var best: (group: Int, account: String)?
        var first: QueueIndex.Place?
        for candidate in candidates where (free[candidate.account] ?? 0) > 0 {
            guard let place = index.first(candidate.group), first.map({ place < $0 }) ?? true else { continue }
            (best, first) = (candidate, place)
        }
        return best
    }

    /// Once `next` has found no more.
    func reportsThatWait(_ index: inout QueueIndex) -> [WaitingReport] {
        var found = refused
        for candidate in candidates where free[candidate.account].map({ $0 <= 0 }) ?? false {
            guard let place = index.first(candidate.group), place.order <= QueueIndex.Place.lastOfReports else {
                continue
            }
            found.append(WaitingReport(account: candidate.account, order: place.order))
        }
        return found
    }

    /// How much is due for the account.
    func due(for account: String, in index: QueueIndex) -> Int {
        candidates.reduce(0) { $1.account == account ? $0 + index.due($1.group) : $0 }
    }

    /// Whether something that is due waits for a connection or for an account's delay.
    func isWaiting(_ index: inout QueueIndex) -> Bool {
        for candidate in candidates where free[candidate.account] != nil {
            if index.first(candidate.group) != nil { return true }
        }
        return false
    }
}
