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
        /// How long a letter took it that it was given before that.
        var took: Duration?
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
        if let batch {
            if let took = members[number]?.batch?.took { members[number]?.took = took }
            members[number]?.batch = batch
        }
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

// What was given to threads ahead of time.
extension DeliveryPool {
    private var batches: [Batch] { members.values.filter(\.isBusy).compactMap(\.batch) }

    /// What the thread is at, where its account is still one of these.
    func batch(of number: Int, accounts: [Settings.Account]) -> Batch? {
        guard let member = members[number], member.isBusy, accounts.contains(member.thread.account) else { return nil }
        return member.batch
    }

    /// Takes back what threads have not begun: of one letter, or all. Returns the deliveries.
    func withdraw(_ letter: String? = nil) -> [Int64] {
        batches.flatMap { batch in batch.withdraw { letter == nil || $0.assignment.letter == letter } }
    }

    /// Takes back what stands behind letters that were begun before `time` (monotonic) and are not through.
    func withdraw(heldUpSince time: Duration) -> [Int64] {
        batches.flatMap { batch in batch.holdsUpSince.map { $0 <= time } ?? false ? batch.withdraw() : [] }
    }

    /// Takes back what an account's threads have not begun and what is served after `order`.
    /// - Parameter destination: as in `Batch`; nil: any.
    func withdraw(after order: UInt8, account: String, destination: String?) -> [Int64] {
        batches.filter { $0.account == account && $0.destination == destination ?? $0.destination }
            .flatMap { batch in batch.withdraw { $0.order > order } }
    }

    /// The first time since when a thread has been at a letter with others behind it; monotonic.
    var firstHoldUp: Duration? { batches.compactMap(\.holdsUpSince).min() }

    /// How long a letter usually takes an account's threads, its wait for a commit and the account's for a connection
    /// included; nil before the first.
    func usualTime(account: String, destination: String) -> Duration? {
        let took = members.values.compactMap { member -> Duration? in
            guard let batch = member.batch, batch.account == account, batch.destination == destination else {
                return nil
            }
            return batch.took ?? member.took
        }
        return took.sorted().dropFirst(took.count / 2).first
    }

    /// Of the letters that threads have not begun.
    var bytesWaiting: Int { batches.reduce(0) { $0 + $1.bytesWaiting } }
}
