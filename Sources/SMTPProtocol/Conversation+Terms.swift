// What a conversation is told before it begins.

extension Conversation {
    /// What the account asks for.
    package struct Terms: Sendable {
        package var security: Security
        /// Nil: nobody logs in. Forgotten when the login is over.
        package var login: Login?
        /// In order of preference; those that the login or the server cannot do are passed over.
        package var mechanisms: [AuthMechanism]
        /// For EHLO: a domain, or the connection's own address as a literal (RFC 5321 section 4.1.4).
        package var heloName: String
        package var allowPlaintextLogin: Bool
        package var pipelining: Bool
        /// For SCRAM: fresh for each connection, from at least 18 random bytes.
        package var nonce: String
        /// The server as it was asked for: for OAUTHBEARER, and to know a provider by.
        package var host: String
        package var port: Int
        /// Whether this is an account's own server. Of an MX host nothing pauses an account: what is OP there is N here.
        package var isRelay = true
        /// DANE or MTA-STS ask for TLS, though `security` is opportunistic.
        package var requiresTLS = false
        /// Opportunistic TLS has failed with this server: STARTTLS is left out (`SessionFault.mayRetryPlain`).
        package var leavesOutTLS = false
        /// A domain in A-labels (RFC 5890); nil where it has none.
        package var asciiDomain: @Sendable (String) -> String? = { _ in nil }

        package init(
            security: Security, login: Login? = nil, mechanisms: [AuthMechanism] = AuthMechanism.allCases,
            heloName: String, allowPlaintextLogin: Bool = false, pipelining: Bool = true, nonce: String = "",
            host: String = "", port: Int = 0
        ) {
            self.security = security
            self.login = login
            self.mechanisms = mechanisms
            self.heloName = heloName
            self.allowPlaintextLogin = allowPlaintextLogin
            self.pipelining = pipelining
            self.nonce = nonce
            self.host = host
            self.port = port
        }

        /// Whether the session may go on without TLS.
        var mayBePlain: Bool { security == .none || (security == .opportunistic && !requiresTLS) }
    }
}
