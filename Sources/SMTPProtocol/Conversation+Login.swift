// The login (RFC 4954). What must stay true: no credentials over a session that is plain or unverified, unless the
// account says so; no mail without the login that the account asks for.

import Formats

extension Conversation {
    /// Server challenges in one login; SCRAM and LOGIN have two.
    static let challengeLimit = 10

    mutating func logIn() -> [Action] {
        guard let credentials = terms.credentials else { return becomeReady() }
        let mayLogIn = isVerified || terms.allowPlaintextLogin
        if !mayLogIn {
            // Row 34: opportunistic goes on, without the login.
            if terms.security == .opportunistic { return becomeReady() }
            return fail(
                SessionFault(
                    .login, "no login over an unprotected connection", [.tryAgain, .close, .tellOperator],
                    likelyCause: "the account has a login and security: none",
                    remedy: "set security: starttls or tls, or allow_plaintext_login: true"))
        }
        let offered = terms.mechanisms.filter { capabilities.mechanisms.contains($0.rawValue) }
        guard !offered.isEmpty else {
            let list = capabilities.mechanisms.map { Printable.text($0, limit: 40) }.joined(separator: " ")
            return fail(
                SessionFault(
                    .login, list.isEmpty ? "the server offers no login" : "the server offers only \(list)",
                    [.tryAgain, .close, .tellOperator],
                    likelyCause: list.isEmpty ? "another port than the one for submission" : "",
                    remedy: list.isEmpty ? "use port 587 or 465, or leave the login out" : "check the account's auth"))
        }
        return logIn(credentials, offered)
    }

    private mutating func logIn(_ credentials: Credentials, _ mechanisms: [AuthMechanism]) -> [Action] {
        guard let mechanism = mechanisms.first else { return becomeReady() }
        let exchange = SASLExchange(mechanism, credentials, nonce: terms.nonce)
        var initial = exchange.initialResponse
        // Section 4: where the initial response would make the line too long, the server asks for it.
        if let bytes = initial, (bytes.count + 2) / 3 * 4 + mechanism.rawValue.utf8.count + 8 > Command.limit {
            initial = nil
        }
        state = .login(
            exchange, initialWasSent: initial != nil, challenges: 0, remaining: Array(mechanisms.dropFirst()))
        return send(.auth(mechanism, initial: initial))
    }

    mutating func loginAnswered(
        _ reply: Reply, _ exchange: SASLExchange, initialWasSent: Bool, challenges: Int, remaining: [AuthMechanism]
    ) -> [Action] {
        var exchange = exchange
        switch reply.code {
        case 334:
            guard challenges < Self.challengeLimit else {
                return fail(SessionFault(.login, "the server asks without end", [.tryAgain, .close]))
            }
            do throws(SASLError) {
                // RFC 4954 section 4: nothing but base64; an empty challenge is an empty line.
                guard let challenge = Base64.decode((reply.lines.last ?? "").utf8) else {
                    throw .challenge(reply.text)
                }
                let response = try exchange.respond(to: challenge, initialWasSent: initialWasSent)
                state = .login(
                    exchange, initialWasSent: initialWasSent, challenges: challenges + 1, remaining: remaining)
                return [.send(Array(Base64.encode(response).utf8) + [0x0d, 0x0a], shown: "****")]
            } catch {
                exchange.wipe()
                return cancel(error)
            }
        case 235:
            exchange.wipe()
            guard exchange.mayFinish else {
                return fail(Self.loginFault("the server said 235 before it proved that it knows the password"))
            }
            mechanism = exchange.mechanism
            return becomeReady()
        default:
            exchange.wipe()
            return loginRefused(reply, remaining)
        }
    }

    private mutating func loginRefused(_ reply: Reply, _ remaining: [AuthMechanism]) -> [Action] {
        switch reply.code {
        // RFC 4954 section 6: this mechanism is not to be had, or too weak; another one may be.
        case 504, 534, 538:
            if let credentials = terms.credentials, !remaining.isEmpty { return logIn(credentials, remaining) }
            return fail(Self.loginFault(reply.text))
        case 400...499: return fail(SessionFault(.login, reply.text, [.tryAgain, .nextAddress, .close]))
        case 500...599: return fail(Self.loginFault(reply.text))
        default: return broken("no answer to AUTH: \(reply.text)", malformed: true)
        }
    }

    /// Section 4: a client cancels with `*`, and the server answers 501.
    private mutating func cancel(_ error: SASLError) -> [Action] {
        let fault: SessionFault =
            switch error {
            case .challenge: SessionFault(.login, "\(error)", [.tryAgain, .close])
            case .untrusted:
                SessionFault(
                    .login, "\(error)", [.tryAgain, .close, .tellOperator],
                    likelyCause: "a wrong password, or another server than the one that knows it",
                    remedy: "check the account's login and password, and the server's name")
            case .refused: Self.loginFault("\(error)")
            case .unavailable:
                SessionFault(
                    .login, "\(error)", [.tryAgain, .close, .tellOperator], remedy: "set auth to another mechanism")
            }
        state = .cancelling(fault)
        return [.send(Array("*\r\n".utf8), shown: "*")]
    }

    private static func loginFault(_ words: String) -> SessionFault {
        SessionFault(
            .login, words, [.tryAgain, .close, .tellOperator],
            likelyCause: "the login or the password is wrong, or the provider wants an app password",
            remedy: "check the account's login and password")
    }

    /// Row 58: EHLO is not said again after a login without a security layer; what the server can do stays known.
    private mutating func becomeReady() -> [Action] {
        state = .ready
        return [.becomeReady]
    }
}
