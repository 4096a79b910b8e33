// A thread with one connection to one account's server: takes an assignment, delivers it, tells how it ended, and keeps
// the connection for a while in case there is more. It never touches the queue: what has to be committed is committed by
// the mailer, and the final dot waits for it.

import Formats
import Logging
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import Settings

/// What the mailer's threads report.
enum MailerEvent: Sendable {
    /// The final dot is about to go out; it goes when the answer is true.
    case dotPending(deliveries: [Int64], Answer<Bool>)
    /// Some recipients of the thread's assignment are decided; others follow with the next transaction.
    case outcomes(account: String, [Decided])
    /// The thread has done its work; `fault` is why what is not decided was not.
    case done(thread: Int, account: String, decided: [Decided], undecided: [Int64], fault: SessionFault?)
    case request(ControlCall)
    case stop
}

/// How one delivery ended.
struct Decided: Equatable, Sendable {
    var delivery: Int64
    var outcome: Outcome
    /// Of a redirected letter that was delivered: the addresses that are still to have it.
    var left: [EmailAddress] = []
}

/// A delivery thread, seen from the mailer.
final class DeliveryThread: Sendable {
    enum Order: Sendable {
        case deliver(Assignment)
        /// Connect and log in, to see whether the account works (again).
        case probe
        case leave
    }

    let number: Int
    let account: Settings.Account
    private let orders: EventQueue<Order>
    private let worker: Worker

    /// - Parameter idle: how long a connection is kept open without work.
    init(
        number: Int, account: Settings.Account, idle: Duration, events: EventQueue<MailerEvent>, log: Logger
    ) throws(SystemError) {
        let orders = try EventQueue<Order>()
        self.number = number
        self.account = account
        self.orders = orders
        worker = try Worker.start("delivery \(number)") {
            var loop = DeliveryLoop(number: number, account: account, idle: idle, events: events, log: log)
            loop.run(orders)
        }
    }

    func order(_ order: Order) { orders.post(order) }

    /// After `leave`.
    func join() { worker.join() }
}

/// What runs on the thread.
private struct DeliveryLoop {
    let number: Int
    let account: Settings.Account
    let idle: Duration
    let events: EventQueue<MailerEvent>
    let log: Logger
    var client: SMTPClient?
    /// Letters that went over this connection.
    var messages = 0
    /// Off once the server, or what stands before it, could not cope.
    var pipelining = true

    mutating func run(_ orders: EventQueue<DeliveryThread.Order>) {
        while true {
            let wait = client == nil ? nil : idle
            let ready = (try? Poller.wait([(orders.descriptor.number, .readable)], timeout: wait)) ?? []
            if ready.isEmpty { disconnect() }
            for order in orders.takeAll() {
                switch order {
                case .deliver(let assignment): deliver(assignment)
                case .probe: done([], [], probe())
                case .leave: return disconnect()
                }
            }
        }
    }

    private func done(_ decided: [Decided], _ undecided: [Int64], _ fault: SessionFault?) {
        events.post(
            .done(thread: number, account: account.name, decided: decided, undecided: undecided, fault: fault))
    }

    private mutating func disconnect() {
        if client?.pipeliningFailed == true { pipelining = false }
        client?.quit()
        client = nil
        messages = 0
    }

    /// The connection, made when there is none.
    private mutating func connected() throws(SessionFault) -> SMTPClient {
        if let client, client.isConnected { return client }
        disconnect()
        var options = SessionOptions(account)
        options.pipelining = pipelining
        let fresh = SMTPClient(options, log: log)
        try fresh.connect()
        client = fresh
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

    private mutating func deliver(_ assignment: Assignment) {
        if let addresses = assignment.redirect { return deliver(assignment, to: addresses) }
        var left = assignment.recipients
        var decided: [Decided] = []
        var fault: SessionFault?
        while !left.isEmpty, fault == nil {
            if !decided.isEmpty { events.post(.outcomes(account: account.name, decided)) }
            (decided, fault) = transaction(assignment, left.map(\.address), numbers(left))
            if fault == nil, decided.isEmpty {
                fault = SessionFault(.recipients, "the server decided nothing", .tryAgain)
            }
            left.removeAll { recipient in decided.contains { $0.delivery == recipient.delivery } }
        }
        done(decided, left.map(\.delivery), fault)
        disconnectIfDue(fault)
    }

    private mutating func disconnectIfDue(_ fault: SessionFault?) {
        if fault != nil || client?.isConnected != true || messages >= account.maxMessagesPerConnection { disconnect() }
    }

    /// A redirected letter, in one transaction: what the server says of the addresses is said of all its recipients.
    private mutating func deliver(_ assignment: Assignment, to addresses: [EmailAddress]) {
        let numbers = assignment.recipients.map(\.delivery)
        let envelope = Envelope(
            sender: assignment.sender, recipients: addresses, notify: assignment.notify,
            envelopeID: assignment.envelopeID)
        var fault: SessionFault?
        do throws(SessionFault) {
            let client = try connected()
            messages += 1
            let outcomes = try client.deliver(envelope, message: assignment.message) { _ in
                guard commitDot(numbers) else { throw NotCommitted() }
            }
            let all = RedirectOutcome(outcomes, of: addresses)
            fault = client.lastFault.flatMap { $0.isAccountFault ? $0 : nil }
            done(
                numbers.map { number in
                    Decided(delivery: number, outcome: all.outcome, left: number == numbers.first ? all.left : [])
                }, [], fault)
        } catch {
            fault = error
            done([], numbers, error)
        }
        disconnectIfDue(fault)
    }

    private func numbers(_ recipients: [Assignment.Recipient]) -> [EmailAddress: Int64] {
        Dictionary(recipients.map { ($0.address, $0.delivery) }) { first, _ in first }
    }

    /// One transaction with the server, and what it decided.
    private mutating func transaction(
        _ assignment: Assignment, _ recipients: [EmailAddress], _ numbers: [EmailAddress: Int64]
    ) -> ([Decided], SessionFault?) {
        let envelope = Envelope(
            sender: assignment.sender, recipients: recipients, notify: assignment.notify,
            envelopeID: assignment.envelopeID)
        do throws(SessionFault) {
            let client = try connected()
            messages += 1
            let outcomes = try client.deliver(envelope, message: assignment.message) { accepted in
                let deliveries = accepted.compactMap { numbers[$0] }
                guard commitDot(deliveries) else { throw NotCommitted() }
            }
            let decided = outcomes.compactMap { address, outcome in
                numbers[address].map { Decided(delivery: $0, outcome: outcome) }
            }
            // What the account is at fault for pauses it, though some recipients were decided before (or with) it.
            return (decided, client.lastFault.flatMap { $0.isAccountFault ? $0 : nil })
        } catch {
            // Nothing was decided, and the dot has not gone out, committed or not: after it, the client does not throw.
            return ([], error)
        }
    }

    /// Waits until the queue has committed it.
    private func commitDot(_ deliveries: [Int64]) -> Bool {
        guard let answer = try? Answer<Bool>() else { return false }
        events.post(.dotPending(deliveries: deliveries, answer))
        return answer.wait(.seconds(60)) ?? false
    }

    private struct NotCommitted: Error {}
}
