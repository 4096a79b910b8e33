// The words of each diagnosis.

extension Diagnosis {
    /// - Parameters:
    ///   - host: the server's name; of a provider that is known, its own remedy stands for the general one.
    ///   - detail: what the case is about, safe to show: a certificate's names or times, a list of mechanisms, the
    ///     mechanism that was refused, the name in EHLO, a protocol, an account.
    package func words(host: String = "", detail: String = "") -> Words {
        if let remedy = MailProvider(host: host)?.remedy(for: self) {
            return Words(cause: cause(detail), remedy: remedy)
        }
        return Words(cause: cause(detail), remedy: remedy(detail))
    }

    /// What to do where the server is a host of the recipient's domain (`server: direct`), and no account's settings are at
    /// fault; nil where the general remedy says it.
    package var remedyForHost: String? {
        switch self {
        case .noSuchName: "check the recipient's address"
        case .blocked: "have port 25 opened by whoever runs this host's network, or send through a provider's account"
        case .hostRefused:
            "give this host's address a name in the DNS that leads back to it (PTR), and look it up in the block lists"
        case .relayingDenied, .nothingListens, .otherProtocol, .noSTARTTLS, .startTLSRefused, .certificateExpired,
            .certificateForOtherName, .certificateSelfSigned, .authorityUnknown, .tlsTooOld:
            "tell the domain's postmaster; the letter waits"
        default: nil
        }
    }

    private func cause(_ detail: String) -> String {
        func about(_ words: String) -> String { detail.isEmpty ? words : "\(words): \(detail)" }
        return switch self {
        case .noSuchName: "there is no such name"
        case .nameServerFails: "the name server fails"
        case .nothingListens: "the host is there, and nothing listens on that port"
        case .blocked: "a firewall drops the packets; many providers and hosting companies block port 25"
        case .unreachable: "there is no way to that host from here"
        case .tlsOnPlainPort: "a server that expects TLS from the first byte says nothing before it"
        case .plainOnTLSPort: "the server does not speak TLS from the first byte on this port"
        case .otherProtocol: detail.isEmpty ? "no mail server listens there" : "\(detail) listens there, not SMTP"
        case .hostRefused:
            "the server takes no mail from this host: its address is blocked, or has no name in the DNS (PTR)"
        case .busy: "the server is busy, or has too many connections from here"
        case .helloRefused: about("the server does not like the name in EHLO")
        case .noSTARTTLS: "another port, or someone on the way who strips STARTTLS"
        case .startTLSRefused: "the server offers STARTTLS and cannot do it; its certificate or key may be missing"
        case .injection: "someone on the way injects commands or replies (CVE-2011-0411)"
        case .certificateExpired: about("the server's certificate is past its time")
        case .certificateNotYetValid: about("the server's certificate is not valid yet, by the clock of this host")
        case .certificateForOtherName: about("the server's certificate is for another name")
        case .certificateSelfSigned: "the server's certificate is signed by itself, by no authority"
        case .authorityUnknown:
            "the certificate's authority is not known here, or the server leaves an intermediate certificate out"
        case .otherFingerprint: about("the server's key is none of those in fingerprints")
        case .tlsTooOld: "the server offers no TLS 1.2, no cipher in common, or a key that is too weak"
        case .clientCertificate: "the server wants a client certificate, or does not take this one"
        case .loginNotOffered: "another port than the one for submission, or a login is taken under TLS alone"
        case .noCommonMechanism: about("none of the account's ways to log in is offered")
        case .loginRefused: "the login or the password is wrong, or the provider wants an app password"
        case .appPasswordNeeded: "the provider takes no ordinary password from programs, or the app password is wrong"
        case .smtpAuthOff: "SMTP AUTH, or a login with a password, is switched off for this mailbox or its organisation"
        case .tokenLacksRights: "the token is good, and the mailbox does not let its bearer send"
        case .signInAgain: "the consent has expired, was withdrawn, or the password was changed"
        case .passwordUnreadable: "the account's password cannot be read"
        case .serverUntrusted: "a wrong password, or another server than the one that knows it"
        case .loginLater: "the server cannot check logins now, or has locked this one for a while"
        case .tlsFirst: "the server wants TLS or a login before this"
        case .senderNotAllowed: "the account may not send under this sender's address"
        case .relayingDenied: "the server sends to others' domains only for those who are logged in, or not at all"
        case .noSuchRecipient: "the server knows no such recipient"
        case .messageTooLarge: "the letter is larger than the server takes"
        case .silence: "the server, or a firewall on the way, stopped in the middle"
        case .daneMismatch: "the server's key is not the one that its domain publishes (DANE)"
        case .stsMismatch: "the domain's MTA-STS policy does not name this host"
        case .curlMissing: "the program curl is not installed"
        }
    }

