// One login: challenges in, responses out (RFC 4422). Pure: the nonce is a parameter. Every response is a Secret: if it
// does not hold the password, it is made from it, and could be tried against a list of likely ones.

import Formats

/// Why a login cannot go on. The client cancels it with `*`.
package enum SASLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The challenge is not what the mechanism sends.
    case challenge(String)
    /// The server failed to prove that it knows the password, or asks for what only an attacker asks for.
    case untrusted(String)
    /// The server refused, inside the mechanism.
    case refused(String)
    /// The server cannot bind to the channel as we do (RFC 5802 section 6); without, it may do.
    case bindingUnsupported
    /// This login cannot be made by this mechanism: the host's libcrypto has no such hash, the password a character that
    /// the mechanism forbids.
    case unavailable(String)

    package var description: String {
        switch self {
        case .challenge(let words): "a challenge that is none: \(words)"
        case .untrusted(let words): "the server is not to be trusted: \(words)"
        case .refused(let words): "the server refused the login: \(words)"
        case .bindingUnsupported: "the server cannot bind the login to this TLS connection as it says it can"
        case .unavailable(let words): words
        }
    }
}

/// What of TLS the login is bound to (RFC 5802 section 6).
package enum ChannelBinding: Hashable, Sendable {
    /// We do not; `n`.
    case none
    /// We could, and the server does not seem to; `y`. A server that can knows by it that someone took its offer away.
    case notOffered
    /// `tls-exporter` (RFC 9266).
    case exporter([UInt8])
}

/// The client's side of one login.
package struct SASLExchange: Sendable {
    /// What a login is made from, the account's own aside.
    package struct Context: Sendable {
        /// Printable ASCII without commas, from at least 18 random bytes.
        package var nonce: String
        package var binding: ChannelBinding
        /// For OAUTHBEARER; empty and 0 are left out.
        package var host: String
        package var port: Int

        package init(nonce: String, binding: ChannelBinding = .none, host: String = "", port: Int = 0) {
            (self.nonce, self.binding, self.host, self.port) = (nonce, binding, host, port)
        }
    }

    package let mechanism: AuthMechanism
    private let login: Login
    private let context: Context
    private var scram: SCRAMClient?
    private var step = 0
    /// What the server said of a token that it refused (RFC 7628 section 3.2.2), safe to show.
    package private(set) var refusal: String?

    /// Throws `unavailable` when the login cannot be made by this mechanism.
    package init(_ mechanism: AuthMechanism, _ login: Login, _ context: Context) throws(SASLError) {
        guard mechanism.fits(login) else { throw .unavailable("\(mechanism.rawValue) is for another kind of login") }
        try Self.check(mechanism, login)
        self.mechanism = mechanism
        self.login = login
        self.context = context
        guard case .password(let name, let password) = login else { return }
        switch mechanism {
        case .scramSHA256Plus, .scramSHA256:
            scram = try SCRAMClient(.sha256, name, password, nonce: context.nonce, binding: context.binding)
        case .scramSHA1:
            scram = try SCRAMClient(.sha1, name, password, nonce: context.nonce, binding: context.binding)
        case .cramMD5, .plain, .login, .xoauth2, .oauthbearer, .external: break
        }
    }

    /// What would end a field of the message before its end: controls, and what RFC 6750 section 2.1 has not in a token.
    private static func check(_ mechanism: AuthMechanism, _ login: Login) throws(SASLError) {
        if (login.name ?? "").utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
            throw .unavailable("the login has a control character in it")
        }
        switch (mechanism, login) {
        case (.plain, .password(_, let password)) where password.withBytes({ $0.contains(0) }):
            throw .unavailable("the password has a NUL in it, which PLAIN cannot carry")
        case (_, .token(_, let token)) where token.isEmpty || !token.withBytes({ $0.allSatisfy(isTokenText) }):
            throw .unavailable("the access token is none: it is empty, or has characters that no token has")
        default: break
        }
    }

    private static func isTokenText(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~+/=".utf8.contains(byte)
        }
    }

    /// What goes with AUTH itself; nil where the server speaks first.
    package var initialResponse: Secret? {
        switch (mechanism, login) {
        case (.scramSHA256Plus, _), (.scramSHA256, _), (.scramSHA1, _): scram.map { Secret($0.firstMessage) }
        // RFC 4616: no authorization identity.
        case (.plain, .password(let name, let password)): Secret(.text("\0\(name)\0"), .secret(password))
        case (.xoauth2, .token(let name, let token)):
            Secret(.text("user=\(name)\u{1}auth=Bearer "), .secret(token), .text("\u{1}\u{1}"))
        case (.oauthbearer, .token(let name, let token)):
            Secret(
                .text("n,a="), .bytes(SCRAM.saslName(name)), .text(",\u{1}" + place + "auth=Bearer "), .secret(token),
                .text("\u{1}\u{1}"))
        case (.external, .certificate(let name)): Secret(name ?? "")
        default: nil
        }
    }

    /// `host=…^Aport=…^A` of RFC 7628 section 3.1.
    private var place: String {
        (context.host.isEmpty ? "" : "host=\(context.host)\u{1}")
            + (context.port == 0 ? "" : "port=\(context.port)\u{1}")
    }

    /// The response to a challenge. `initialWasSent`: whether AUTH carried the initial response.
    package mutating func respond(to challenge: [UInt8], initialWasSent: Bool) throws(SASLError) -> Secret {
        if !initialWasSent, step == 0, let initial = initialResponse {
            step = 1
            return initial
        }
        step += 1
        switch (mechanism, login) {
        case (.login, .password(let name, let password)):
            // The prompts' words differ; their order does not (draft-murchison-sasl-login).
            if step == 1 { return Secret(name) }
            if step == 2 { return password }
            throw .challenge("LOGIN has two")
        case (.cramMD5, .password(let name, let password)):
            guard step == 1, !challenge.isEmpty else { throw .challenge("CRAM-MD5 has one") }
            guard let digest = Digest.md5.authenticate(challenge, key: password) else {
                throw .unavailable("this host's OpenSSL refuses MD5, which CRAM-MD5 needs")
            }
            return Secret(.text("\(name) "), .secret(digest.hexadecimal))
        case (.scramSHA256Plus, _), (.scramSHA256, _), (.scramSHA1, _):
            guard var exchange = scram else { throw .challenge("no exchange") }
            defer { scram = exchange }
            return try exchange.respond(to: challenge)
        case (.xoauth2, _), (.oauthbearer, _):
            // Row 57: why the token is refused, as JSON; the real refusal follows an answer that says nothing.
            guard refusal == nil else { throw .challenge("\(mechanism.rawValue) has one") }
            refusal = Printable.text(challenge, limit: 300)
            return Secret(mechanism == .xoauth2 ? "" : "\u{1}")
        default: throw .challenge("\(mechanism.rawValue) has none")
        }
    }

    /// Whether a 235 now is to be believed: the server has proved what the mechanism makes it prove.
    package var mayFinish: Bool { scram?.isServerVerified ?? (refusal == nil) }

    /// Whether the password, or what is made from it, is with the server: a refusal before that says nothing about it.
    var hasProved: Bool { scram?.hasProved ?? true }

    /// Whether the token's rights are refused, which no fresh one would mend (RFC 7628 section 3.2.2).
    var lacksScope: Bool { refusal?.contains("insufficient_scope") ?? false }
}
