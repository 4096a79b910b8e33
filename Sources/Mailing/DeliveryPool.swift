// The delivery threads: at most max_connections for each account, started when there is work, told to leave when the
// account's settings have changed or the mailer stops.

import Logging
import Platform
import Settings

/// Knows which threads there are and which of them are at work.
final class DeliveryPool {
    private struct Member {
        let thread: DeliveryThread
        var isBusy = false
        /// What it was given last.
        var batch: Batch?
    }

    private var members: [Int: Member] = [:]
    /// Told to leave; joined when they have ended, because saying goodbye to a server takes its time.
    private var leaving: [DeliveryThread] = []
    private var nextNumber = 1
    private let events: EventQueue<MailerEvent>
    private let idle: Duration
    private let knowledge: DeliveryKnowledge
    private let log: Logger

    init(events: EventQueue<MailerEvent>, idle: Duration, knowledge: DeliveryKnowledge, log: Logger) {
        self.events = events
        self.idle = idle
        self.knowledge = knowledge
        self.log = log
    }

    var busy: Int { members.values.count { $0.isBusy } }

    /// How many threads are at work for an account.
    func busy(for account: String) -> Int { members.values.count { $0.isBusy && $0.thread.account.name == account } }

    /// Whether a thread has more than one letter: what it has done is not told of at once.
    var hasBatches: Bool { members.values.contains { $0.isBusy && ($0.batch?.count ?? 0) > 1 } }

    /// Takes back what threads have not begun: of one letter, or all. Returns the deliveries.
    func withdraw(_ letter: String? = nil) -> [Int64] {
        members.values.filter(\.isBusy).flatMap { $0.batch?.withdraw(letter) ?? [] }
    }

    /// Gives work to an idle thread of the account, or to a new one. One that was at the same destination goes first, then
    /// the longest-serving: its connection is the most likely to be open.
    func assign(_ order: DeliveryThread.Order, to account: Settings.Account) throws(SystemError) {
        let idle = members.filter { !$0.value.isBusy && $0.value.thread.account == account }
        var batch: Batch?
        if case .deliver(let given) = order { batch = given }
        let known = batch.map { batch in
            idle.filter { !batch.destination.isEmpty && $0.value.batch?.destination == batch.destination }
        }
        let idleThread = known?.keys.min() ?? idle.keys.min()
        let number: Int
        if let idleThread {
            number = idleThread
        } else {
            number = nextNumber
            nextNumber += 1
            let thread = try DeliveryThread(
                number: number, account: account, idle: self.idle, events: events, knowledge: knowledge, log: log)
            members[number] = Member(thread: thread)
        }
        members[number]?.isBusy = true
        if let batch { members[number]?.batch = batch }
        members[number]?.thread.order(order)
    }

    /// The thread is free again. One whose account has other settings now, or none, leaves.
    func finished(_ number: Int, accounts: [Settings.Account]) {
        members[number]?.isBusy = false
        retire(accounts: accounts)
    }

    /// Sends away the idle threads of accounts that are not as in `accounts`.
    func retire(accounts: [Settings.Account]) {
        for (number, member) in members where !member.isBusy && !accounts.contains(member.thread.account) {
            dismiss(number)
        }
    }

    /// Sends all idle threads away and waits for them. Those that are busy are left to themselves: the process is about
    /// to end.
    func close() {
        for (number, member) in members where !member.isBusy { dismiss(number) }
        for thread in leaving { thread.join() }
        leaving = []
    }

    private func dismiss(_ number: Int) {
        leaving = leaving.filter { thread in
            guard thread.hasEnded else { return true }
            thread.join()
            return false
        }
        guard let thread = members.removeValue(forKey: number)?.thread else { return }
        thread.order(.leave)
        leaving.append(thread)
    }
}
