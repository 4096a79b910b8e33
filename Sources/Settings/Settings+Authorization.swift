// The settings about proving who one is: passwords, OAuth2; and the folder for what was sent, which has a login of its own.

import Formats

extension Settings {
    /// Where a password comes from. Read when it is needed, never logged.
    package enum Password: Sendable, Equatable {
        case literal(String)
        case file(String)
        /// An absolute path and its arguments; the first line of its output is the password.
        case command([String])
        /// The name of one of the unit's systemd credentials.
        case credential(String)
    }

    /// How an account gets its access tokens.
    package struct OAuth: Sendable, Equatable {
        package enum Provider: String, Sendable, CaseIterable { case microsoft, google, custom }

        package var provider: Provider
        package var clientID: String
        package var clientSecretFile: String?
        /// When the provider takes the client secret no more.
        package var clientSecretExpires: Timestamp?
        /// Microsoft's directory, by id or domain.
        package var tenant: String?
        /// A Google service account's key (JSON).
        package var keyFile: String?
        /// The mailbox that a service account acts for.
        package var subject: String?
        /// Empty: the provider's.
        package var scopes: [String]
        /// Nil: the provider's.
        package var tokenURL: String?
        package var deviceURL: String?
        package var authorizationURL: String?
        package var caFile: String?
        /// The tokens are for a folder for what was sent, too.
        package var isForIMAP = false

        /// How tokens come; what may stand beside what is checked when the settings are read.
        package enum Way: Sendable, Equatable { case deviceCode, loopback, clientCredentials, serviceAccount }

        /// Whether it is known from them whose mailbox it is: a person's sign-in says so, an application's own tokens do not.
        var saysMailbox: Bool { way == .deviceCode || way == .loopback || subject != nil }

        package var way: Way {
            if keyFile != nil { return .serviceAccount }
            return switch provider {
            case .microsoft: clientSecretFile == nil ? .deviceCode : .clientCredentials
            case .google: .loopback
            case .custom: deviceURL != nil ? .deviceCode : authorizationURL != nil ? .loopback : .clientCredentials
            }
        }
    }

    /// Where a copy of what was sent is filed, by IMAP.
    package struct SentFolder: Sendable, Equatable {
        package enum Authentication: String, Sendable, CaseIterable {
            case auto, plain, login
            case cramMD5 = "cram-md5"
            case xoauth2, oauthbearer
        }

        package var server: String
        package var port: Int
        /// `tls` or `starttls`.
        package var security: Security
        /// Nil: who has signed in.
        package var login: String?
        package var password: Password?
        package var authentication: Authentication
        package var oauth: OAuth?
        /// The account whose tokens serve here too.
        package var tokenAccount: String?
        /// Nil: the one that the server calls `\Sent`.
        package var folder: String?
        package var caFile: String?
    }
}
