import Formats
import SMTPProtocol
import Testing

/// What a server said, and what it is a case of.
private struct Said: CustomTestStringConvertible {
    var phase: SessionPhase
    var words: String
    var host: String
    var hasToken: Bool
    var diagnosis: Diagnosis?

    init(
        _ phase: SessionPhase, _ words: String, _ diagnosis: Diagnosis?, host: String = "mail.example.org",
        hasToken: Bool = false
    ) {
        (self.phase, self.words, self.diagnosis, self.host, self.hasToken) = (phase, words, diagnosis, host, hasToken)
    }

    var testDescription: String { "\(host): \(words)" }
}

private let gmail = "smtp.gmail.com"
private let office = "smtp.office365.com"

/// Replies as these servers give them.
private let refusals: [Said] = [
    Said(.greeting, "554 5.7.1 client host blocked", .hostRefused),
    Said(.greeting, "554 gmx.net (mrgmx104) Nemesis ESMTP Service not available / No SMTP service", .hostRefused),
    Said(.greeting, "421 too many connections", .busy),
    Said(.hello, "550 5.7.1 helo name is not a host's", .helloRefused),
    Said(.hello, "530 Please login with USER and PASS.", .otherProtocol),
    Said(.hello, "421 4.7.0 try again later, closing connection. (EHLO)", .busy),
    Said(.startTLS, "454 4.3.0 TLS not available due to local problem", .startTLSRefused),
    // Google
    Said(.login, "534 5.7.9 Application-specific password required. Learn more", .appPasswordNeeded, host: gmail),
    Said(
        .login, "534 5.7.14 <https://accounts.example> Please log in via your web browser", .appPasswordNeeded,
        host: gmail),
    Said(.login, "535 5.7.8 Username and Password not accepted.", .appPasswordNeeded, host: gmail),
    Said(.login, "454 4.7.0 Too many login attempts, please try again later.", .loginLater, host: gmail),
    Said(.login, "530 5.7.0 Must issue a STARTTLS command first.", .tlsFirst, host: gmail),
    Said(.sender, "530 5.7.0 Authentication Required.", .tlsFirst, host: gmail),
    Said(
        .sender, "550 5.7.1 Invalid credentials for relay. Mail relay denied", .relayingDenied,
        host: "smtp-relay.gmail.com"),
    // Microsoft
    Said(
        .login, "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
        .smtpAuthOff, host: office),
    Said(
        .login, "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.",
        .smtpAuthOff, host: office, hasToken: true),
    Said(
        .login,
        "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect, basic authentication is disabled.",
        .smtpAuthOff, host: "smtp-mail.outlook.com"),
    Said(
        .finalReply, "550 5.7.30 Basic authentication is not supported for Client Submission.", .smtpAuthOff,
        host: office),
    Said(
        .login, "535 5.7.3 Authentication unsuccessful [XX0P000CA0001]", .tokenLacksRights, host: office, hasToken: true
    ),
    Said(.login, "535 5.7.3 Authentication unsuccessful [XX0P000CA0001]", .loginRefused, host: office),
    Said(.sender, "530 5.7.57 Client not authenticated to send mail.", .tlsFirst, host: office),
    Said(
        .finalReply, "550 5.7.60 SMTP; Client does not have permissions to send as this sender", .senderNotAllowed,
        host: office),
    Said(
        .finalReply,
        "554 5.2.252 SendAsDenied; herald@example.org not allowed to send as root@example.org; STOREDRV",
        .senderNotAllowed, host: office),
    Said(.recipients, "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", .relayingDenied),
    // Yahoo and AOL, Apple, Fastmail
    Said(.login, "535 5.7.0 (#AUTH005) Too many bad auth attempts.", .appPasswordNeeded, host: "smtp.mail.yahoo.com"),
    Said(.login, "535 5.7.0 (#AUTH005) Too many bad auth attempts.", .appPasswordNeeded, host: "smtp.aol.com"),
    Said(.login, "535 5.7.8 Error: authentication failed", .appPasswordNeeded, host: "smtp.mail.me.com"),
    Said(.login, "535 5.7.0 Incorrect username or password.", .appPasswordNeeded, host: "smtp.fastmail.com"),
    Said(
        .finalReply, "551 5.7.1 Not authorised to send from this header address", .senderNotAllowed,
        host: "smtp.fastmail.com"),
    // Others, and the usual servers
    Said(.login, "535 Authentication credentials invalid", .loginRefused, host: "mail.gmx.net"),
    Said(.login, "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6", .loginRefused),
    Said(.login, "535 Incorrect authentication data", .loginRefused),
    Said(.login, "535 5.7.8 Too many failed logins", .loginLater),
    Said(.login, "538 5.7.11 Encryption required for requested authentication mechanism", .tlsFirst),
    Said(.login, "432 4.7.12 A password transition is needed", .loginLater),
    Said(.login, "535 5.7.8 no such token", .tokenLacksRights, hasToken: true),
    Said(.sender, "553 5.7.1 <root@example.org>: Sender address rejected: not owned by user herald", .senderNotAllowed),
    Said(.sender, "553 Relaying disallowed as root@example.org", .senderNotAllowed, host: "smtp.zoho.com"),
    Said(.sender, "550 Sender address is not allowed.", .senderNotAllowed, host: "mail.gmx.net"),
    Said(.finalReply, "554 Message rejected: Email address is not verified.", .senderNotAllowed),
    Said(.recipients, "554 5.7.1 <a@example.com>: Relay access denied", .relayingDenied),
    Said(.recipients, "550 5.7.1 Relaying denied", .relayingDenied),
    Said(.recipients, "550 relay not permitted", .relayingDenied),
    Said(.recipients, "550 authentication required", .tlsFirst),
    Said(.recipients, "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using bl.example", .hostRefused),
    Said(.sender, "550 5.7.25 Client host rejected: cannot find your hostname", .hostRefused),
    Said(.sender, "550 5.7.606 Access denied, banned sending IP [192.0.2.1]", .hostRefused, host: office),
    Said(.sender, "550 5.7.1 not you", .senderNotAllowed),
    Said(.sender, "550 5.1.8 no such domain", .senderNotAllowed),
    Said(.sender, "550 5.1.0 no", nil),
    Said(.recipients, "550 5.7.1 policy", nil),
    Said(.sender, "552 5.3.4 Message size exceeds fixed limit", .messageTooLarge),
    Said(.finalReply, "552 message too large", .messageTooLarge),
    Said(.finalReply, "523 5.3.4 the message is too big", .messageTooLarge),
    // What is no case of these.
    Said(.recipients, "552 5.2.2 Mailbox size limit exceeded", nil),
    Said(.recipients, "550 5.1.1 no such user", .noSuchRecipient),
    Said(.recipients, "550 no such user here", .noSuchRecipient),
    Said(.recipients, "450 4.1.1 no such user yet", nil),
    Said(.recipients, "450 4.7.1 greylisted", nil),
    Said(.finalReply, "554 5.7.1 spam", nil),
    Said(.finalReply, "250 taken", nil),
    Said(.login, "the server asks without end", nil),
    Said(.idle, "421 idle for too long", nil),
]

