// Who asks for tokens, and where: an application that is registered with a provider. Pure.

import Formats
import SMTPProtocol

/// An application as a provider knows it, with what it is to ask for.
package struct OAuthClient: Sendable {
    package enum Provider: String, Sendable, CaseIterable { case microsoft, google, custom }

    /// How access tokens come.
    package enum Way: Hashable, Sendable {
        /// A person signs in on another device (RFC 8628), once; then by refresh token.
        case deviceCode
        /// A person signs in with a browser that can reach this host's loopback address (RFC 8252 section 7.3), once.
        case loopback
        /// The application for itself, with its own secret (RFC 6749 section 4.4).
        case clientCredentials
        /// By an assertion that a service account's key signs (RFC 7523).
        case serviceAccount

        /// Whether a person has to sign in first.
        package var needsPerson: Bool { self == .deviceCode || self == .loopback }
    }

    package var provider: Provider
    package var way: Way
    package var id: String
    /// Google's desktop applications have one that is none: RFC 8252 section 8.5.
    package var secret: Secret?
    package var scopes: [String]
    package var endpoints: OAuthEndpoints

    package init(
        provider: Provider, way: Way, id: String, secret: Secret? = nil, scopes: [String] = [],
        endpoints: OAuthEndpoints
    ) {
        (self.provider, self.way, self.id, self.secret) = (provider, way, id, secret)
        (self.scopes, self.endpoints) = (scopes, endpoints)
    }
}

extension OAuthClient.Provider {
    /// What to ask for where the settings say nothing; `imap`: for filing the copy in Sent too. Microsoft's must be of one
    /// resource; `openid email` are for the address of who has signed in.
    package func scopes(_ way: OAuthClient.Way, imap: Bool) -> [String] {
        switch (self, way) {
        case (.microsoft, .clientCredentials): ["https://outlook.office365.com/.default"]
        case (.microsoft, _):
            ["https://outlook.office.com/SMTP.Send"]
                + (imap ? ["https://outlook.office.com/IMAP.AccessAsUser.All"] : [])
                + ["offline_access", "openid", "email", "profile"]
        // Google knows no smaller scope that SMTP and IMAP take.
        case (.google, .serviceAccount): ["https://mail.google.com/"]
        case (.google, _): ["https://mail.google.com/", "openid", "email"]
        case (.custom, _): []
        }
    }
}

/// Where a provider is asked.
package struct OAuthEndpoints: Hashable, Sendable {
    package var token: String
    package var device: String?
    package var authorization: String?

    package init(token: String, device: String? = nil, authorization: String? = nil) {
        (self.token, self.device, self.authorization) = (token, device, authorization)
    }

    /// The provider's own; nil of `custom`, which has none.
    /// - Parameter tenant: Microsoft's directory by id or domain; nil: whichever a person signs in to.
    package init?(_ provider: OAuthClient.Provider, tenant: String?) {
        switch provider {
        case .microsoft:
            let base = "https://login.microsoftonline.com/\(PercentEncoding.text(tenant ?? "common"))/oauth2/v2.0/"
            self.init(token: base + "token", device: base + "devicecode", authorization: base + "authorize")
        case .google:
            // Its device flow does not give out the scope of mail.
            self.init(
                token: "https://oauth2.googleapis.com/token",
                authorization: "https://accounts.google.com/o/oauth2/v2/auth")
        case .custom: return nil
        }
    }
}
