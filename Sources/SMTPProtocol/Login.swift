// Who logs in, and with what.

/// What an account logs in with. The name is no secret; what proves it is a `Secret`.
package enum Login: Hashable, Sendable {
    case password(name: String, Secret)
    /// An OAuth2 access token for this mailbox.
    case token(name: String, Secret)
    /// The certificate that went with the handshake; a name where the server shall not take the certificate's.
    case certificate(name: String?)

    package var name: String? {
        switch self {
        case .password(let name, _), .token(let name, _): name
        case .certificate(let name): name
        }
    }
}

/// SASL mechanisms, the strongest first: the order that `auto` takes them in. A login can use those of its kind.
package enum AuthMechanism: String, Hashable, Sendable, CaseIterable {
    /// RFC 7677, bound to the TLS channel by its exporter (RFC 9266).
    case scramSHA256Plus = "SCRAM-SHA-256-PLUS"
    case scramSHA256 = "SCRAM-SHA-256"
    /// RFC 5802
    case scramSHA1 = "SCRAM-SHA-1"
    /// RFC 2195
    case cramMD5 = "CRAM-MD5"
    /// RFC 4616
    case plain = "PLAIN"
    case login = "LOGIN"
    /// RFC 7628
    case oauthbearer = "OAUTHBEARER"
    /// Google's, of which OAUTHBEARER came; Microsoft knows this one alone.
    case xoauth2 = "XOAUTH2"
    /// RFC 4422 appendix A
    case external = "EXTERNAL"

    /// By its name as in settings (`scram-sha-256`) or on the wire.
    package init?(named name: some StringProtocol) { self.init(rawValue: name.uppercased()) }

    /// Whether such a login can be made by it.
    package func fits(_ login: Login) -> Bool {
        switch (self, login) {
        case (.oauthbearer, .token), (.xoauth2, .token), (.external, .certificate): true
        case (.oauthbearer, _), (.xoauth2, _), (.external, _): false
        case (_, .password): true
        case (_, .token), (_, .certificate): false
        }
    }

    /// Whether the server must know the password, or what the mechanism makes of it, to answer: where it keeps hashes of
    /// another kind it can never accept the right one.
    var isChallenge: Bool {
        switch self {
        case .scramSHA256Plus, .scramSHA256, .scramSHA1, .cramMD5: true
        case .plain, .login, .oauthbearer, .xoauth2, .external: false
        }
    }
}
