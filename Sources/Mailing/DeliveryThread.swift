// A thread with one connection of one account: takes letters, delivers them, tells how they ended, and keeps the connection
// for a while in case there is more. What runs on it is DeliveryLoop.

import Formats
import Logging
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import Settings
import Synchronization

/// What the mailer's threads report.
enum MailerEvent: Sendable {
    /// The final dot is about to go out; it goes when the answer is true.
    case dotPending(deliveries: [Int64], Answer<Bool>)
    /// Some recipients of the thread's letters are decided; others follow. Of the report, nothing else counts yet.
    case outcomes(DeliveryReport)
    /// Of the addresses that a letter was redirected to, some have it, and others are still to be asked.
    /// - isUncertain: one of them may have it.
    case partly([Int64], left: [EmailAddress], isUncertain: Bool)
    case done(DeliveryReport)
    /// What was taken back from a thread, and could not be recorded then.
    case takenBack([Int64])
    /// A copy of what was sent was filed, or why it was not.
    case filed(letter: String, FilingFault?)
    /// Whether DANE can be had here; nil: it can. The thread has done its work.
    case surveyed(thread: Int, String?)
    case request(ControlCall)
    case stop
}

/// The thread has done its work.
struct DeliveryReport: Sendable {
    var thread: Int
    /// As it was when the thread began.
    var account: Settings.Account
    /// The account was tried, with no letter at stake.
    var isProbe = false
    /// When the session that all this was learned in was begun, monotonic; nil: there was none.
    var session: Duration?
    /// As in `Batch`.
    var destination = ""
    var decided: [Decided] = []
    /// Recipients of the last letter that nothing was decided about.
    var undecided: [Int64] = []
    /// Why not.
    var fault: SessionFault?
    /// Deliveries that were not begun, or stopped by us.
    var unbegun: [Int64] = []
    /// Why no host of the destination was reached.
    var unreached: String?
    /// A host of the destination was spoken to.
    var isReached = false
    /// What the administrator is to know of the destination's hosts.
    var trouble: String?
}

/// How one delivery ended.
struct Decided: Equatable, Sendable {
    var delivery: Int64
    var outcome: Outcome
    /// Of a redirected letter that others have: the addresses that are still to have it, or may have it.
    var left: [EmailAddress] = []
    /// It was refused for the account's sake: another one may do better.
    var refusal: Diagnosis?
}

/// What all delivery threads share.
struct DeliveryKnowledge: Sendable {
    var hosts = HostBook()
    /// MTA-STS, for accounts that deliver directly.
    var policies = PolicyBook()
    let tokens: TokenKeeper
}

/// A delivery thread, seen from the mailer.
final class DeliveryThread: Sendable {
    enum Order: Sendable {
        case deliver(Batch)
        /// Connect and log in, to see whether the account works (again).
        case probe
        /// Look whether the name server is one for DANE.
        case survey
        case leave
    }

    let number: Int
    let account: Settings.Account
    private let orders: EventQueue<Order>
    private let worker: Worker
    private let end: End

    /// Told by the thread as its last word.
    private final class End: Sendable {
        let isThere = Atomic(false)
    }

    /// Whether `join` returns at once.
    var hasEnded: Bool { end.isThere.load(ordering: .acquiring) }

    /// - Parameter idle: how long a connection is kept open without work.
    init(
        number: Int, account: Settings.Account, idle: Duration, events: EventQueue<MailerEvent>,
        knowledge: DeliveryKnowledge, log: Logger
    ) throws(SystemError) {
        let (orders, wake) = (try EventQueue<Order>(), try WakeUp())
        self.number = number
        self.account = account
        self.orders = orders
        let end = End()
        self.end = end
        worker = try Worker.start("delivery \(number)") {
            var loop = DeliveryLoop(
                number: number, account: account, idle: idle, events: events, knowledge: knowledge,
                wake: wake, log: log)
            loop.run(orders)
            end.isThere.store(true, ordering: .releasing)
        }
    }

    func order(_ order: Order) { orders.post(order) }

    /// After `leave`.
    func join() { worker.join() }
}
