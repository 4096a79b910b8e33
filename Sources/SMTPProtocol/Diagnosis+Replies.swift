// From a server's refusal to the case that it is: by the step, the code, the enhanced code, the words and the provider.
// Providers say in words what no code says; each row names who says so and where that is documented or seen. Words alone
// are trusted with an explanation, and with whether a letter that is refused for good may be offered to another account
// (`isOfAccount`); all else that the queue does is decided by the codes.

import Formats

extension Diagnosis {
    /// What `words` are a case of. Nil where they say it all, or nothing is known.
    ///
    /// - Parameters:
    ///   - phase: the step that failed.
    ///   - words: the server's, beginning with the reply code (`SessionFault.words`, `Outcome.words`).
    ///   - host: the server's name.
    ///   - hasToken: whether the login was made with an access token.
    package init?(phase: SessionPhase, words: String, host: String = "", hasToken: Bool = false) {
        guard let code = Reply.code(leading: words) else {
            // Ours, for what the server has said that it would not take.
            guard words.hasSuffix("(5.3.4)") else { return nil }
            self = .messageTooLarge
            return
        }
        let refusal = Refusal(
            code: code, enhanced: Reply.enhanced(leading: words), text: words.lowercased(),
            provider: MailProvider(host: host), hasToken: hasToken)
        let found: Diagnosis? =
            switch phase {
            case .greeting: refusal.atGreeting
            case .hello: refusal.atHello
            case .startTLS: code >= 400 ? .startTLSRefused : nil
            case .login: refusal.atLogin
            case .sender: refusal.ofLetter ?? refusal.ofSender
            case .recipients: refusal.ofLetter ?? refusal.ofRecipient
            case .data, .body, .finalReply: refusal.ofLetter
            case .resolve, .connect, .tls, .reset, .quit, .idle: nil
            }
        guard let found else { return nil }
        self = found
    }

    /// The protocol whose server says this in place of a greeting.
    static func otherProtocol(saying words: String) -> String? {
        let banners = [
            ("HTTP/", "HTTP"), ("<!DOCTYPE", "HTTP"), ("<html", "HTTP"), ("* OK", "IMAP"), ("* BYE", "IMAP"),
            ("+OK", "POP3"), ("-ERR", "POP3"), ("SSH-", "SSH"), ("RFB 00", "VNC"),
        ]
        return banners.first { words.contains($0.0) }?.1
    }
}

/// A reply that refuses something.
private struct Refusal {
    var code: Int
    var enhanced: EnhancedCode?
    /// In small letters.
    var text: String
    var provider: MailProvider?
    var hasToken: Bool

    var atGreeting: Diagnosis? {
        switch code {
        case 400...499: .busy
        case 500...599: .hostRefused
        default: nil
        }
    }

    var atHello: Diagnosis? {
        // vsftpd: 530 to whatever comes before USER.
        if code == 530, says("login with user and pass") { return .otherProtocol }
        return code == 421 ? .busy : code >= 500 ? .helloRefused : nil
    }

    var atLogin: Diagnosis? {
        if code < 500 { return code >= 400 ? .loginLater : nil }
        // 538: RFC 4954 section 6. Google, 530 5.7.0 "Must issue a STARTTLS command first":
        // support.google.com/a/answer/3726730.
        if code == 538 || says("must issue a starttls") { return .tlsFirst }
        // Microsoft, 535 5.7.139 "SmtpClientAuthentication is disabled for the Tenant" (or "Mailbox"), "user is locked by
        // your organization's security defaults policy", "basic authentication is disabled": aka.ms/smtp_auth_disabled.
        // 550 5.7.30 "Basic authentication is not supported for Client Submission": techcommunity.microsoft.com, the
        // Exchange team's "Exchange Online to retire Basic auth for Client Submission (SMTP AUTH)".
        if enhanced == EnhancedCode(5, 7, 139) || enhanced == EnhancedCode(5, 7, 30)
            || says("smtpclientauthentication is disabled", "basic authentication is")
        {
            return .smtpAuthOff
        }
        // Everyone's 535 to a token that has just been fetched (RFC 7628 section 3.2.2); Microsoft's is 535 5.7.3:
        // learn.microsoft.com/exchange/client-developer/legacy-protocols (OAuth for SMTP, "Authentication unsuccessful").
        if hasToken { return .tokenLacksRights }
        // Google, 534 5.7.9 "Application-specific password required", 534 5.7.14 "Please log in via your web browser":
        // support.google.com/a/answer/3726730.
        if says("application-specific password", "app-specific password", "app password", "via your web browser") {
            return .appPasswordNeeded
        }
        // Yahoo and AOL, 535 5.7.0 "(#AUTH005) Too many bad auth attempts" to every ordinary password:
        // github.com/PHPMailer/PHPMailer/issues/2034. Google (535 5.7.8), Apple and Fastmail say no more than any server.
        if code == 535, provider?.wantsAppPasswords == true { return .appPasswordNeeded }
        // Others, where it is what it says.
        if says("too many", "temporarily locked", "try again later") { return .loginLater }
        return .loginRefused
    }

