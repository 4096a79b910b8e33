// One connection to a server, used by one thread: the pure Conversation decides, this carries out.
//
// What must stay true: every wait has a deadline; no command goes out while bytes are there that came before it; the
// caller's commit of "the dot is about to go out" comes before the last block of the message, and nothing after it can
// keep the block from being counted as sent.

import Formats
import Logging
import Mail
import Platform
import SMTPProtocol

/// A client of one server: connects, logs in, delivers letters one after the other, quits. Blocks the calling thread,
/// with a deadline on every wait; belongs to one thread.
package final class SMTPClient {
    let options: SessionOptions
    let log: Logger
    var conversation: Conversation
    var stream: NetworkStream?
    /// The stream's, until it is under TLS and beyond.
    var context: TLSContext?
    var parser = ReplyParser()
    var delivery: Delivery?

    package init(_ options: SessionOptions, log: Logger) {
        self.options = options
        self.log = log
        conversation = Conversation(.init(security: options.security, heloName: ""))
    }

    deinit { stream?.close() }

    /// Whether a letter can be handed to `deliver` without connecting first.
    package var isConnected: Bool { stream != nil && conversation.isReady }

    /// The fault that ended the connection, where `deliver` returned outcomes and the connection did not survive.
    package private(set) var lastFault: SessionFault?

    /// The server, or what stands before it, answered grouped commands out of step: the next connection of this client
    /// goes without pipelining, and so should later clients of this server (`SessionOptions.pipelining`).
    package private(set) var pipeliningFailed = false

    /// Why TLS was left out, where it failed and could be: for an hour this server's clients need not try
    /// (`SessionOptions.leavesOutTLS`).
    package internal(set) var plainBecause: SessionFault?

    /// The gravest fault of the addresses that the latest session has passed over; nil where none was.
    package internal(set) var passedOver: SessionFault?

    /// The address that the connection goes to.
    package internal(set) var address = ""

    /// When the latest session was begun, before anything was said; monotonic. Nil: none was.
    package internal(set) var began: Duration?

    /// Told of each step when it has ended; of the steps of a login, each with the time since it began.
    package var onStep: ((SessionTrace.Step) -> Void)?

    /// What the latest session did.
    package internal(set) var trace = SessionTrace(now: .zero)

    /// `TLSv1.3`; nil on a plain connection.
    package var tlsVersion: String? { stream?.protection?.version }

    /// The server's; nil on a plain connection.
    package var certificate: CertificateFacts? { stream?.protection?.certificate }

    /// What the server can do, and how the session logged in.
    package var capabilities: Capabilities { conversation.capabilities }
    package var mechanism: AuthMechanism? { conversation.mechanism }
    /// Of the recipients that the latest `deliver` returned as refused, those whom another account may reach.
    package var accountRefusals: [EmailAddress: Diagnosis] { conversation.accountRefusals }
    /// Under which name.
    package internal(set) var loginName: String?

    /// When all must be over that is on, and how long that was given; nil: each wait's own time is enough.
    var limit: (end: Duration, allowed: Duration)?

    /// Since when the connection waits, and whether it has carried a letter; nil before the first one.
    var idle: (since: Duration, hasCarried: Bool)?

    /// How long a connection that has carried nothing may wait before it counts as kept.
    private static let stillFresh = Duration.seconds(1)

    /// Whether the server may have closed this connection because nothing was said on it. One that has just been opened
    /// it closes for another reason, which a second one would not change (row 59).
    private var wasKept: Bool {
        guard isConnected, let idle else { return false }
        return idle.hasCarried || SystemClock.monotonic() - idle.since >= Self.stillFresh
    }

    /// One transaction. Connects first where there is no connection; a kept connection that the server has meanwhile
    /// closed is replaced once.
    ///
    /// `onDotPending` is called with the accepted recipients directly before the last block of the message goes out;
    /// what it throws keeps the dot from being sent.
    ///
    /// Returns an outcome for each recipient that this transaction decided. Recipients that it does not name were put
    /// off by the server (`452 4.5.3 too many recipients`) or by the limit of 100 in a transaction, while others were
    /// accepted: call again with these at once. Each call decides at least one.
    ///
    /// Throws when nothing at all was decided: all recipients are to be tried again, as the fault's flags say.
    package func deliver(
        _ envelope: Envelope, message: [UInt8], onDotPending: ([EmailAddress]) throws -> Void
    ) throws(SessionFault) -> [EmailAddress: Outcome] {
        lastFault = nil
        let transaction = Transaction(envelope, message: message)
        if transaction.recipients.isEmpty { return [:] }
        let wasKept = wasKept
        try connect()
        var result = withoutActuallyEscaping(onDotPending) { run(transaction, message, $0) }
        // Row 86: nothing has been decided before MAIL is answered, so a second try repeats nothing.
        if wasKept, case .failed(let fault) = result, fault.isStale {
            log.debug("connecting again: \(fault)")
            try connect()
            result = withoutActuallyEscaping(onDotPending) { run(transaction, message, $0) }
        }
        idle = (SystemClock.monotonic(), hasCarried: true)
        switch result {
        case .finished(let outcomes, let fault):
            lastFault = fault
            return outcomes
        case .failed(let fault): throw fault
        case .ready, .closed: throw SessionFault(.idle, "the session ended", [.tryAgain, .close])
        }
    }

    /// Says QUIT, waits shortly, closes. Decides nothing.
    package func quit() {
        if isConnected { _ = drive(.quitRequested) }
        disconnect()
    }
}

