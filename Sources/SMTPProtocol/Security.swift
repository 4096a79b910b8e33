// What an account asks of its session: protection on the way, and how to log in.

/// How the session with a server is protected.
package enum Security: String, Hashable, Sendable, CaseIterable {
    /// TLS from the first byte (RFC 8314 section 3.3).
    case tls
    /// STARTTLS (RFC 3207), required.
    case starttls
    /// STARTTLS where offered; certificates are not insisted on, and then nobody logs in.
    case opportunistic
    case none
}

/// SASL mechanisms, the strongest first: the order that `auto` takes them in.
package enum AuthMechanism: String, Hashable, Sendable, CaseIterable {
    case scramSHA256 = "SCRAM-SHA-256"
    case scramSHA1 = "SCRAM-SHA-1"
    case cramMD5 = "CRAM-MD5"
    case plain = "PLAIN"
    case login = "LOGIN"

    /// By its name as in settings (`scram-sha-256`) or on the wire.
    package init?(named name: some StringProtocol) { self.init(rawValue: name.uppercased()) }
}

/// A login and its password. Never shown: its description and mirror name the login alone.
package struct Credentials: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    package var login: String
    package var password: [UInt8]

    package init(login: String, password: [UInt8]) {
        self.login = login
        self.password = password
    }
    package init(login: String, password: String) { self.init(login: login, password: Array(password.utf8)) }

    /// Overwrites the password's bytes.
    package mutating func wipe() {
        Secrets.wipe(&password)
    }

    package var description: String { "\(login), password hidden" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["login": login]) }
}
