// What a failed session is a case of: the closed set of causes that Herald can name, each with what to do about it. Status,
// log, the fallback's facts and `herald test-connection` all say it in the same words.

/// A cause of failure that is known.
package enum Diagnosis: String, Hashable, Sendable, CaseIterable {
    // Finding and reaching the server.
    case noSuchName = "no-such-name"
    case nameServerFails = "name-server-fails"
    case nothingListens = "nothing-listens"
    /// The packets vanish.
    case blocked
    case unreachable
    case tlsOnPlainPort = "tls-server-on-plain-port"
    case plainOnTLSPort = "plain-server-on-tls-port"
    /// Something answers, and it is no mail server.
    case otherProtocol = "other-protocol"
    case hostRefused = "host-refused"
    case busy
    case helloRefused = "hello-refused"

    // Protection.
    case noSTARTTLS = "no-starttls"
    case startTLSRefused = "starttls-refused"
    case injection
    case certificateExpired = "certificate-expired"
    case certificateNotYetValid = "certificate-not-yet-valid"
    case certificateForOtherName = "certificate-for-other-name"
    case certificateSelfSigned = "certificate-self-signed"
    case authorityUnknown = "authority-unknown"
    case otherFingerprint = "other-fingerprint"
    case tlsTooOld = "tls-too-old"
    case clientCertificate = "client-certificate"

    // Login.
    case loginNotOffered = "login-not-offered"
    case noCommonMechanism = "no-common-mechanism"
    case loginRefused = "login-refused"
    case appPasswordNeeded = "app-password-needed"
    /// Microsoft: SMTP AUTH is off for the tenant or the mailbox, or basic authentication is gone.
    case smtpAuthOff = "smtp-auth-off"
    /// The token is good, and the mailbox does not let its bearer send.
    case tokenLacksRights = "token-lacks-rights"
    /// The refresh token is no good any more (`invalid_grant`).
    case signInAgain = "sign-in-again"
    case passwordUnreadable = "password-unreadable"
    case serverUntrusted = "server-untrusted"
    case loginLater = "login-later"
    case tlsFirst = "tls-first"

    // A letter.
    case senderNotAllowed = "sender-not-allowed"
    case relayingDenied = "relaying-denied"
    case noSuchRecipient = "no-such-recipient"
    case messageTooLarge = "message-too-large"
    case silence

    // Direct delivery, and what is needed here.
    case daneMismatch = "dane-mismatch"
    case stsMismatch = "mta-sts-mismatch"
    case curlMissing = "curl-missing"

    /// What a case is about; the declaration above has them in this order.
    package enum Part: String, CaseIterable, Sendable {
        case reaching = "Finding and reaching the server"
        case protection = "Protection (TLS)"
        case login = "Login"
        case letter = "A letter"
        case needs = "Direct delivery, and what is needed on this host"
    }

    package var part: Part {
        switch self {
        case .noSuchName, .nameServerFails, .nothingListens, .blocked, .unreachable, .tlsOnPlainPort, .plainOnTLSPort,
            .otherProtocol, .hostRefused, .busy, .helloRefused:
            .reaching
        case .noSTARTTLS, .startTLSRefused, .injection, .certificateExpired, .certificateNotYetValid,
            .certificateForOtherName, .certificateSelfSigned, .authorityUnknown, .otherFingerprint, .tlsTooOld,
            .clientCertificate:
            .protection
        case .loginNotOffered, .noCommonMechanism, .loginRefused, .appPasswordNeeded, .smtpAuthOff, .tokenLacksRights,
            .signInAgain, .passwordUnreadable, .serverUntrusted, .loginLater, .tlsFirst:
            .login
        case .senderNotAllowed, .relayingDenied, .noSuchRecipient, .messageTooLarge, .silence: .letter
        case .daneMismatch, .stsMismatch, .curlMissing: .needs
        }
    }

    /// Whether a server that says this to MAIL or RCPT refuses the account, and not the letter or its recipient: another
    /// account may do better.
    /// - Parameter isRelay: false for the hosts of a recipient's domain, whom a relay would ask as well.
    package func isOfAccount(isRelay: Bool) -> Bool {
        switch self {
        case .senderNotAllowed, .hostRefused: true
        case .relayingDenied, .tlsFirst, .smtpAuthOff: isRelay
        default: false
        }
    }

    /// What a case says to a person; either may be empty.
    package struct Words: Hashable, Sendable {
        package var cause: String
        package var remedy: String
    }
}