extension SMTPClient {
    enum Result {
        case ready
        case finished([EmailAddress: Outcome], SessionFault?)
        case failed(SessionFault)
        case closed
    }

    /// The message that is on its way.
    struct Delivery {
        var blocks: DotStuffing
        /// The block that ends with the dot, kept back until the caller has committed.
        var last: [UInt8] = []
        /// When the first block went out, and how many bytes have gone since.
        var began: Duration?
        var sent = 0
        let onDotPending: ([EmailAddress]) throws -> Void
    }

    private func run(
        _ transaction: Transaction, _ message: [UInt8], _ onDotPending: @escaping ([EmailAddress]) throws -> Void
    ) -> Result {
        delivery = Delivery(blocks: DotStuffing(message), onDotPending: onDotPending)
        setLimit(options.timeouts.transaction)
        trace.skip(to: SystemClock.monotonic())
        defer { (delivery, limit) = (nil, nil) }
        return drive(.transactionRequested(transaction))
    }

    /// Feeds an event and everything that follows from it, until the conversation has an answer for the caller.
    func drive(_ first: Conversation.Event) -> Result {
        var event = first
        while true {
            note(event)
            let actions = conversation.handle(event)
            if conversation.pipeliningFailed { pipeliningFailed = true }
            switch perform(actions) {
            case .event(let next): event = next
            case .result(let result): return result
            case .nothing:
                guard let wait = conversation.wait else { return .closed }
                event = nextReply(wait)
            }
        }
    }

    /// For the trace; what ends the session, its fault says.
    private func note(_ event: Conversation.Event) {
        let phase = conversation.phase
        switch event {
        case .replyReceived(let reply):
            note(phase, reply.text, capabilities: phase == .hello && reply.isPositive ? Capabilities(reply) : nil)
        case .tlsEstablished:
            let report = stream?.protection?.report
            note(phase, report?.summary ?? "", tls: report)
        case .bodySent: note(phase, "\((delivery?.sent ?? 0) + (delivery?.last.count ?? 0)) bytes")
        default: return
        }
    }

    /// A step that has just ended.
    func note(
        _ phase: SessionPhase, _ detail: String, tls: TLSReport? = nil, capabilities: Capabilities? = nil
    ) {
        let now = SystemClock.monotonic()
        let step = trace.add(phase, detail, tls: tls, capabilities: capabilities, now: now)
        onStep?(step)
    }

    private enum Performed {
        case nothing
        case event(Conversation.Event)
        case result(Result)
    }

    private func perform(_ actions: [Conversation.Action]) -> Performed {
        var performed = Performed.nothing
        var commands: [UInt8] = []
        for action in actions {
            switch action {
            case .send(let bytes, let shown):
                log.debug("> \(shown)")
                commands += bytes
            case .sendSecret(let secret, let shown):
                log.debug("> \(shown)")
                if let event = send(secret) { performed = .event(event) }
            case .refreshToken: performed = .event(refreshToken())
            case .startTLS: performed = .event(startTLS())
            case .becomeReady: performed = .result(.ready)
            case .sendBody: performed = .event(sendBody())
            case .markDotPending(let recipients): performed = .event(markDot(recipients))
            case .sendEnd: performed = .event(sendEnd())
            case .finish(let outcomes, let fault): performed = .result(.finished(outcomes, fault))
            case .fail(let fault):
                log.debug("\(fault)")
                performed = .result(.failed(fault))
            case .close:
                disconnect()
                if case .nothing = performed { performed = .result(.closed) }
            }
        }
        if !commands.isEmpty, let event = send(commands) { return .event(event) }
        return performed
    }

    func disconnect() {
        stream?.close()
        stream = nil
    }

    func timeout(_ wait: Conversation.Wait) -> Duration {
        switch wait {
        case .greeting: options.timeouts.greeting
        case .command: options.timeouts.command
        case .data: options.timeouts.data
        case .finalReply: options.timeouts.finalReply
        case .quit: options.timeouts.quit
        }
    }
}
