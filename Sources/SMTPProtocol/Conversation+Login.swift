// The login (RFC 4954). What must stay true: nothing that proves who we are goes over a session that is plain or
// unverified, unless the account says so; no mail without the login that the account asks for; and it is not tried twice,
// but for a token that has been refreshed, a channel binding that the server turns out not to know, and mechanisms that
// the server refuses as such.

import Formats

/// Where a login stands.
struct LoginProgress: Sendable {
    var exchange: SASLExchange
    /// Whether AUTH carried the initial response.
    var initialWasSent: Bool
    /// That the server has sent.
    var challenges = 0
    /// The mechanisms that could follow.
    var remaining: [AuthMechanism]
}

/// What comes when the server has taken note of a `*`.
enum AfterCancel: Sendable {
    case fail(SessionFault)
    case tryNext([AuthMechanism])
}

extension Conversation {
    /// Server challenges in one login; SCRAM and LOGIN have two.
    static let challengeLimit = 10
    /// Octets of a response's line with its CRLF (RFC 4954 section 4).
    static let responseLimit = 12_288

    mutating func logIn() -> [Action] {
        guard let login = terms.login else { return becomeReady() }
        if !isVerified, !terms.allowPlaintextLogin {
            // Row 34: opportunistic goes on, without the login.
            if terms.security == .opportunistic { return becomeReady() }
            return fail(
                SessionFault(
                    .login, "no login over an unprotected connection", [.tryAgain, .close, .tellOperator],
                    likelyCause: "the account has a login and security: none",
                    remedy: "set security: starttls or tls, or allow_plaintext_login: true"))
        }
        let mechanisms = terms.mechanisms.filter { $0.fits(login) && isOffered($0) }
        guard mechanisms.isEmpty else { return tryMechanisms(mechanisms, .unavailable("")) }
        let list = capabilities.mechanisms.map { Printable.text($0, limit: 40) }.joined(separator: " ")
        var words = list.isEmpty ? "the server offers no login" : "the server offers only \(list)"
        if terms.mechanisms == [.scramSHA256Plus], channelBinding == nil {
            words = "SCRAM-SHA-256-PLUS needs TLS 1.3, and this connection has less"
        }
        return fail(nothingInCommon(words, isOffered: !list.isEmpty))
    }

    /// What the server offers stands in the words; what the account has, in the cause.
    private func nothingInCommon(_ words: String, isOffered: Bool) -> SessionFault {
        let own = terms.login.map { login in terms.mechanisms.filter { $0.fits(login) } } ?? []
        var fault = SessionFault(
            .login, words, [.tryAgain, .close, .tellOperator], isOffered ? .noCommonMechanism : .loginNotOffered,
            detail: isOffered ? own.map(\.rawValue).joined(separator: " ") : "")
        if isOffered, case .token = terms.login {
            fault.remedy =
                "check the account's server: this one takes no access tokens; else leave oauth out, and set a password"
        }
        return fault
    }

    private func isOffered(_ mechanism: AuthMechanism) -> Bool {
        if mechanism == .scramSHA256Plus, channelBinding == nil || bindingWasRefused { return false }
        return capabilities.mechanisms.contains(mechanism.rawValue)
    }

    /// RFC 5802 section 6. A server that offers any binding knows that we saw it.
    private func binding(of mechanism: AuthMechanism) -> ChannelBinding {
        guard let channelBinding, !bindingWasRefused else { return .none }
        if mechanism == .scramSHA256Plus { return .exporter(channelBinding) }
        return capabilities.mechanisms.contains { $0.hasSuffix("-PLUS") } ? .none : .notOffered
    }

    /// AUTH with the first of `mechanisms` that this login can be made by; without one, the login fails for `reason`.
    private mutating func tryMechanisms(_ mechanisms: [AuthMechanism], _ reason: SASLError) -> [Action] {
        guard let login = terms.login, let mechanism = mechanisms.first else { return fail(fault(of: reason)) }
        let remaining = Array(mechanisms.dropFirst())
        let context = SASLExchange.Context(
            nonce: terms.nonce, binding: binding(of: mechanism), host: terms.host, port: terms.port)
        do throws(SASLError) {
            return try begin(try SASLExchange(mechanism, login, context), remaining)
        } catch { return tryMechanisms(remaining, error) }
    }

    private mutating func begin(_ exchange: SASLExchange, _ remaining: [AuthMechanism]) throws(SASLError) -> [Action] {
        let name = exchange.mechanism.rawValue
        state = .login(LoginProgress(exchange: exchange, initialWasSent: false, remaining: remaining))
        guard let initial = exchange.initialResponse else { return send(.auth(exchange.mechanism)) }
        let text = initial.base64
        guard text.count + 2 <= Self.responseLimit else { throw .tooLong(text.count + 2) }
        // Section 4: where the initial response would make the line too long, the server asks for it.
        let line = Secret(.text("AUTH \(name) "), text.isEmpty ? .text("=") : .secret(text), .text("\r\n"))
        guard line.count <= Command.limit else { return send(.auth(exchange.mechanism)) }
        state = .login(LoginProgress(exchange: exchange, initialWasSent: true, remaining: remaining))
        return [.sendSecret(line, shown: "AUTH \(name) ****")]
    }

