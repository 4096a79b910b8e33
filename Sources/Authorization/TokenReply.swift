// What a token endpoint says: a token, or why there is none. Whatever it says is hostile, and every text of it goes
// through Printable, cut. Pure.

import Formats
import SMTPProtocol

/// The answer to a request, as far as there is one.
package enum OAuthAnswer: Sendable {
    /// - Parameter retryAfter: the header of that name (RFC 9110 section 10.2.3); empty where there is none.
    case http(status: Int, retryAfter: String, body: [UInt8])
    /// Nothing that could be read came; the words say why, and what is to be done where waiting will not do.
    case nothing(String, remedy: String = "")
}

/// A token that was given (RFC 6749 section 5.1).
package struct TokenReply: Sendable {
    package var accessToken: Secret
    package var lifetime: Duration
    /// A new one, in place of the one that was used.
    package var refreshToken: Secret?
    /// How long the refresh token lives, where that is said.
    package var refreshLifetime: Duration?
    /// Of the one who has signed in, where an id_token says so.
    package var address: String?

    /// Of an access token that does not say how long it lives.
    static let shortLifetime = Duration.seconds(600)
    static let longestLifetime = Duration.seconds(86400)
    /// Beyond a year nothing needs to be said of it.
    static let longestRefresh = Duration.seconds(400 * 86400)
    /// A token that would not go into a line of the login (RFC 4954 section 4).
    static let longestToken = 12_000

    package init(
        accessToken: Secret, lifetime: Duration, refreshToken: Secret? = nil, refreshLifetime: Duration? = nil,
        address: String? = nil
    ) {
        (self.accessToken, self.lifetime, self.refreshToken) = (accessToken, lifetime, refreshToken)
        (self.refreshLifetime, self.address) = (refreshLifetime, address)
    }

    /// Reads an answer. `way` is how the token was asked for: the same word of an endpoint means different things.
    package init(_ answer: OAuthAnswer, _ way: OAuthClient.Way) throws(TokenFault) {
        let json = try TokenFault.object(in: answer, way)
        guard let token = Self.token(json["access_token"]) else {
            throw TokenFault(.unreadable, "the token endpoint's answer has no access token in it")
        }
        if let type = json["token_type"]?.string, type.lowercased() != "bearer" {
            throw TokenFault(.request, "the token endpoint gives tokens of type '\(Printable.text(type, limit: 40))'")
        }
        let seconds = Self.seconds(json["expires_in"]).flatMap { $0 > 0 ? $0 : nil }
        let refreshSeconds = [json["refresh_token_expires_in"], json["refresh_expires_in"]].compactMap(Self.seconds)
        self.init(
            accessToken: token,
            lifetime: seconds.map { min(.seconds($0), Self.longestLifetime) } ?? Self.shortLifetime,
            refreshToken: Self.token(json["refresh_token"]),
            // Keycloak: 0 is for ever.
            refreshLifetime: refreshSeconds.first { $0 > 0 }.map { min(.seconds($0), Self.longestRefresh) },
            address: json["id_token"]?.string.flatMap(IDToken.address(in:)))
    }

    private static func token(_ value: JSON?) -> Secret? {
        guard let text = value?.string, (1...longestToken).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { return nil }
        return Secret(text)
    }

    /// A number, or one in quotes, as some write it.
    static func seconds(_ value: JSON?) -> Int64? {
        value?.int ?? value?.string.flatMap { Int64($0) }
    }
}

/// Who has signed in. The id_token comes from the token endpoint itself by TLS, which stands for its signature (OpenID
/// Connect Core section 3.1.3.7, point 6); the address fills in a login and gives nobody any right.
package enum IDToken {
    package static func address(in token: String) -> String? {
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let payload = Base64URL.decode(parts[1]), let claims = try? JSON.parse(payload) else {
            return nil
        }
        // Microsoft has `email` only where the account has one, and the name that one signs in by always.
        return ["email", "preferred_username", "upn"].compactMap { claims[$0]?.string }.first { text in
            text.utf8.count <= 254 && text.contains("@")
                && !text.unicodeScalars.contains { $0.isUnsafeToShow || $0 == " " }
        }
    }
}