@Suite struct DiagnosisTests {
    @Test("a server's words are a case of something", arguments: refusals)
    private func refusal(_ said: Said) {
        let found = Diagnosis(phase: said.phase, words: said.words, host: said.host, hasToken: said.hasToken)
        #expect(found == said.diagnosis)
    }

    @Test("there are forty-one, and each says what it is and what to do", arguments: Diagnosis.allCases)
    func words(_ diagnosis: Diagnosis) {
        #expect(Diagnosis.allCases.count == 41)
        let hosts = ["", gmail, office, "smtp.mail.yahoo.com", "smtp.mail.me.com", "smtp.fastmail.com", "mail.gmx.net"]
        for host in hosts {
            let words = diagnosis.words(host: host, detail: "")
            #expect(!words.cause.isEmpty && !words.remedy.isEmpty)
            for text in [words.cause, words.remedy] {
                #expect(text.utf8.count <= 400)
                #expect(text.last != "." && text.last != " " && !text.contains("  ") && !text.contains(": :"))
            }
        }
    }

    @Test(
        "what it is about stands in the words",
        arguments: [
            (Diagnosis.certificateForOtherName, "mx.example.net, *.example.net"), (.certificateExpired, "2026-11-01"),
            (.certificateNotYetValid, "2027-01-01"), (.otherProtocol, "IMAP"), (.helloRefused, "[127.0.0.1]"),
            (.noCommonMechanism, "XOAUTH2 NTLM"), (.otherFingerprint, "3f:aa"),
        ]) func detail(_ diagnosis: Diagnosis, _ detail: String)
    {
        #expect(diagnosis.words(detail: detail).cause.contains(detail))
    }

