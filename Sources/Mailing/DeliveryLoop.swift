// What runs on a delivery thread: one connection, letters one after the other. It never touches the queue: what has to be
// committed is committed by the mailer, and the final dot waits for it.

import Formats
import Logging
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import Settings

struct DeliveryLoop {
    let number: Int
    let account: Settings.Account
    let idle: Duration
    let events: EventQueue<MailerEvent>
    let knowledge: DeliveryKnowledge
    let log: Logger
    /// The connection, the options that it was made with, and the domain that it is for.
    private var client: SMTPClient?
    private var options: SessionOptions?
    private var destination = ""
    /// Letters that went over this connection.
    private var messages = 0
    /// By which answers come.
    private let wake: WakeUp
    /// The mailer did not let the last dot go.
    private var isDotRefused = false

    init(
        number: Int, account: Settings.Account, idle: Duration, events: EventQueue<MailerEvent>,
        knowledge: DeliveryKnowledge, wake: WakeUp, log: Logger
    ) {
        self.wake = wake
        (self.number, self.account, self.idle) = (number, account, idle)
        (self.events, self.knowledge, self.log) = (events, knowledge, log)
    }

    mutating func run(_ orders: EventQueue<DeliveryThread.Order>) {
        while true {
            let wait = client == nil ? nil : idle
            let ready = (try? Poller.wait([(orders.descriptor.number, .readable)], timeout: wait)) ?? []
            if ready.isEmpty { disconnect() }
            for order in orders.takeAll() {
                switch order {
                case .deliver(let batch): deliver(batch)
                case .probe:
                    var report = DeliveryReport(thread: number, account: account.name)
                    report.fault = probe()
                    events.post(.done(report))
                case .survey:
                    if case .off(let words) = Resolver().validation() { survey(words) } else { survey(nil) }
                case .leave: return disconnect()
                }
            }
        }
    }

    private func survey(_ words: String?) {
        events.post(.surveyed(words))
        events.post(.done(DeliveryReport(thread: number, account: account.name)))
    }

    private mutating func disconnect() {
        learn()
        client?.quit()
        client = nil
        messages = 0
    }

    private func learn() {
        if let client, let options { knowledge.hosts.learn(from: client, options) }
    }

    /// A client, not connected yet.
    private mutating func begin(_ options: SessionOptions) -> SMTPClient {
        disconnect()
        var options = options
        knowledge.hosts.inform(&options)
        let fresh = SMTPClient(options, log: log)
        (client, self.options) = (fresh, options)
        return fresh
    }

    private var ownOptions: SessionOptions {
        let tokens = knowledge.tokens
        return SessionOptions(account) { (owner, refused) throws(SessionFault) in
            try tokens.token(for: owner, refused: refused)
        }
    }

    /// The connection to the account's server, made when there is none.
    private mutating func connected() throws(SessionFault) -> SMTPClient {
        if let client, client.isConnected { return client }
        let fresh = begin(ownOptions)
        try fresh.connect()
        return fresh
    }

    private mutating func probe() -> SessionFault? {
        do throws(SessionFault) {
            _ = try connected()
            return nil
        } catch {
            client = nil
            return error
        }
    }

    /// The letters one after the other, until one fails for a reason that the next one would meet as well.
    private mutating func deliver(_ batch: Batch) {
        var report = DeliveryReport(thread: number, account: account.name, destination: batch.destination)
        var isOver = false
        var wantsAnother = false
        while !isOver, let assignment = batch.next() {
            tell(&report)
            if wantsAnother { disconnect() }
            isDotRefused = false
            switch (account.isDirect, assignment.redirect) {
            case (false, nil): through(assignment, &report)
            case (false, let addresses?): through(assignment, redirectedTo: addresses, &report)
            case (true, nil): directly(assignment, batch, &report)
            case (true, let addresses?): directly(assignment, redirectedTo: addresses, batch, &report)
            }
            isOver = report.fault != nil || report.unreached != nil || isDotRefused
            wantsAnother =
                isOver || client?.isConnected != true || messages >= account.maxMessagesPerConnection
        }
        if isDotRefused {
            report.unbegun = report.undecided
            (report.undecided, report.fault) = ([], nil)
        }
        report.unbegun += batch.withdraw()
        events.post(.done(report))
        // Only now, for a goodbye takes its time.
        if wantsAnother { disconnect() }
    }

