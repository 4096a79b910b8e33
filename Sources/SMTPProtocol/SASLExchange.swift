// One login: challenges in, responses out (RFC 4422). Pure: the nonce is a parameter.

import Formats

/// Why a login cannot go on. The client cancels it with `*`.
package enum SASLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The challenge is not what the mechanism sends.
    case challenge(String)
    /// The server failed to prove that it knows the password, or asks for what only an attacker asks for.
    case untrusted(String)
    /// The server refused, inside the mechanism.
    case refused(String)
    /// The host's libcrypto has no such hash.
    case unavailable(String)

    package var description: String {
        switch self {
        case .challenge(let words): "a challenge that is none: \(words)"
        case .untrusted(let words): "the server is not to be trusted: \(words)"
        case .refused(let words): "the server refused the login: \(words)"
        case .unavailable(let words): words
        }
    }
}

/// The client's side of one login.
package struct SASLExchange: Sendable {
    package let mechanism: AuthMechanism
    private var credentials: Credentials
    private var scram: SCRAMClient?
    private var step = 0

    /// `nonce`: printable ASCII without commas, from at least 18 random bytes.
    package init(_ mechanism: AuthMechanism, _ credentials: Credentials, nonce: String) {
        self.mechanism = mechanism
        self.credentials = credentials
        switch mechanism {
        case .scramSHA256: scram = SCRAMClient(.sha256, credentials, nonce: nonce)
        case .scramSHA1: scram = SCRAMClient(.sha1, credentials, nonce: nonce)
        case .cramMD5, .plain, .login: break
        }
    }

    /// What goes with AUTH itself; nil where the server speaks first.
    package var initialResponse: [UInt8]? {
        switch mechanism {
        case .scramSHA256, .scramSHA1: scram?.firstMessage
        // RFC 4616: no authorization identity.
        case .plain: [0] + Array(credentials.login.utf8) + [0] + credentials.password
        case .cramMD5, .login: nil
        }
    }

    /// The response to a challenge. `initialWasSent`: whether AUTH carried the initial response.
    package mutating func respond(to challenge: [UInt8], initialWasSent: Bool) throws(SASLError) -> [UInt8] {
        if !initialWasSent, step == 0, let initial = initialResponse {
            step = 1
            return initial
        }
        step += 1
        switch mechanism {
        case .plain: throw .challenge("PLAIN has none")
        case .login:
            // The prompts' words differ; their order does not (draft-murchison-sasl-login).
            if step == 1 { return Array(credentials.login.utf8) }
            if step == 2 { return credentials.password }
            throw .challenge("LOGIN has two")
        case .cramMD5:
            guard step == 1, !challenge.isEmpty else { throw .challenge("CRAM-MD5 has one") }
            guard let digest = Digest.md5.authenticate(challenge, key: credentials.password) else {
                throw .unavailable("this host's OpenSSL refuses MD5, which CRAM-MD5 needs")
            }
            return Array("\(credentials.login) \(Hex.encode(digest))".utf8)
        case .scramSHA256, .scramSHA1:
            guard var exchange = scram else { throw .challenge("no exchange") }
            defer { scram = exchange }
            return try exchange.respond(to: challenge)
        }
    }

    /// Whether a 235 now is to be believed: the server has proved what the mechanism makes it prove.
    package var mayFinish: Bool { scram?.isServerVerified ?? true }

    /// Overwrites the password.
    package mutating func wipe() {
        credentials.wipe()
        scram?.wipe()
    }
}
