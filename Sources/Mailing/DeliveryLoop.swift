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
    var client: SMTPClient?
    private var options: SessionOptions?
    var destination = ""
    /// What the administrator is to know of the domain's hosts.
    var trouble: String?
    /// Letters that went over this connection.
    var messages = 0
    /// By which answers come.
    private let wake: WakeUp
    /// The mailer did not let the last dot go.
    var isDotRefused = false

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
                    events.post(.done(probe()))
                case .survey:
                    var words: String?
                    if case .off(let why) = Resolver().validation() { words = why }
                    events.post(.surveyed(thread: number, words))
                case .leave: return disconnect()
                }
            }
        }
    }

    mutating func disconnect() {
        learn()
        client?.quit()
        client = nil
        messages = 0
    }

    private func learn() {
        if let client, let options { knowledge.hosts.learn(from: client, options) }
    }

    /// A client, not connected yet.
    mutating func begin(_ options: SessionOptions) -> SMTPClient {
        disconnect()
        var options = options
        knowledge.hosts.inform(&options)
        let fresh = SMTPClient(options, log: log)
        (client, self.options) = (fresh, options)
        return fresh
    }

    var ownOptions: SessionOptions {
        let tokens = knowledge.tokens
        return SessionOptions(account) { (owner, refused) throws(SessionFault) in
            try tokens.token(for: owner, refused: refused)
        }
    }

    /// The connection to the account's server, made when there is none.
    mutating func connected() throws(SessionFault) -> SMTPClient {
        if let client, client.isConnected { return client }
        let fresh = begin(ownOptions)
        try fresh.connect()
        return fresh
    }

    /// By a connection and a login of its own: that an older session lives says nothing of them.
    private mutating func probe() -> DeliveryReport {
        var report = DeliveryReport(thread: number, account: account)
        report.isProbe = true
        disconnect()
        do throws(SessionFault) {
            report.session = try connected().began
        } catch {
            (client, report.fault) = (nil, error)
        }
        return report
    }

    /// With fewer letters behind the one that is begun, the mailer is to give more.
    private static let low = 2

    /// The letters one after the other, until one fails for a reason that the next one would meet as well.
    private mutating func deliver(_ batch: Batch) {
        var report = DeliveryReport(thread: number, account: account, destination: batch.destination)
        var isOver = false
        var wantsAnother = false
        while !isOver, let assignment = batch.next() {
            tell(&report, wakes: batch.left < Self.low)
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
            report.unbegun += report.undecided
            (report.undecided, report.fault) = ([], nil)
        }
        report.unbegun += batch.end()
        report.session = client?.began
        events.post(.done(report))
        // Only now, for a goodbye takes its time.
        if wantsAnother { disconnect() }
    }

    /// What is decided goes ahead of what is to be done next: with the dot that follows,
    /// or soon.
    /// - Parameter wakes: true where a server's time passes before more is told: what was answered is committed at once,
    ///   for a crash sends again what is not.
    func tell(_ report: inout DeliveryReport, wakes: Bool = false) {
        if report.decided.isEmpty { return }
        report.session = client?.began
        events.post(.outcomes(report), wakes: wakes)
        report.decided = []
    }

    /// One transaction with the server, and what it decided: something, or it throws. Nothing is decided and the dot has
    /// not gone out then, committed or not: after it, the client does not throw.
    mutating func transaction(
        _ client: SMTPClient, _ assignment: Assignment, _ addresses: [EmailAddress],
        _ numbers: ([EmailAddress]) -> [Int64]
    ) throws(SessionFault) -> [EmailAddress: Outcome] {
        let envelope = Envelope(
            sender: assignment.sender, recipients: addresses, notify: assignment.notify,
            envelopeID: assignment.envelopeID)
        if messages >= account.maxMessagesPerConnection {
            client.quit()
            messages = 0
        }
        messages += 1
        var isRefused = false
        defer {
            isDotRefused = isRefused
            learn()
        }
        let outcomes = try client.deliver(envelope, message: assignment.message) { accepted in
            guard assignment.isAnnounced || commitDot(numbers(accepted)) else {
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