    mutating func loginAnswered(_ reply: Reply, _ progress: LoginProgress) -> [Action] {
        switch reply.code {
        case 334: return challenged(reply, progress)
        case 235:
            guard progress.exchange.mayFinish else {
                return fail(
                    SessionFault(
                        .login, "the server said 235 before it proved that it knows the password",
                        [.tryAgain, .close, .tellOperator], .serverUntrusted))
            }
            mechanism = progress.exchange.mechanism
            return becomeReady()
        default: return loginRefused(reply, progress)
        }
    }

    private mutating func challenged(_ reply: Reply, _ progress: LoginProgress) -> [Action] {
        guard progress.challenges < Self.challengeLimit else {
            return fail(SessionFault(.login, "the server asks without end", [.tryAgain, .close]))
        }
        var progress = progress
        progress.challenges += 1
        do throws(SASLError) {
            // RFC 4954 section 4: nothing but base64; an empty challenge is an empty line.
            guard let challenge = Base64.decode((reply.lines.last ?? "").utf8) else { throw .challenge(reply.text) }
            let response = try progress.exchange.respond(to: challenge, initialWasSent: progress.initialWasSent)
            let line = Secret(.secret(response.base64), .text("\r\n"))
            guard line.count <= Self.responseLimit else { throw .tooLong(line.count) }
            state = .login(progress)
            return [.sendSecret(line, shown: "****")]
        } catch {
            if case .bindingUnsupported = error, !bindingWasRefused {
                return cancel(then: .tryNext(unbound(after: progress)))
            }
            return cancel(then: .fail(fault(of: error)))
        }
    }

    private mutating func loginRefused(_ reply: Reply, _ progress: LoginProgress) -> [Action] {
        let exchange = progress.exchange
        var fault = SessionFault(.login, reply.text, [.tryAgain, .close, .tellOperator])
        switch reply.code {
        case 400...499:
            fault.reaction = [.tryAgain, .nextAddress, .close]
            return fail(fault)
        case 500...599: break
        default: return broken("no answer to AUTH: \(reply.text)", malformed: true)
        }
        if let refusal = exchange.refusal, !refusal.isEmpty { fault.words += " (\(refusal))" }
        // Before the proof, what is refused is not the password.
        if exchange.mechanism == .scramSHA256Plus, !exchange.hasProved, !bindingWasRefused {
            let mechanisms = unbound(after: progress)
            if !mechanisms.isEmpty { return tryMechanisms(mechanisms, .refused(reply.text)) }
        }
        // RFC 4954 section 6: this mechanism is not to be had, or too weak; another one may be. Google's 534 is another
        // matter.
        let isOfMechanism = [504, 534, 538].contains(reply.code)
        if isOfMechanism, !progress.remaining.isEmpty, judged(fault).diagnosis != .appPasswordNeeded {
            return tryMechanisms(progress.remaining, .refused(reply.text))
        }
        if case .token = terms.login, !isOfMechanism, !tokenWasRefreshed, !exchange.lacksScope {
            tokenWasRefreshed = true
            state = .refreshing([exchange.mechanism] + progress.remaining)
            return [.refreshToken]
        }
        return fail(fault)
    }

    /// The mechanisms that are left when the server cannot bind to the channel: SCRAM-SHA-256 first, with `n`, since with
    /// `y` the server would think itself deceived.
    private mutating func unbound(after progress: LoginProgress) -> [AuthMechanism] {
        bindingWasRefused = true
        return progress.remaining
    }

    mutating func tokenRefreshed(_ token: Secret) -> [Action] {
        guard case .refreshing(let mechanisms) = state else { return [] }
        if case .token(let name, _) = terms.login { terms.login = .token(name: name, token) }
        return tryMechanisms(mechanisms, .unavailable("the login has no token"))
    }

    mutating func tokenRefused(_ fault: SessionFault) -> [Action] {
        guard case .refreshing = state else { return [] }
        return fail(fault)
    }

    /// Section 4: a client cancels with `*`, and the server answers 501.
    private mutating func cancel(then next: AfterCancel) -> [Action] {
        state = .cancelling(next)
        return [.send(Array("*\r\n".utf8), shown: "*")]
    }

    mutating func cancelled(_ next: AfterCancel) -> [Action] {
        switch next {
        case .fail(let fault): fail(fault)
        case .tryNext(let mechanisms): tryMechanisms(mechanisms, .bindingUnsupported)
        }
    }

    private func fault(of error: SASLError) -> SessionFault {
        let told: Reaction = [.tryAgain, .close, .tellOperator]
        return switch error {
        case .challenge: SessionFault(.login, "\(error)", [.tryAgain, .close])
        case .untrusted: SessionFault(.login, "\(error)", told, .serverUntrusted)
        case .refused:
            SessionFault(
                .login, "\(error)", told, .loginRefused, host: terms.host, detail: detail(of: .loginRefused))
        case .bindingUnsupported, .unavailable:
            SessionFault(.login, "\(error)", told, remedy: "set auth to another mechanism")
        }
    }

    /// Row 58: EHLO is not said again after a login without a security layer; what the server can do stays known.
    private mutating func becomeReady() -> [Action] {
        // Nothing that proves who we are is kept beyond the login.
        terms.login = nil
        state = .ready
        return [.becomeReady]
    }
}

extension SASLError {
    fileprivate static func tooLong(_ length: Int) -> SASLError {
        .unavailable("a line of the login has \(length) octets; SMTP allows \(Conversation.responseLimit)")
    }
}