    @Test("a refused challenge names the mechanism that hashed passwords need") func hashedPasswords() {
        for mechanism in ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5"] {
            let remedy = Diagnosis.loginRefused.words(detail: mechanism).remedy
            #expect(remedy.contains("auth: plain") && remedy.contains(mechanism))
        }
        #expect(!Diagnosis.loginRefused.words(detail: "PLAIN").remedy.contains("auth: plain"))
    }

    @Test(
        "a provider's own remedy goes before the general one",
        arguments: [
            (Diagnosis.appPasswordNeeded, gmail, "myaccount.google.com"),
            (.appPasswordNeeded, "SMTP.Gmail.COM", "oauth"),
            (.appPasswordNeeded, "smtp.mail.yahoo.com", "login.yahoo.com"),
            (.appPasswordNeeded, "smtp.mail.me.com", "account.apple.com"),
            (.appPasswordNeeded, "smtp.fastmail.com", "app.fastmail.com"),
            (.smtpAuthOff, office, "Set-CASMailbox"), (.tokenLacksRights, office, "SMTP.SendAsApp"),
            (.senderNotAllowed, office, "Send As"), (.loginRefused, "mail.gmx.net", "POP3 & IMAP"),
        ]) func provider(_ diagnosis: Diagnosis, _ host: String, _ words: String)
    {
        #expect(diagnosis.words(host: host).remedy.contains(words))
    }

    @Test(
        "only a provider's own hosts are its", arguments: ["notgmail.com", "gmail.com.example.org", "", "me.com.evil"])
    func strangers(_ host: String) { #expect(MailProvider(host: host) == nil) }

    @Test(
        "words that begin with a code have its enhanced code",
        arguments: [
            ("535 5.7.8 no", EnhancedCode(5, 7, 8)), ("535", nil), ("535 no", nil),
            ("250 5.1.1 ok", EnhancedCode(2, 0, 0)),
            ("no 5.7.8", nil), ("550 5.7.60 SMTP; no", EnhancedCode(5, 7, 60)),
        ]) func enhanced(_ words: String, _ code: EnhancedCode?)
    {
        #expect(SessionFault(.login, words, .tryAgain).enhanced == code)
        #expect(Outcome.permanent(words).enhanced == code)
    }

    @Test(
        "a connection is stale where it is gone, not where the server is silent or wants something else",
        arguments: [
            (SessionPhase.idle, Reaction([.tryAgain, .close]), false, true), (.sender, .t, false, true),
            (.reset, .nt, false, true), (.sender, .t, true, false), (.recipients, .t, false, false),
            (.sender, .top, false, false), (.login, .nt, false, false), (.sender, .tryAgain, false, false),
        ]) func stale(_ phase: SessionPhase, _ reaction: Reaction, _ timedOut: Bool, _ isStale: Bool)
    {
        var fault = SessionFault(phase, "words", reaction)
        fault.timedOut = timedOut
        #expect(fault.isStale == isStale)
    }
}
