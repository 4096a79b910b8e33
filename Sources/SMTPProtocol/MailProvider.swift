// What is known of the large providers: their names, what their replies mean where the code alone does not say it, and
// where a person finds the switch. Each row names where it is documented.

import Formats

/// A provider of mail accounts.
package enum MailProvider: Hashable, Sendable, CaseIterable {
    case google, microsoft, yahoo, apple, fastmail, gmx, zoho, proton

    /// By the server's name.
    package init?(host: String) {
        let name = host.lowercased()
        let found = Self.allCases.first { provider in
            provider.domains.contains { name == $0 || name.hasSuffix("." + $0) }
        }
        guard let found else { return nil }
        self = found
    }

    private var domains: [String] {
        switch self {
        case .google: ["gmail.com", "googlemail.com", "google.com"]
        case .microsoft: ["office365.com", "outlook.com", "hotmail.com", "live.com", "partner.outlook.cn"]
        case .yahoo: ["yahoo.com", "yahoo.co.jp", "aol.com", "sky.com", "att.net"]
        case .apple: ["me.com", "icloud.com"]
        case .fastmail: ["fastmail.com", "messagingengine.com"]
        case .gmx: ["gmx.net", "gmx.com", "gmx.de", "web.de", "mail.com"]
        case .zoho: ["zoho.com", "zoho.eu", "zoho.in"]
        case .proton: ["protonmail.ch", "proton.me"]
        }
    }

    /// As people call it.
    package var name: String {
        switch self {
        case .google: "Google"
        case .microsoft: "Microsoft"
        case .yahoo: "Yahoo, AOL"
        case .apple: "Apple iCloud"
        case .fastmail: "Fastmail"
        case .gmx: "GMX, Web.de"
        case .zoho: "Zoho"
        case .proton: "Proton"
        }
    }

    /// Whether it takes no ordinary password from programs at all, so that a refused one was probably that.
    var wantsAppPasswords: Bool {
        switch self {
        case .google, .yahoo, .apple, .fastmail, .proton: true
        case .microsoft, .gmx, .zoho: false
        }
    }

    /// Whether what goes through this server is in the folder for what was sent already, where that is the same provider's.
    package static func filesByItself(sentThrough server: String, keptAt imapServer: String) -> Bool {
        guard let provider = MailProvider(host: server), provider == MailProvider(host: imapServer) else {
            return false
        }
        let name = server.lowercased()
        return switch provider {
        // Not its relay for organisations. support.google.com/a/answer/176600
        case .google: name != "smtp-relay.gmail.com"
        // Since 2018; Set-Mailbox -MessageCopyForSMTPClientSubmissionEnabled. Not what comes in at a tenant's MX.
        case .microsoft: name == "smtp.office365.com" || name == "smtp-mail.outlook.com"
        case .yahoo, .apple, .fastmail, .gmx, .zoho, .proton: false
        }
    }

    /// What to do there; nil where the general remedy says it.
    package func remedy(for diagnosis: Diagnosis) -> String? {
        switch (self, diagnosis) {
        // support.google.com/accounts/answer/185833
        case (.google, .appPasswordNeeded):
            "turn on 2-Step Verification, make an app password at https://myaccount.google.com/apppasswords and set it as "
                + "the password; or set oauth"
        // help.yahoo.com/kb/SLN15241.html
        case (.yahoo, .appPasswordNeeded):
            "make an app password at https://login.yahoo.com/account/security and set it as the password"
        // support.apple.com/102654
        case (.apple, .appPasswordNeeded):
            "make an app-specific password at https://account.apple.com (Sign-In and Security) and set it as the password"
        // fastmail.com/help/clients/apppassword.html
        case (.fastmail, .appPasswordNeeded):
            "make an app password at https://app.fastmail.com (Settings, Privacy & Security, Integrations) with access to "
                + "SMTP and set it as the password"
        // proton.me/support/smtp-submission
        case (.proton, .appPasswordNeeded):
            "make an SMTP token at https://account.proton.me (Settings, IMAP/SMTP) and set it as the password"
        // learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/authenticated-client-smtp-submission
        case (.microsoft, .smtpAuthOff):
            "have SMTP AUTH switched on for the mailbox (Set-CASMailbox -SmtpClientAuthenticationDisabled $false) and set "
                + "oauth; a password works only with Security defaults off, and as long as Microsoft allows it; a personal "
                + "mailbox (outlook.com) needs oauth"
        case (.microsoft, .loginRefused):
            "check the account's login and password; Microsoft is ending logins with a password: set oauth"
        // learn.microsoft.com/exchange/client-developer/legacy-protocols: how to authenticate an SMTP application by OAuth
        case (.microsoft, .tokenLacksRights):
            "grant the application SMTP.SendAsApp with admin consent, register its service principal in Exchange "
                + "(New-ServicePrincipal, with the object id of the enterprise application) and give it the mailbox "
                + "(Add-MailboxPermission … FullAccess); with a person's consent, the scope is SMTP.Send"
        // learn.microsoft.com/exchange/troubleshoot/email-delivery (5.7.60, SendAsDenied)
        case (.microsoft, .senderNotAllowed):
            "send under the login's own address, or give the login Send As on the sender's mailbox"
        // hilfe.gmx.net, hilfe.web.de: POP3 and IMAP are off until they are switched on.
        case (.gmx, .loginRefused):
            "check the account's login and password; access by other programs (POP3 & IMAP) must be switched on in the "
                + "provider's settings, and with two-factor authentication an application password is needed"
        // zoho.com/mail/help/adminconsole/two-factor-authentication.html
        case (.zoho, .loginRefused):
            "check the account's login and password, and the data centre in the server's name; with two-factor "
                + "authentication an application-specific password is needed"
        default: nil
        }
    }
}
