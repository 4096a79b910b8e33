// `server: direct`: straight to the recipients' hosts.

import Platform
import Testing

@testable import Settings

@Suite struct DirectSettingsTests {
    private func load(_ text: String, _ more: String = "") -> (smtp: Settings.SMTP?, faults: [String]) {
        let file = ConfigurationFile(
            path: "herald.yaml", bytes: Array("smtp: {accounts: [{name: a, \(text)}]\(more)}".utf8), permissions: 0o600)
        let (settings, diagnostics) = Settings.load([file], host: .init(mailName: "web1.example.org"))
        return (settings?.smtp, diagnostics.map(\.description))
    }

    @Test("an account without a server: port 25, TLS as it comes, and no private hosts unless they are allowed")
    func defaults() throws {
        let smtp = try #require(load("server: direct").smtp)
        let account = try #require(smtp.accounts.first)
        #expect(account.isDirect && account.port == 25 && account.security == .opportunistic)
        #expect(!smtp.allowPrivateMX)
        #expect(
            load("server: direct, port: 25, security: opportunistic", ", allow_private_mx: true").smtp?.allowPrivateMX
                == true)
        #expect(load("server: direct.example").smtp?.accounts.first?.isDirect == false)
    }

    @Test(
        "what only a server of one's own can have is refused",
        arguments: [
            "port: 587", "credentials: default", "login: x", "oauth: {provider: google, client_id: c}", "password: y",
            "password_file: /etc/x",
            "auth: plain", "ca_file: /etc/x",
            "client_certificate: /etc/x", "allow_plaintext_login: true",
            "fingerprints: ['0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a']",
        ])
    func refused(_ text: String) {
        let (smtp, faults) = load("server: direct, \(text)")
        #expect(smtp == nil)
        let key = text.prefix { $0 != ":" }
        #expect(faults.contains { $0.contains("'\(key)' is for an account with a server of its own") }, "\(faults)")
        #expect(faults.count { !$0.contains("warning: ") } == 1, "\(faults)")
    }

    @Test("how a host is known is its domain's to say", arguments: ["tls", "starttls", "none"])
    func security(_ text: String) {
        let (smtp, faults) = load("server: direct, security: \(text)")
        #expect(smtp == nil)
        #expect(faults.contains { $0.contains("'server: direct' takes what TLS each domain asks for") }, "\(faults)")
    }
}
