// Which letters go now, through which account: as many as the accounts have connections for, in the queue's order.

import Formats
import Mail
import Settings

/// What one look at the queue decided.
struct Schedule {
    /// Letters for accounts, each with those of its recipients that are due.
    var groups: [(account: String, deliveries: [DueDelivery])] = []
    /// Deliveries whose account is not in the settings any more, though only it may carry them.
    var orphans: [DueDelivery] = []
    /// Something due waits for a connection or for an account's delay.
    var isWaiting = false
}

/// Chooses; changes nothing.
struct Scheduler {
    let settings: Settings
    let book: AccountBook
    /// By account that is well: how many more letters it can take now.
    var free: [String: Int]
    /// Deliveries that are not to be tried now.
    var excluded: Set<Int64> = []

    /// How far is looked for further recipients of letters that go, once no other can go; and past letters that no
    /// account can carry now.
    private static let lookAhead = 200
    private static let lookPast = 20_000

    mutating func schedule(_ queue: Queue, at now: Timestamp) throws(QueueError) -> Schedule {
        var schedule = Schedule()
        guard free.values.contains(where: { $0 > 0 }) else {
            schedule.isWaiting = !free.isEmpty
            return schedule
        }
        var indexes: [Group: Int] = [:]
        var passed = 0
        var blocked = 0
        try queue.due(at: now) { delivery in
            if excluded.contains(delivery.number) { return true }
            guard let account = account(for: delivery, &schedule) else {
                blocked += 1
                return blocked < Self.lookPast
            }
            let group = Group(letter: delivery.letter, account: account)
            if let index = indexes[group] {
                schedule.groups[index].deliveries.append(delivery)
                return true
            }
            guard let slots = free[account], slots > 0 else {
                schedule.isWaiting = true
                passed += 1
                return passed < Self.lookAhead || free.values.contains { $0 > 0 }
            }
            free[account] = slots - 1
            indexes[group] = schedule.groups.count
            schedule.groups.append((account, [delivery]))
            return true
        }
        return schedule
    }

    private struct Group: Hashable {
        let letter: String
        let account: String
    }

    /// Nil when none can carry it now.
    private func account(for delivery: DueDelivery, _ schedule: inout Schedule) -> String? {
        guard let bound = delivery.account else {
            return book.serving(settings.alias(delivery.alias))?.settings.name
        }
        guard let state = book[bound] else {
            schedule.orphans.append(delivery)
            return nil
        }
        return state.settings.enabled && !state.isPaused ? bound : nil
    }
}
