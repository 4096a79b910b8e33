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
        case 5: return fail(SessionFault(.greeting, reply.text, refusal))
        default: return broken("a greeting that is none: \(reply.text)", malformed: true)
        }
    }

    /// A server that wants nothing to do with us: a matter of the account's settings; an MX host's last word (row 11).
    private var refusal: Reaction {
        terms.isRelay ? [.tryAgain, .nextAddress, .close, .tellOperator] : [.permanent, .nextAddress, .close]
    }

    /// Row 15: what silence and garbage in place of a greeting are a sign of.
    func explainGreeting(_ fault: inout SessionFault, malformed: Bool) {
        if malformed, let name = Diagnosis.otherProtocol(saying: fault.words) {
            fault.set(.otherProtocol, detail: name)
        } else if !isProtected,
            (fault.timedOut && terms.isRelay) || (malformed && fault.words.contains("\\u{15}\\u{3}"))
        {
            fault.set(.tlsOnPlainPort)
        }
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
            if (!terms.mayBePlain && !isProtected) || terms.login != nil {
                return fail(
                    SessionFault(
                        .hello, reply.text, [.tryAgain, .close, .tellOperator],
                        likelyCause: "the server does not know EHLO, and so neither STARTTLS nor a login",
                        remedy: "check the account's server and port"))
            }
            return sayHello(isFallback: true)
        case 5: return fail(SessionFault(.hello, reply.text, refusal))
        default: return broken("no answer to EHLO: \(reply.text)", malformed: true)
        }
    }

    private mutating func protect() -> [Action] {
        guard !isProtected, terms.security == .starttls || terms.security == .opportunistic else { return logIn() }
        if capabilities.startTLS, !(terms.leavesOutTLS && terms.mayBePlain) {
            state = .startTLS
            return send(.startTLS)
        }
        if terms.mayBePlain { return logIn() }
        return fail(
            SessionFault(
                .startTLS, "the server does not offer STARTTLS", [.tryAgain, .close, .tellOperator], .noSTARTTLS))
    }

    mutating func startTLSAnswered(_ reply: Reply) -> [Action] {
        switch reply.series {
        case 2 where reply.code == 220:
            state = .handshake
            return [.startTLS]
        case 4, 5:
            if reply.code == 421 { break }
            if terms.mayBePlain { return logIn() }
        default: return broken("no answer to STARTTLS: \(reply.text)", malformed: true)
        }
        return fail(SessionFault(.startTLS, reply.text, [.tryAgain, .nextAddress, .close]))
    }

    mutating func tlsEstablished(_ facts: TLSFacts) -> [Action] {
        guard case .handshake = state else { return [] }
        (isProtected, isVerified, channelBinding) = (true, facts.isVerified, facts.channelBinding)
        capabilities = Capabilities()
        if terms.security == .tls {
            state = .greeting
            return []
        }
        return sayHello()
    }

    /// In the handshake, or while the session opens: under TLS 1.3 a server says only then that it wants another
    /// certificate of ours (RFC 8446 section 4.4.2.4). Later it is a connection that breaks.
    mutating func tlsFailed(_ failure: TLSFailure) -> [Action] {
        switch state {
        case .handshake: break
        case .greeting, .hello, .login, .cancelling, .refreshing:
            guard isProtected, failure.kind == .clientCertificate else { return broken(failure.words) }
        default: return broken(failure.words)
        }
        var fault = SessionFault(.tls, failure.words, [.tryAgain, .close])
        if let diagnosis = Diagnosis(failure.kind, terms.security) {
            fault.set(diagnosis, host: terms.host, detail: failure.detail)
        }
        fault.timedOut = failure.kind == .timedOut
        switch failure.kind {
        case .timedOut, .disconnected: fault.reaction.insert(.nextAddress)
        case .other: fault.reaction.formUnion([.nextAddress, .tellOperator])
        default: fault.reaction.insert(.tellOperator)
        }
        retryPlain(&fault)
        return fail(fault)
    }

    /// RFC 7435 section 3: where TLS is opportunistic, one that fails is worth no more than none, and no account pauses for
    /// it. On a new connection: this one's state is not known any more.
    func retryPlain(_ fault: inout SessionFault) {
        guard terms.security == .opportunistic, terms.mayBePlain else { return }
        fault.mayRetryPlain = true
        fault.reaction.remove(.tellOperator)
        fault.reaction.insert(.nextAddress)
    }
}

extension Diagnosis {
    /// What such a handshake is a case of; nil where its words say it all.
    fileprivate init?(_ kind: TLSFailure.Kind, _ security: Security) {
        switch kind {
        case .notTLS: self = security == .tls ? .plainOnTLSPort : .startTLSRefused
        case .expired: self = .certificateExpired
        case .notYetValid: self = .certificateNotYetValid
        case .wrongName: self = .certificateForOtherName
        case .selfSigned: self = .certificateSelfSigned
        case .untrusted: self = .authorityUnknown
        case .otherFingerprint: self = .otherFingerprint
        case .daneMismatch: self = .daneMismatch
        case .clientCertificate: self = .clientCertificate
        case .tooOld: self = .tlsTooOld
        case .timedOut: self = .silence
        case .disconnected, .other: return nil
        }
    }
}