    /// What is decided goes ahead of what is to be done next: with the dot that follows, or soon.
    private func tell(_ report: inout DeliveryReport) {
        if report.decided.isEmpty { return }
        events.post(
            .outcomes(account: account.name, destination: report.destination, report.decided), wakes: false)
        report.decided = []
    }

    private mutating func through(_ assignment: Assignment, _ report: inout DeliveryReport) {
        var left = assignment.recipients
        let numbers = Dictionary(left.map { ($0.address, $0.delivery) }) { first, _ in first }
        while !left.isEmpty, report.fault == nil, !isDotRefused {
            tell(&report)
            do throws(SessionFault) {
                let client = try connected()
                let outcomes = try transaction(client, assignment, left.map(\.address)) { accepted in
                    accepted.compactMap { numbers[$0] }
                }
                // What the account is at fault for pauses it, though some recipients were decided before (or with) it.
                report.fault = client.lastFault.flatMap { $0.isAccountFault ? $0 : nil }
                report.decided = outcomes.compactMap { address, outcome in
                    numbers[address].map { Decided(delivery: $0, outcome: outcome) }
                }
                left.removeAll { outcomes[$0.address] != nil }
            } catch {
                report.fault = error
            }
        }
        report.undecided = left.map(\.delivery)
    }

    /// A redirected letter, in one transaction: what the server says of the addresses is said of all its recipients.
    private mutating func through(
        _ assignment: Assignment, redirectedTo addresses: [EmailAddress], _ report: inout DeliveryReport
    ) {
        do throws(SessionFault) {
            let client = try connected()
            let outcomes = try transaction(client, assignment, addresses) { _ in assignment.numbers }
            report.fault = client.lastFault.flatMap { $0.isAccountFault ? $0 : nil }
            report.decided = Self.decided(assignment, outcomes, addresses)
        } catch {
            (report.fault, report.undecided) = (error, assignment.numbers)
        }
    }

    private static func decided(
        _ assignment: Assignment, _ outcomes: [EmailAddress: Outcome], _ addresses: [EmailAddress]
    ) -> [Decided] {
        let all = RedirectOutcome(outcomes, of: addresses)
        let numbers = assignment.numbers
        return numbers.map { number in
            Decided(delivery: number, outcome: all.outcome, left: number == numbers.first ? all.left : [])
        }
    }

    /// The hosts of the letter's domain one after the other, until each recipient is decided.
    private mutating func directly(_ assignment: Assignment, _ batch: Batch, _ report: inout DeliveryReport) {
        let addresses = assignment.recipients.map(\.address)
        let numbers = Dictionary(assignment.recipients.map { ($0.address, $0.delivery) }) { first, _ in first }
        let outcomes = walk(assignment, addresses, of: batch.destination, batch, &report) { accepted in
            accepted.compactMap { numbers[$0] }
        }
        for recipient in assignment.recipients {
            if let outcome = outcomes[recipient.address] {
                report.decided.append(Decided(delivery: recipient.delivery, outcome: outcome))
            } else {
                report.undecided.append(recipient.delivery)
            }
        }
    }

    /// A redirected letter: domain after domain, and all of it is said of the letter.
    private mutating func directly(
        _ assignment: Assignment, redirectedTo addresses: [EmailAddress], _ batch: Batch,
        _ report: inout DeliveryReport
    ) {
        var outcomes: [EmailAddress: Outcome] = [:]
        let byDomain = Dictionary(grouping: addresses) { QueueIndex.destination(of: $0.text) }
        for (domain, addresses) in byDomain.sorted(by: { $0.key < $1.key }) where !isDotRefused {
            outcomes.merge(walk(assignment, addresses, of: domain, batch, &report) { _ in assignment.numbers }) { $1 }
        }
        // That these hosts are not reached says nothing of the recipients' own.
        report.unreached = nil
        guard !outcomes.isEmpty else { return report.undecided = assignment.numbers }
        report.decided = Self.decided(assignment, outcomes, addresses)
    }