    private func remedy(_ detail: String) -> String {
        switch self {
        case .noSuchName: return "check the account's server"
        case .nameServerFails: return "check /etc/resolv.conf, and whether that server answers"
        case .nothingListens: return "check the account's port: 587 for STARTTLS, 465 for TLS"
        case .blocked: return "use port 587 or 465, or have the port opened"
        case .unreachable: return "check this host's network and routes"
        case .tlsOnPlainPort: return "if that is so on this port, set security: tls"
        case .plainOnTLSPort: return "set security: starttls, or use the server's TLS port (465)"
        case .otherProtocol: return "check the account's server and port: 587 for STARTTLS, 465 for TLS"
        case .hostRefused: return "check the account's server and port, and whether the server allows this host"
        case .busy: return "lower max_connections if it lasts"
        case .helloRefused: return "set helo_name to this host's full name"
        case .noSTARTTLS:
            return "use the submission port 587, or port 465 with security: tls; nothing was sent in the clear"
        case .startTLSRefused: return "tell the server's administrator, or use port 465 with security: tls"
        case .injection: return "find out who; the connection was closed before anything was sent over it"
        case .certificateExpired: return "tell the server's administrator; check the date here"
        case .certificateNotYetValid: return "set this host's clock"
        case .certificateForOtherName: return "set server to a name that the certificate is for"
        case .certificateSelfSigned:
            return "set ca_file to that certificate, or fingerprints to its key's, if it is your own; nothing was sent"
        case .authorityUnknown: return "set ca_file to the authority's certificate if it is your own; nothing was sent"
        case .otherFingerprint:
            return "if the server has a new key, add its fingerprint; else find out who answers there"
        case .tlsTooOld: return "the server needs an update"
        case .clientCertificate: return "set client_certificate to one that the server knows"
        case .loginNotOffered: return "use port 587 or 465, or leave the login out"
        case .noCommonMechanism: return "check the account's auth; where XOAUTH2 alone is offered, set oauth"
        case .loginRefused:
            let general = "check the account's login and password"
            guard AuthMechanism(named: detail)?.isChallenge == true else { return general }
            return general + "; a server that keeps its passwords hashed cannot check \(detail): then set auth: plain"
        case .appPasswordNeeded: return "make an app password at the provider's site and set it as the password"
        case .smtpAuthOff: return "set oauth, or have SMTP AUTH switched on for the mailbox"
        case .tokenLacksRights: return "give the application the right to send as this mailbox"
        case .signInAgain: return "run herald login" + (detail.isEmpty ? "" : " \(detail)")
        case .passwordUnreadable: return "make it readable for the mailer, and not empty"
        case .serverUntrusted: return "check the account's login and password, and the server's name"
        case .loginLater: return "wait; if it lasts, sign in at the provider's site"
        case .tlsFirst: return "check the account's login and security"
        case .senderNotAllowed: return "send under the login's own address, or have the server allow this one"
        case .relayingDenied: return "set the account's login, and use port 587 or 465"
        case .noSuchRecipient: return "check the recipient's address"
        case .messageTooLarge: return "have the server's limit raised, or send less"
        case .silence: return "try again later; if only large letters fail, look at the path's MTU"
        case .daneMismatch: return "tell the domain's postmaster; the letter waits"
        case .stsMismatch: return "tell the domain's postmaster; the letter waits"
        case .curlMissing: return "apt install curl"
        }
    }
}
