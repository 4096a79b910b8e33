// What is kept of a sign-in from start to start. Pure: the file is its owner's business.

import Formats
import SMTPProtocol

/// The tokens of one account.
package struct TokenRecord: Sendable {
    /// Nil where nobody has to sign in.
    package var refreshToken: Secret?
    package var refreshExpires: Timestamp?
    package var accessToken: Secret?
    package var accessExpires = Timestamp(microseconds: 0)
    /// Who has signed in.
    package var address: String?
    /// When a token last came.
    package var renewed = Timestamp(microseconds: 0)
    /// The application that they were given to: another's are of no use.
    package var client: String

    package init(client: String) { self.client = client }

    /// A first sign-in, or what a refresh brought.
    package mutating func take(_ reply: TokenReply, at now: Timestamp) {
        accessToken = reply.accessToken
        accessExpires = now + reply.lifetime
        renewed = now
        if let token = reply.refreshToken {
            refreshToken = token
            // What was said of the old one says nothing of the new one.
            refreshExpires = nil
        }
        if let lifetime = reply.refreshLifetime { refreshExpires = now + lifetime }
        if let address = reply.address { self.address = address }
    }

    /// Whether the access token holds for so long from now. One that would hold longer than any was kept under a clock that
    /// was wrong.
    package func accessHolds(for margin: Duration, at now: Timestamp) -> Bool {
        accessToken != nil && accessExpires > now + margin && accessExpires <= now + TokenReply.longestLifetime
    }
}

extension TokenRecord {
    /// The file's bytes.
    package var encoded: Secret {
        func text(_ secret: Secret?) -> JSON {
            secret.map { .string($0.withBytes { String(decoding: $0, as: UTF8.self) }) } ?? .null
        }
        func time(_ time: Timestamp?) -> JSON { JSON(time?.rfc3339()) }
        let json: JSON = [
            "version": 1, "client": .string(client), "address": JSON(address), "refresh_token": text(refreshToken),
            "refresh_expires": time(refreshExpires), "access_token": text(accessToken),
            "access_expires": time(accessExpires), "renewed": time(renewed),
        ]
        return Secret(json.text + "\n")
    }

    /// Nil where it is no record of this version.
    package init?(_ bytes: [UInt8]) {
        guard let json = try? JSON.parse(bytes), json["version"]?.int == 1, let client = json["client"]?.string else {
            return nil
        }
        func secret(_ name: String) -> Secret? {
            json[name]?.string.flatMap { $0.isEmpty ? nil : Secret($0) }
        }
        func time(_ name: String) -> Timestamp? { json[name]?.string.flatMap { Timestamp(rfc3339: $0) } }
        self.init(client: client)
        address = json["address"]?.string
        (refreshToken, refreshExpires) = (secret("refresh_token"), time("refresh_expires"))
        (accessToken, accessExpires) = (secret("access_token"), time("access_expires") ?? accessExpires)
        renewed = time("renewed") ?? renewed
    }
}