    /// The hosts of a domain one after the other. Returns what they come to for each address; nothing where the mailer did
    /// not let the dot go.
    private mutating func walk(
        _ assignment: Assignment, _ addresses: [EmailAddress], of domain: String, _ batch: Batch,
        _ report: inout DeliveryReport, _ numbers: ([EmailAddress]) -> [Int64]
    ) -> [EmailAddress: Outcome] {
        var outcomes: [EmailAddress: Outcome] = [:]
        if let client, client.isConnected, destination == domain {
            _ = walk(client, assignment, addresses, &outcomes, numbers)
            if outcomes.count == addresses.count || isDotRefused { return outcomes }
        }
        disconnect()
        let own = ownOptions
        let plan = DirectRoute.plan(
            domain, resolver: Resolver(), policies: knowledge.policies, allowsPrivate: batch.allowsPrivate,
            heloName: own.heloName ?? "")
        var attempt = DirectAttempt(plan)
        while outcomes.count < addresses.count, !isDotRefused, let host = attempt.host {
            let client = begin(own.aimed(at: host))
            destination = domain
            if let fault = walk(client, assignment, addresses, &outcomes, numbers) { attempt.failed(fault) }
        }
        report.trouble = attempt.troubles.isEmpty ? nil : attempt.troubles.joined(separator: "; ")
        if outcomes.count < addresses.count, !isDotRefused {
            if attempt.reachedNobody { report.unreached = attempt.outcome.words }
            for address in addresses where outcomes[address] == nil { outcomes[address] = attempt.outcome }
        }
        return outcomes
    }

    /// Transactions with one host, until each address is decided or the host fails.
    private mutating func walk(
        _ client: SMTPClient, _ assignment: Assignment, _ addresses: [EmailAddress],
        _ outcomes: inout [EmailAddress: Outcome], _ numbers: ([EmailAddress]) -> [Int64]
    ) -> SessionFault? {
        while !isDotRefused {
            let left = addresses.filter { outcomes[$0] == nil }
            if left.isEmpty { return nil }
            do throws(SessionFault) {
                outcomes.merge(try transaction(client, assignment, left, numbers)) { $1 }
            } catch {
                return error
            }
        }
        return nil
    }

    /// One transaction with the server, and what it decided: something, or it throws. Nothing is decided and the dot has
    /// not gone out then, committed or not: after it, the client does not throw.
    private mutating func transaction(
        _ client: SMTPClient, _ assignment: Assignment, _ addresses: [EmailAddress],
        _ numbers: ([EmailAddress]) -> [Int64]
    ) throws(SessionFault) -> [EmailAddress: Outcome] {
        let envelope = Envelope(
            sender: assignment.sender, recipients: addresses, notify: assignment.notify,
            envelopeID: assignment.envelopeID)
        messages += 1
        var isRefused = false
        defer {
            isDotRefused = isRefused
            learn()
        }
        let outcomes = try client.deliver(envelope, message: assignment.message) { accepted in
            guard commitDot(numbers(accepted)) else {
                isRefused = true
                throw NotCommitted()
            }
        }
        if outcomes.isEmpty { throw SessionFault(.recipients, "the server decided nothing", .tryAgain) }
        return outcomes
    }

    /// Waits until the queue has committed it. An answer that comes too late is not given: the one who would give it asks
    /// first whether it is waited for.
    private func commitDot(_ deliveries: [Int64]) -> Bool {
        let answer = Answer<Bool>(wake)
        events.post(.dotPending(deliveries: deliveries, answer))
        if let isCommitted = answer.wait(.seconds(60)) { return isCommitted }
        if answer.withdraw() { return false }
        return answer.wait(.seconds(600)) ?? false
    }

    private struct NotCommitted: Error {}
}
