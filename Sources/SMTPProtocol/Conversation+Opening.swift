// From the connection to a session that may carry mail: greeting, EHLO, STARTTLS (RFC 5321 section 3.1, RFC 3207).

import Formats

extension Conversation {
    mutating func connected() -> [Action] {
        guard case .initial = state else { return [] }
        if terms.security == .tls {
            state = .handshake
            return [.startTLS]
        }
        state = .greeting
        return []
    }

    mutating func greetingReceived(_ reply: Reply) -> [Action] {
        switch reply.series {
        case 2 where reply.code == 220: return sayHello()
        case 4: return fail(SessionFault(.greeting, reply.text, [.tryAgain, .nextAddress, .close]))
        case 5:
            return fail(
                SessionFault(
                    .greeting, reply.text, [.tryAgain, .nextAddress, .close, .tellOperator],
                    likelyCause: "the server takes no mail from this address",
                    remedy: "check the account's server and port, and whether the server allows this host"))
        default: return broken("a greeting that is none: \(reply.text)", malformed: true)
        }
    }

    func greetingBroken(_ words: String, malformed: Bool, timedOut: Bool) -> SessionFault {
        var fault = SessionFault(.greeting, words, [.tryAgain, .nextAddress, .close])
        if timedOut || (malformed && words.contains("\\u{15}\\u{3}")) {
            fault.likelyCause = "a server that expects TLS from the first byte says nothing before it"
            fault.remedy = "if that is so on this port, set security: tls"
        }
        return fault
    }

    private mutating func sayHello(isFallback: Bool = false) -> [Action] {
        state = .hello(isFallback: isFallback)
        return send(isFallback ? .helo(terms.heloName) : .ehlo(terms.heloName))
    }

    mutating func helloAnswered(_ reply: Reply, isFallback: Bool) -> [Action] {
        switch reply.series {
        case 2:
            // Row 42: what was offered before TLS counts no more.
            capabilities = isFallback ? Capabilities() : Capabilities(reply)
            return protect()
        case 4: return fail(SessionFault(.hello, reply.text, [.tryAgain, .nextAddress, .close]))
        case 5 where [500, 502, 504].contains(reply.code) && !isFallback:
            // Row 29: a server from before 1995. What must have TLS or a login cannot have it there.
            if (terms.security == .starttls && !isProtected) || terms.credentials != nil {
                return fail(
                    SessionFault(
                        .hello, reply.text, [.tryAgain, .close, .tellOperator],
                        likelyCause: "the server does not know EHLO, and so neither STARTTLS nor a login",
                        remedy: "check the account's server and port"))
            }
            return sayHello(isFallback: true)
        case 5:
            return fail(
                SessionFault(
                    .hello, reply.text, [.tryAgain, .nextAddress, .close, .tellOperator],
                    likelyCause: "the server does not like the name in EHLO, \(Printable.text(terms.heloName))",
                    remedy: "set helo_name to this host's full name"))
        default: return broken("no answer to EHLO: \(reply.text)", malformed: true)
        }
    }

    private mutating func protect() -> [Action] {
        guard !isProtected, terms.security == .starttls || terms.security == .opportunistic else { return logIn() }
        if capabilities.startTLS {
            state = .startTLS
            return send(.startTLS)
        }
        if terms.security == .opportunistic { return logIn() }
        return fail(
            SessionFault(
                .startTLS, "the server does not offer STARTTLS", [.tryAgain, .close, .tellOperator],
                likelyCause: "another port, or someone on the way who strips STARTTLS",
                remedy: "use the submission port 587, or port 465 with security: tls; nothing was sent in the clear"))
    }

    mutating func startTLSAnswered(_ reply: Reply) -> [Action] {
        switch reply.series {
        case 2 where reply.code == 220:
            state = .handshake
            return [.startTLS]
        case 4, 5:
            if reply.code == 421 { break }
            if terms.security == .opportunistic { return logIn() }
        default: return broken("no answer to STARTTLS: \(reply.text)", malformed: true)
        }
        return fail(SessionFault(.startTLS, reply.text, [.tryAgain, .nextAddress, .close]))
    }

    mutating func tlsEstablished(verified: Bool) -> [Action] {
        guard case .handshake = state else { return [] }
        (isProtected, isVerified) = (true, verified)
        capabilities = Capabilities()
        if terms.security == .tls {
            state = .greeting
            return []
        }
        return sayHello()
    }

    mutating func tlsFailed(_ failure: TLSFailure) -> [Action] {
        let (reaction, cause, remedy): (Reaction, String, String) =
            switch failure.kind {
            case .notTLS:
                (
                    [.tryAgain, .close, .tellOperator],
                    "the server does not speak TLS from the first byte on this port",
                    "set security: starttls, or use the server's TLS port (465)"
                )
            case .expired:
                (
                    [.tryAgain, .close, .tellOperator],
                    "the server's certificate is past its time, or this host's clock is wrong",
                    "tell the server's administrator; check the date here"
                )
            case .wrongName:
                (
                    [.tryAgain, .close, .tellOperator], "the server's certificate is for another name",
                    "set server to the name that the certificate is for"
                )
            case .untrusted:
                (
                    [.tryAgain, .close, .tellOperator], "the certificate's authority is not known here",
                    "set ca_file to the authority's certificate if it is your own; nothing was sent"
                )
            case .tooOld:
                (
                    [.tryAgain, .close, .tellOperator], "the server offers no TLS 1.2, or a key that is too weak",
                    "the server needs an update"
                )
            case .timedOut, .disconnected: ([.tryAgain, .nextAddress, .close], "", "")
            case .other: ([.tryAgain, .nextAddress, .close, .tellOperator], "", "")
            }
        guard case .handshake = state else { return broken(failure.words) }
        return fail(SessionFault(.tls, failure.words, reaction, likelyCause: cause, remedy: remedy))
    }
}
