// Signing in with a browser that comes back to this host's loopback address (RFC 8252 section 7.3), with PKCE (RFC 7636). What
// must stay true: only who was given the address by us can end the sign-in (`state`), and only we can use what the browser
// brings (`verifier`).

import Formats
import SMTPProtocol

/// One sign-in by browser. Pure: the random bytes are parameters.
package struct LoopbackConsent: Sendable {
    /// What a request of the browser's is.
    package enum Arrival: Sendable {
        case code(Secret)
        case failed(TokenFault)
        /// Not the provider's answer: a browser's wish for an icon, or somebody else.
        case foreign
    }

    private let client: OAuthClient
    /// Where the browser is sent back to.
    package let redirect: String
    private let state: Secret
    private let verifier: Secret

    /// - Parameters:
    ///   - random: 64 random bytes.
    ///   - port: on 127.0.0.1, which RFC 8252 section 8.3 wants instead of a name.
    package init(_ client: OAuthClient, port: Int, random: [UInt8]) {
        precondition(random.count >= 64)
        self.client = client
        redirect = "http://127.0.0.1:\(port)/"
        state = Secret(Base64URL.encode(random[..<32]))
        verifier = Secret(Base64URL.encode(random[32..<64]))
    }

    /// RFC 7636 section 4.2: S256.
    private var challenge: String {
        verifier.withBytes { Base64URL.encode(SHA256.digest($0)) }
    }

    /// What the person opens. Nil where the provider has no such page.
    /// - Parameter hint: the mailbox, so that the right account is offered.
    package func address(hint: String?) -> String? {
        guard let url = client.endpoints.authorization else { return nil }
        var fields = [
            ("response_type", "code"), ("client_id", client.id), ("redirect_uri", redirect),
            ("scope", client.scopes.joined(separator: " ")),
            ("state", state.withBytes { String(decoding: $0, as: UTF8.self) }), ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
        ]
        if let hint { fields.append(("login_hint", hint)) }
        // Else Google gives a refresh token at the very first consent only.
        if client.provider == .google { fields += [("access_type", "offline"), ("prompt", "consent")] }
        let query = fields.filter { !$0.1.isEmpty }.map { "\($0.0)=\(PercentEncoding.text($0.1))" }
        return url + (url.contains("?") ? "&" : "?") + query.joined(separator: "&")
    }

    /// Judges the target of a request (`/?code=…&state=…`), or the whole address that the browser ended at.
    package func arrived(_ target: some StringProtocol) -> Arrival {
        // Octets: as a character, `&` would be one with what is written to be joined to it.
        let target = target.utf8
        guard let mark = target.firstIndex(of: UInt8(ascii: "?")) else { return .foreign }
        var fields: [String: [UInt8]] = [:]
        let query = target[target.index(after: mark)...].prefix { $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: " ") }
        for pair in query.split(separator: UInt8(ascii: "&")).prefix(40) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            let plain = parts[1].map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 }
            fields[String(decoding: parts[0], as: UTF8.self)] = Hex.percentDecoded(plain)
        }
        guard let given = fields["state"], Secret(given) == state else { return .foreign }
        if let error = fields["error"] {
            let description = fields["error_description"].map { String(decoding: $0, as: UTF8.self) }
            let json: JSON = [
                "error": .string(String(decoding: error, as: UTF8.self)), "error_description": JSON(description),
            ]
            let answer = OAuthAnswer.http(status: 400, retryAfter: "", body: Array(json.text.utf8))
            do throws(TokenFault) { _ = try TokenFault.object(in: answer, .loopback) } catch { return .failed(error) }
        }
        guard let code = fields["code"], (1...4096).contains(code.count) else {
            return .failed(TokenFault(.unreadable, "the browser brought neither a code nor an error"))
        }
        return .code(Secret(code))
    }

    package func tokenRequest(_ code: Secret) -> OAuthRequest {
        client.tokenRequest(.authorizationCode(code, redirect: redirect, verifier: verifier))
    }
}
