// Which letters go now, through which account: as many as the accounts have connections for, in the queue's order.
// Must stay true: of what is told to one recipient, nothing overtakes what was told before on another connection.

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
        var underWay: [LetterPriority: Set<String>] = [:]
        for priority in Self.ordered { underWay[priority] = try queue.recipientsUnderWay(priority) }
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
            let isBehindAnother = underWay[delivery.priority]?.contains(delivery.recipient) == true
            if !isBehindAnother, let index = indexes[group] {
                underWay[delivery.priority]?.insert(delivery.recipient)
                schedule.groups[index].deliveries.append(delivery)
                return true
            }
            guard !isBehindAnother, let slots = free[account], slots > 0 else {
                schedule.isWaiting = true
                passed += 1
                return passed < Self.lookAhead || free.values.contains { $0 > 0 }
            }
            free[account] = slots - 1
            underWay[delivery.priority]?.insert(delivery.recipient)
            indexes[group] = schedule.groups.count
            schedule.groups.append((account, [delivery]))
            return true
        }
        return schedule
    }

    /// Reports: they tell one story. Replies and bulk are each for itself.
    private static let ordered: [LetterPriority] = [.critical, .report]

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
