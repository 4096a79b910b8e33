// From a server's name to a session that can carry letters: its addresses one after the other (N of the fault table), and
// once more without TLS where that is opportunistic.

import Formats
import Logging
import MailRouting
import Platform
import SMTPProtocol

extension SMTPClient {
    /// Connects, protects the connection and logs in. Does nothing when connected. An address whose server does not come
    /// as far as a login is followed by the next one, within the session's time over all. Where none does, the gravest
    /// fault is thrown: that one address's key is not its domain's says more than that the next one refuses.
    package func connect() throws(SessionFault) {
        if isConnected { return }
        disconnect()
        let now = SystemClock.monotonic()
        (began, trace) = (now, SessionTrace(now: now))
        setLimit(options.timeouts.session)
        defer { limit = nil }
        let host = try Connector.asciiName(of: options.server.host)
        let context = options.security == .none ? nil : try tlsContext(host)
        var addresses = try findAddresses(host)
        var mayTryAgain = false
        passedOver = nil
        /// What all of it comes to: refused for good only where every address says so (row 11).
        func verdict(_ fault: SessionFault) -> SessionFault {
            var fault = fault.graver(than: passedOver)
            if mayTryAgain || fault.isTransient {
                fault.reaction = fault.reaction.subtracting(.permanent).union(.tryAgain)
            }
            return fault
        }
        while true {
            // First, so that no server is kept waiting for a password.
            let login = try options.login?(false)
            loginName = login?.name
            let connected: Connected
            do throws(SessionFault) { connected = try dial(addresses) } catch {
                mayTryAgain = true
                throw verdict(error)
            }
            do throws(SessionFault) {
                return try open(connected, host, login, context)
            } catch {
                addresses.removeAll { $0 == connected.address }
                mayTryAgain = mayTryAgain || error.isTransient
                if error.mayRetryPlain, plainBecause == nil {
                    log.debug("again without TLS: \(error)")
                    plainBecause = error
                    addresses.insert(connected.address, at: 0)
                } else if !Self.concernsAddress(error) {
                    throw error
                } else if addresses.isEmpty || isOverLimit {
                    throw verdict(error)
                } else {
                    passedOver = error.graver(than: passedOver)
                }
            }
        }
    }

    /// N: whether the same server behind another address may do better.
    private static func concernsAddress(_ fault: SessionFault) -> Bool {
        fault.isConnectionFault && [.tls, .greeting, .hello, .startTLS].contains(fault.phase)
    }

    private func findAddresses(_ host: String) throws(SessionFault) -> [SocketAddress] {
        if let addresses = options.addresses { return addresses }
        let found = try Connector.resolve(ServerAddress(host: host, port: options.server.port))
        let list = found.map(\.text).joined(separator: ", ")
        note(.resolve, list)
        return found
    }

    private func dial(_ addresses: [SocketAddress]) throws(SessionFault) -> Connected {
        let now = SystemClock.monotonic()
        let timeout = min(options.timeouts.connect, max(.zero, deadline(options.timeouts.connect) - now))
        let connected = try Connector.connect(to: addresses, of: options.server, timeout: timeout)
        address = connected.address.text
        note(.connect, "\(address) port \(options.server.port)")
        return connected
    }

    private func open(
        _ connected: Connected, _ host: String, _ login: Login?, _ context: TLSContext?
    ) throws(SessionFault) {
        let stream = NetworkStream(connected.descriptor)
        self.stream = stream
        self.context = context
        parser = ReplyParser()
        conversation = Conversation(terms(host, login, stream))
        switch drive(.connected) {
        case .ready: idle = (SystemClock.monotonic(), hasCarried: false)
        case .failed(let fault): throw fault
        case .finished, .closed: throw SessionFault(.connect, "the session ended", [.tryAgain, .nextAddress, .close])
        }
    }

    /// What the conversation of a new connection is told.
    private func terms(_ host: String, _ login: Login?, _ stream: NetworkStream) -> Conversation.Terms {
        var terms = Conversation.Terms(
            security: options.security, login: login, mechanisms: options.authMechanisms,
            heloName: options.heloName ?? stream.ownAddress?.literal ?? "[127.0.0.1]",
            allowPlaintextLogin: options.allowPlaintextLogin, pipelining: options.pipelining && !pipeliningFailed,
            nonce: Base64.encode(Randomness.bytes(24)), host: host, port: options.server.port)
        terms.isRelay = options.isRelay
        terms.requiresTLS = options.requiresTLS
        terms.leavesOutTLS = options.leavesOutTLS || plainBecause != nil
        terms.asciiDomain = { (try? DomainName($0))?.ascii }
        return terms
    }

    /// What is wrong with it is the account's fault, whatever the server.
    private func tlsContext(_ host: String) throws(SessionFault) -> TLSContext {
        var terms = options.tls
        if terms.names.isEmpty { terms.names = [host] }
        let insists = options.security != .opportunistic || options.requiresTLS
        do throws(TLSFailure) { return try TLSContext.client(terms, insists: insists) } catch {
            throw SessionFault(
                .tls, error.words, [.tryAgain, .tellOperator], remedy: "check ca_file and client_certificate")
        }
    }

    func startTLS() -> Conversation.Event {
        // Row 36: what was buffered before the handshake was not protected by it (CVE-2011-0411).
        if !parser.isEmpty { return .unsolicitedBytesReceived }
        guard let stream, let context else { return .disconnected("there is no connection") }
        let timeout = options.timeouts.connect
        do throws(StreamFault) {
            try stream.startTLS(
                context, sessions: options.sessions.map { ($0, options.server) }, by: deadline(timeout))
            return .tlsEstablished(stream.protection?.facts ?? TLSFacts(isVerified: false))
        } catch {
            switch error {
            case .timedOut: return .tlsFailed(TLSFailure(.timedOut, "no TLS handshake within \(timeout.phrase)"))
            case .disconnected(let words): return .tlsFailed(TLSFailure(.disconnected, words))
            case .tls(let failure): return .tlsFailed(failure)
            }
        }
    }
}

// Times over all.
extension SMTPClient {
    func setLimit(_ allowed: Duration) { limit = (SystemClock.monotonic() + allowed, allowed) }

    var isOverLimit: Bool { limit.map { SystemClock.monotonic() >= $0.end } ?? false }

    /// When a wait that begins now ends: after its own time, or with the time over all.
    func deadline(_ timeout: Duration) -> Duration {
        let own = SystemClock.monotonic() + timeout
        return min(own, limit?.end ?? own)
    }
}