    var ofLetter: Diagnosis? {
        guard code >= 500 else { return nil }
        // RFC 4954 section 6. Microsoft, 530 5.7.57 "Client not authenticated to send mail": as for 5.7.139. Exim and
        // Sendmail, 550: their sources.
        if code == 530 || says("authentication required", "authentication is required") { return .tlsFirst }
        if enhanced == EnhancedCode(5, 7, 30) { return .smtpAuthOff }
        if isAboutHost { return .hostRefused }
        if isAboutSender { return .senderNotAllowed }
        if isAboutRelaying { return .relayingDenied }
        // RFC 3463 section 3.4, RFC 1870 section 6; 552 is a full mailbox too.
        if enhanced == EnhancedCode(5, 3, 4) { return .messageTooLarge }
        let isLarge = says("size", "too large", "too big", "exceeds", "exceeded")
        if code == 552, isLarge, !says("mailbox", "quota", "storage") { return .messageTooLarge }
        return nil
    }

    /// What is said to MAIL before a recipient is named is about the sender: RFC 3463 section 3.2 (X.1.7, X.1.8), and
    /// policy (X.7.X).
    var ofSender: Diagnosis? {
        guard code >= 500, let enhanced else { return nil }
        let isAddress = enhanced == EnhancedCode(5, 1, 7) || enhanced == EnhancedCode(5, 1, 8)
        return isAddress || (enhanced.subject == 7 && code != 555) ? .senderNotAllowed : nil
    }

    /// RFC 7372 section 3.3 (X.7.25); Postfix, 554 5.7.1 and 550 5.7.25: postconf(5), reject_rbl_client and
    /// reject_unknown_client_hostname; Exchange Online, 550 5.7.606 to 649 "banned sending IP": learn.microsoft.com, the
    /// list of its non-delivery reports.
    private var isAboutHost: Bool {
        if let enhanced, enhanced.subject == 7, enhanced.detail == 25 || (606...649).contains(enhanced.detail) {
            return true
        }
        return says(
            "client host rejected", "blocked using", "cannot find your hostname", "cannot find your reverse hostname",
            "banned sending ip")
    }

    /// RFC 3463 section 3.2; the words are Postfix's, Sendmail's, Exim's and Exchange's, each with 550.
    var ofRecipient: Diagnosis? {
        guard code >= 500 else { return nil }
        let codes = [EnhancedCode(5, 1, 1), EnhancedCode(5, 1, 2), EnhancedCode(5, 1, 3), EnhancedCode(5, 1, 10)]
        let isUnknown = says("user unknown", "unknown user", "no such user", "no such recipient", "does not exist")
        return isUnknown || codes.contains { $0 == enhanced } ? .noSuchRecipient : nil
    }

    /// Microsoft, 550 5.7.60 "Client does not have permissions to send as this sender", and 554 5.2.252 or 5.2.0 with
    /// "SendAsDenied": learn.microsoft.com/exchange/troubleshoot/email-delivery.
    private var isAboutSender: Bool {
        enhanced == EnhancedCode(5, 7, 60) || enhanced == EnhancedCode(5, 2, 252)
            || says(
                "send as this sender", "sendasdenied",
                // Postfix, Sendmail and Exim, whatever their reason.
                "sender address rejected", "sender rejected", "sender denied",
                // Postfix, 553 5.7.1: postconf(5), reject_sender_login_mismatch.
                "not owned by user", "not logged in as owner",
                // GMX, Web.de and Ionos, 550 and 554: postmaster.gmx.net/en/error-messages.
                "sender address is not allowed", "sender address not allowed",
                // Zoho, 553, also of the envelope: zoho.com/zeptomail/help/api/smtp-error-codes.html.
                "relaying disallowed as", "sender is not allowed to relay",
                // QQ, 501: github.com/nodeSolidServer/node-solid-server/issues/1281.
                "must be same as authorization user",
                // Yahoo and AOL, 553; Amazon, 554 (docs.aws.amazon.com/ses, SMTP response codes); Fastmail, 551 5.7.1.
                "from address not verified", "address is not verified", "not authorised to send from",
                "not authorized to send from")
    }

    /// Exchange, 550 5.7.54 "Unable to relay recipient in non-accepted domain", 5.7.64 "Relay Access Denied":
    /// learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online.
    private var isAboutRelaying: Bool {
        enhanced == EnhancedCode(5, 7, 54) || enhanced == EnhancedCode(5, 7, 64)
            || says(
                // Postfix 554 5.7.1, Sendmail 550 5.7.1, Exim 550, Exchange 550 5.7.1, qmail 553; Google's relay, 550 5.7.1
                // (support.google.com/a/answer/6140680): their sources.
                "relay access denied", "relaying denied", "relay not permitted", "relay denied", "unable to relay",
                "relaying not allowed", "list of allowed rcpthosts", "mail relay denied")
    }

    private func says(_ words: String...) -> Bool { words.contains { text.contains($0) } }
}
