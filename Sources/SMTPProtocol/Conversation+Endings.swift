// How sessions and transactions end before they should, and what such an end means.

import Formats
import Mail

extension Conversation {
    /// The step that the session is at.
    package var phase: SessionPhase {
        switch state {
        case .initial: .connect
        case .greeting: .greeting
        case .hello: .hello
        case .startTLS: .startTLS
        case .handshake: .tls
        case .login, .cancelling, .refreshing: .login
        case .ready, .closed: .idle
        case .resetting: .reset
        case .transaction(let progress):
            switch progress.expected.first {
            case .mail: .sender
            case .rcpt: .recipients
            case .data, nil: .data
            }
        case .body, .markingDot, .sendingEnd: .body
        case .finalReply: .finalReply
        case .emptyData: .data
        case .quitting: .quit
        }
    }

    /// A command; one that cannot be rendered ends the session, since it is made from settings.
    mutating func send(_ command: Command) -> [Action] {
        do throws(CommandError) {
            return [.send(try command.rendered(), shown: command.shown)]
        } catch {
            return fail(SessionFault(phase, "\(error)", [.tryAgain, .close, .tellOperator]))
        }
    }

    /// The session ends and decides nothing.
    mutating func fail(_ fault: SessionFault) -> [Action] {
        if case .closed = state { return [] }
        let fault = judged(fault)
        terms.login = nil
        state = .closed
        return [.fail(fault), .close]
    }

    mutating func close() -> [Action] {
        if case .closed = state { return [] }
        terms.login = nil
        state = .closed
        return [.close]
    }

    /// A fault with its case, and what it means for this kind of server.
    func judged(_ fault: SessionFault) -> SessionFault {
        var fault = fault
        var hasToken = false
        if case .token = terms.login { hasToken = true }
        if fault.diagnosis == nil, fault.likelyCause.isEmpty, fault.remedy.isEmpty,
            let known = Diagnosis(phase: fault.phase, words: fault.words, host: terms.host, hasToken: hasToken)
        {
            fault.set(known, host: terms.host, detail: detail(of: known))
        }
        if !terms.isRelay, fault.reaction.contains(.tellOperator) {
            fault.reaction.remove(.tellOperator)
            fault.reaction.insert(.nextAddress)
        }
        return fault
    }

    /// What such a case is about in this session.
    func detail(of diagnosis: Diagnosis) -> String {
        switch diagnosis {
        case .helloRefused: Printable.text(terms.heloName)
        case .loginRefused: if case .login(let progress) = state { progress.exchange.mechanism.rawValue } else { "" }
        default: ""
        }
    }

    /// The connection is of no use any more: closed by the other side, silent, or out of step.
    mutating func broken(_ words: String, malformed: Bool = false, timedOut: Bool = false) -> [Action] {
        var fault = SessionFault(phase, words, [.tryAgain, .close])
        fault.timedOut = timedOut
        if timedOut { fault.set(.silence) }
        switch state {
        case .closed: return []
        case .quitting: return close()
        case .cancelling(.fail(let reason)): return fail(reason)
        case .emptyData(let progress): return end(progress, fault)
        case .transaction(let progress):
            if malformed, terms.pipelining, capabilities.pipelining { pipeliningFailed = true }
            return end(progress, fault)
        case .body(let progress), .markingDot(let progress), .sendingEnd(let progress): return end(progress, fault)
        case .finalReply(let progress): return uncertain(progress, words, timedOut: timedOut)
        case .greeting:
            fault.reaction.insert(.nextAddress)
            explainGreeting(&fault, malformed: malformed)
            return fail(fault)
        case .initial, .hello, .startTLS, .handshake, .login, .cancelling, .refreshing, .ready, .resetting:
            fault.reaction.insert(.nextAddress)
            if isBeforeTLS { retryPlain(&fault) }
            return fail(fault)
        }
    }

    private var isBeforeTLS: Bool {
        switch state {
        case .startTLS, .handshake: true
        default: false
        }
    }

    /// The transaction ends with the connection, before the dot: what is decided stands, the rest is tried again.
    mutating func end(_ progress: TransactionProgress, _ fault: SessionFault) -> [Action] {
        guard !progress.outcomes.isEmpty else { return fail(fault) }
        var progress = progress
        progress.decide(progress.transaction.recipients, .transient(fault.words))
        return finish(progress, with: fault)
    }
}
