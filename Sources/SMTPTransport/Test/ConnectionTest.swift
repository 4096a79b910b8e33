// One try of the way that an account's letters take, told step by step: for `herald test-connection`. What must stay true: it
// is the mailer's own client on the mailer's own terms, so that what works here works there; nothing but a letter that was
// asked for is sent, and nothing is kept.

import Formats
import Logging
import Mail
import MailRouting
import Platform
import SMTPProtocol

/// A letter to go with the try.
package struct TestLetter: Sendable {
    package var envelope: Envelope
    package var message: [UInt8]

    package init(_ envelope: Envelope, message: [UInt8]) { (self.envelope, self.message) = (envelope, message) }
}

/// Tries one account's way. Blocks the calling thread; belongs to it.
package final class ConnectionTest {
    /// Nobody sits through five minutes of silence for an answer that one minute gives.
    private static let patience = Duration.seconds(60)
    /// A certificate that ends sooner is told of.
    private static let shortest = Duration.seconds(14 * 86400)

    private let options: SessionOptions
    private let letter: TestLetter?
    private let log: Logger
    private let onStep: (ConnectionStep) -> Void
    /// When the last step that was told ended.
    private var last = SystemClock.monotonic()
    /// A step that may be no more than what the fault says, or the first of several; and when it ended.
    private var pending: (step: SessionTrace.Step, ended: Duration)?
    /// When the step ended that failed.
    private var failed: Duration?
    private var remarks: [String] = []

    /// `onStep` is told of each step as soon as it has ended.
    package init(
        _ options: SessionOptions, letter: TestLetter? = nil, log: Logger, onStep: @escaping (ConnectionStep) -> Void
    ) {
        var options = options
        options.timeouts.greeting = min(options.timeouts.greeting, Self.patience)
        options.timeouts.command = min(options.timeouts.command, Self.patience)
        options.timeouts.data = min(options.timeouts.data, Self.patience)
        options.timeouts.finalReply = min(options.timeouts.finalReply, Self.patience * 2)
        (self.options, self.letter, self.log, self.onStep) = (options, letter, log, onStep)
    }

    /// The account's own server.
    package func relay() -> ConnectionVerdict {
        begin()
        if options.security == .none { remarks.append("nothing is protected on the way: security is 'none'") }
        return verdict(session(options))
    }

    /// A recipient's domain, as `server: direct` goes there: its hosts in their order, until one takes it.
    package func direct(
        to domain: String, resolver: Resolver = Resolver(), allowsPrivate: Bool, heloName: String, port: Int = 25
    ) -> ConnectionVerdict {
        begin()
        let validation = resolver.validation()
        let plan = DirectRoute.plan(
            domain, resolver: resolver, policies: PolicyBook(), allowsPrivate: allowsPrivate, heloName: heloName,
            port: port)
        // What a name server vouches for here says more than how it answers a question about the root.
        if case .off(let words) = validation, !plan.isAuthentic { remarks.append(words) }
        note(plan)
        if let fault = Self.fault(of: plan) { return verdict(fault) }
        tell("hosts", Self.words(plan))
        var attempt = DirectAttempt(plan)
        var fault: SessionFault?
        while let host = attempt.host {
            if let fault { remarks.append("\(fault)") }
            tell("host", "\(host.words), by \(host.protection.words)")
            fault = session(options.aimed(at: host, port: port))
            guard var failed = fault?.ofHost else { return verdict(nil) }
            failed.words = "\(host.words): \(failed.words)"
            attempt.failed(failed)
            fault = failed
        }
        return verdict(fault)
    }

    private func begin() { (last, pending, failed, remarks) = (SystemClock.monotonic(), nil, nil, []) }

    private func verdict(_ fault: SessionFault?) -> ConnectionVerdict {
        ConnectionVerdict(fault: fault, took: (failed ?? SystemClock.monotonic()) - last, remarks: remarks)
    }

    private func tell(_ name: String, _ detail: String) {
        let now = SystemClock.monotonic()
        onStep(ConnectionStep(name, took: now - last, detail))
        last = now
    }
}

// A session.
extension ConnectionTest {
    private func session(_ options: SessionOptions) -> SessionFault? {
        let client = SMTPClient(options, log: log)
        client.onStep = { [unowned self] in take($0) }
        defer { client.quit() }
        do throws(SessionFault) {
            try client.connect()
            tellLogin(client, options)
            note(client, options)
            guard let letter else { return nil }
            return fault(of: try client.deliver(letter.envelope, message: letter.message) { _ in }, client, options)
        } catch {
            drop(error)
            return error
        }
    }

    /// Refusals wait for what becomes of them, and the steps of a login for their end.
    private func take(_ step: SessionTrace.Step) {
        // What comes after the try.
        if [.quit, .reset, .idle].contains(step.phase) { return }
        if let before = pending?.step {
            // The letter has one recipient: what is answered behind a refusal had gone out with it, and means nothing.
            if [.sender, .recipients, .data].contains(before.phase) { return }
            if !(before.phase == .login && step.phase == .login) { flush() }
        }
        pending = (step, SystemClock.monotonic())
        let isReply = ![.resolve, .connect, .tls, .body].contains(step.phase)
        let isRefusal = isReply && Reply.code(leading: step.detail).map { $0 >= 400 } ?? false
        if step.phase != .login, !isRefusal { flush() }
    }

