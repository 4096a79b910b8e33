// What is said to a token endpoint, as values: a form (RFC 6749 appendix B) with secrets among its fields. Pure.

import Formats
import SMTPProtocol

/// One request: to be POSTed as `application/x-www-form-urlencoded`.
package struct OAuthRequest: Sendable {
    package var url: String
    package var body: Secret
}

/// By what a token is asked for.
package enum Grant: Sendable {
    /// RFC 6749 section 6.
    case refresh(Secret)
    /// Section 4.4.
    case clientCredentials
    /// RFC 8628 section 3.4.
    case deviceCode(Secret)
    /// RFC 6749 section 4.1.3, RFC 7636 section 4.5.
    case authorizationCode(Secret, redirect: String, verifier: Secret)
    /// RFC 7523 section 2.1.
    case assertion(Secret)
}

extension OAuthClient {
    package func tokenRequest(_ grant: Grant) -> OAuthRequest {
        var form = FormBody()
        switch grant {
        case .refresh(let token):
            form.add("grant_type", "refresh_token")
            form.add("refresh_token", token)
            // Left out it is what was granted, and so it does for others; Microsoft's own examples name it.
            if provider == .microsoft { addScopes(&form) }
        case .clientCredentials:
            form.add("grant_type", "client_credentials")
            addScopes(&form)
        case .deviceCode(let code):
            form.add("grant_type", "urn:ietf:params:oauth:grant-type:device_code")
            form.add("device_code", code)
        case .authorizationCode(let code, let redirect, let verifier):
            form.add("grant_type", "authorization_code")
            form.add("code", code)
            form.add("redirect_uri", redirect)
            form.add("code_verifier", verifier)
        case .assertion(let assertion):
            form.add("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            form.add("assertion", assertion)
            return OAuthRequest(url: endpoints.token, body: form.body)
        }
        form.add("client_id", id)
        if let secret { form.add("client_secret", secret) }
        return OAuthRequest(url: endpoints.token, body: form.body)
    }

    /// Asks for a device code (RFC 8628 section 3.1). Nil where the provider has no such endpoint.
    package var deviceRequest: OAuthRequest? {
        guard let url = endpoints.device else { return nil }
        var form = FormBody()
        form.add("client_id", id)
        if let secret, provider == .custom { form.add("client_secret", secret) }
        addScopes(&form)
        return OAuthRequest(url: url, body: form.body)
    }

    private func addScopes(_ form: inout FormBody) {
        if !scopes.isEmpty { form.add("scope", scopes.joined(separator: " ")) }
    }
}

/// A form under way.
struct FormBody {
    private var pieces: [Secret.Piece] = []

    var body: Secret { Secret(pieces) }

    mutating func add(_ name: String, _ value: String) { add(name, .text(PercentEncoding.text(value))) }

    mutating func add(_ name: String, _ value: Secret) {
        value.withBytes { bytes in
            var encoded = PercentEncoding.bytes(bytes)
            add(name, .secret(Secret(taking: &encoded)))
        }
    }

    private mutating func add(_ name: String, _ value: Secret.Piece) {
        pieces += [.text((pieces.isEmpty ? "" : "&") + name + "="), value]
    }
}

/// RFC 3986 section 2.1: all but unreserved characters. In a form it stands for the other spelling too.
package enum PercentEncoding {
    private static let digits = Array("0123456789ABCDEF".utf8)

    package static func text(_ text: some StringProtocol) -> String {
        String(decoding: bytes(text.utf8), as: UTF8.self)
    }

    package static func bytes(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        // What grows leaves copies behind, and these may be a secret's.
        out.reserveCapacity(3 * bytes.underestimatedCount)
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                out.append(byte)
            default: out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return out
    }
}

/// RFC 4648 section 5, without padding: the form of JWTs and of PKCE.
package enum Base64URL {
    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        String(
            decoding: Base64.encode(bytes).utf8.compactMap { byte -> UInt8? in
                switch byte {
                case UInt8(ascii: "+"): UInt8(ascii: "-")
                case UInt8(ascii: "/"): UInt8(ascii: "_")
                case UInt8(ascii: "="): nil
                default: byte
                }
            }, as: UTF8.self)
    }

    package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard !text.contains(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "/") }) else { return nil }
        let plain = text.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "+") : $0 == UInt8(ascii: "_") ? 0x2f : $0 }
        let padding = [UInt8](repeating: UInt8(ascii: "="), count: (4 - plain.count % 4) % 4)
        return plain.contains(UInt8(ascii: "=")) ? nil : Base64.decode(plain + padding)
    }
}
