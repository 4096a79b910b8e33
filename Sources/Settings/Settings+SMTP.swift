// The settings about mail: servers, identities, and what holds for every letter.

import Formats
import Mail

extension Settings {
    package struct SMTP: Sendable, Equatable {
        package var accounts: [Account]
        package var retry: Retry
        package var uncertain: Uncertain
        /// How long a letter is held before it is sent. What reports and answers are held for is in their own sections,
        /// which take this where they do not say.
        package var hold = Duration.zero
        /// How long what is known of a letter that is done is kept; then its id and digest alone.
        package var keep = Duration.seconds(14 * 86400)
        package var redirect = Redirect()
        /// Whether `server: direct` may deliver to hosts with private and loopback addresses.
        package var allowPrivateMX = false
    }

    /// Everything goes to these instead.
    package struct Redirect: Sendable, Equatable {
        package var enabled = false
        /// The enabled ones.
        package var to: [EmailAddress] = []
        package init() {}

        /// There is nobody whom a letter might go to.
        package var holdsAll: Bool { enabled && to.isEmpty }
    }

    package struct Retry: Sendable, Equatable {
        package var first: Duration
        package var maximum: Duration
        package var giveUpAfter: Duration
        /// When the report's other recipients are told that a letter waits; nil: never.
        package var warnAfter: Duration? = .seconds(4 * 3600)
    }

    package enum Uncertain: String, Sendable, CaseIterable {
        case resendOnce = "resend_once"
        case hold
    }

    package enum Security: String, Sendable, CaseIterable {
        case tls, starttls, opportunistic, none
    }

    package enum Authentication: String, Sendable, CaseIterable {
        case auto, none, plain, login
        case cramMD5 = "cram-md5"
        case scramSHA1 = "scram-sha-1"
        case scramSHA256 = "scram-sha-256"
        case scramSHA256Plus = "scram-sha-256-plus"
        case xoauth2, oauthbearer, external
    }

    /// One set of SMTP settings.
    package struct Account: Sendable, Equatable {
        package var name: String
        package var enabled: Bool
        /// Without brackets and port.
        package var server: String
        package var port: Int
        package var security: Security
        package var login: String?
        package var password: Password?
        package var authentication: Authentication
        package var heloName: String?
        package var timeouts: Timeouts
        package var caFile: String?
        package var allowPlaintextLogin: Bool
        package var maxConnections: Int
        package var maxMessagesPerConnection: Int
        package var delayBetweenMessages: Duration
        /// `server: direct`: straight to the recipients' hosts.
        package var isDirect = false
        package var oauth: OAuth?
        /// A PEM file with the client's certificate, its chain and its key.
        package var clientCertificate: String?
        /// SHA-256 of the public keys (SubjectPublicKeyInfo) that the server may have; empty: the authorities decide.
        package var fingerprints: [[UInt8]] = []
        package var tlsMinimum = TLSVersion.tls12
    }

    /// The oldest version of TLS that is spoken.
    package enum TLSVersion: String, Sendable, CaseIterable {
        case tls12 = "1.2"
        case tls13 = "1.3"
    }

    /// RFC 5321 section 4.5.3.2's waits.
    package struct Timeouts: Sendable, Equatable {
        package var connect: Duration
        package var greeting: Duration
        package var command: Duration
        package var dataBlock: Duration
        package var finalReply: Duration
    }

    /// One sender identity.
    package struct Alias: Sendable, Equatable {
        package var description: String
        package var name: String?
        package var address: EmailAddress
        package var replyTo: EmailAddress?
        package var isDefault: Bool
        /// Names of accounts; empty: all, in order.
        package var accounts: [String]
        package var user: String?
        package var sentFolder: SentFolder?

        package var mailbox: Mailbox { Mailbox(name, address) }
    }
}