    private func flush() {
        guard let (step, ended) = pending else { return }
        (pending, last) = (nil, ended)
        onStep(ConnectionStep(step))
    }

    /// The step that is the fault itself need not be told twice. Its time ends here, before the QUIT that follows.
    private func drop(_ fault: SessionFault) {
        failed = SystemClock.monotonic()
        if let (step, ended) = pending, step.phase == fault.phase { (pending, failed) = (nil, ended) }
        flush()
    }

    private func tellLogin(_ client: SMTPClient, _ options: SessionOptions) {
        guard let mechanism = client.mechanism, let (step, ended) = pending, step.phase == .login else {
            return flush()
        }
        (pending, last) = (nil, ended)
        let name = client.loginName.map { "as \(Printable.text($0, limit: 200)) " } ?? ""
        onStep(ConnectionStep("login", took: step.took, "\(name)by \(mechanism.rawValue): \(step.detail)"))
    }

    private func note(_ client: SMTPClient, _ options: SessionOptions) {
        if let fault = client.passedOver { remarks.append("another address of it was passed over: \(fault)") }
        if let plain = client.plainBecause { remarks.append("TLS failed and was left out: \(plain)") }
        if options.login != nil, client.mechanism == nil {
            remarks.append("nobody logged in: under 'opportunistic', no login goes to a server that is not verified")
        }
        if options.isRelay, options.login == nil, letter == nil, !client.capabilities.mechanisms.isEmpty {
            remarks.append(
                "the server offers logins, and the account has none: --send tells whether it takes a letter so")
        }
        let now = SystemClock.now()
        if let certificate = client.certificate, options.tls.isBoundByTime, certificate.ends - now < Self.shortest {
            let left = max(0, certificate.daysLeft(at: now))
            remarks.append("the server's certificate ends in \(counted(left, "day")): it must be renewed before")
        }
    }

    /// What the server said of the letter, where that is not "taken".
    private func fault(
        of outcomes: [EmailAddress: Outcome], _ client: SMTPClient, _ options: SessionOptions
    ) -> SessionFault? {
        guard let refused = outcomes.values.first(where: { $0.reaction != .delivered }) else { return nil }
        let ofLetter: [SessionPhase] = [.sender, .recipients, .data, .finalReply]
        let phase = client.trace.steps.first { ofLetter.contains($0.phase) && $0.detail == refused.words }?.phase
        var fault = SessionFault(phase ?? .sender, refused.words, refused.reaction)
        if let diagnosis = Diagnosis(phase: fault.phase, words: refused.words, host: options.server.host) {
            fault.set(diagnosis, host: options.server.host)
        }
        if let known = client.lastFault, known.words == refused.words { fault = known }
        drop(fault)
        if refused.reaction == .uncertain {
            let cause = "the server may have the letter: it did not say"
            fault.likelyCause = fault.likelyCause.isEmpty ? cause : "\(cause); \(fault.likelyCause)"
            fault.remedy = "look whether the letter has arrived; the mailer sends such a one as smtp.uncertain says"
        }
        return fault
    }
}

// A domain's hosts.
extension ConnectionTest {
    private func note(_ plan: DirectPlan) {
        remarks += [plan.policyTrouble].compactMap { $0 }
        if case .hosts = plan.way { remarks += plan.passedOver.map { "passed over: \($0)" } }
        remarks += plan.unnamedInTest.map { "\($0) is not named by the domain's MTA-STS policy, which is in test" }
    }

    private static func words(_ plan: DirectPlan) -> String {
        guard case .hosts(let hosts) = plan.way else { return "" }
        let list = hosts.map { host in
            "\(host.words) \(host.addresses.map(\.description).joined(separator: " ")) (\(host.protection.words))"
        }
        return list.joined(separator: ", ") + (plan.isAuthentic ? "; signed (DNSSEC)" : "")
    }

    /// Where no host may have the letter: why.
    private static func fault(of plan: DirectPlan) -> SessionFault? {
        let words: String
        let reaction: Reaction
        switch plan.way {
        case .hosts: return nil
        case .permanent(let said): (words, reaction) = (said, .permanent)
        case .later(let said): (words, reaction) = (said, .tryAgain)
        }
        var fault = SessionFault(.resolve, words, reaction)
        let isPolicys = plan.passedOver.contains { $0.kind == .policy }
        let known: Diagnosis? =
            isPolicys
            ? .stsMismatch : words.hasPrefix("5.1.2") ? .noSuchName : words.hasPrefix("4.4.3") ? .nameServerFails : nil
        if let known { fault.set(known) }
        fault = fault.ofHost
        if fault.remedy.isEmpty, reaction == .permanent {
            fault.remedy = "check the recipient's address; a letter to it fails at once"
        }
        return fault
    }
}

extension TLSTerms {
    /// Whether the time in a certificate counts.
    fileprivate var isBoundByTime: Bool {
        switch authority {
        case .system, .file: true
        case .pinned, .dane, .nobody: false
        }
    }
}
