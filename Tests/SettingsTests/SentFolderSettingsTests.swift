// The folder for what was sent.

import Platform
import Testing

@testable import Settings

private func load(_ folder: String, accounts: String = "") -> (settings: Settings?, faults: [String]) {
    let text =
        "smtp: {accounts: [\(accounts)]}\naliases: [{description: jobs, address: jobs@example.org, sent_folder: \(folder)}]"
    let file = ConfigurationFile(path: "herald.yaml", bytes: Array(text.utf8), permissions: 0o600)
    let (settings, diagnostics) = Settings.load([file], host: .init(mailName: "web1.example.org"))
    return (settings, diagnostics.filter { $0.severity == .error }.map(\.description))
}

@Suite struct SentFolderSettingsTests {
    @Test("every key is read") func whole() {
        let folder = load(
            "{server: '[2001:db8::1]:1143', security: starttls, login: jobs, password_file: /p, auth: plain, folder: 'Gesendet & Mehr', ca_file: /ca}"
        ).settings?.aliases.first?.sentFolder
        #expect(
            folder
                == Settings.SentFolder(
                    server: "2001:db8::1", port: 1143, security: .starttls, login: "jobs", password: .file("/p"),
                    authentication: .plain, folder: "Gesendet & Mehr", caFile: "/ca"))
    }

    @Test(
        "port and security fill in for each other",
        arguments: [
            ("server: a.example", 993, .tls), ("server: 'a.example:143'", 143, .starttls),
            ("server: a.example, port: 143", 143, .starttls),
            ("server: a.example, security: starttls", 143, .starttls), ("server: 'a.example:1993'", 1993, .tls),
        ] as [(String, Int, Settings.Security)])
    func ports(_ text: String, _ port: Int, _ security: Settings.Security) {
        let folder = load("{\(text), login: x, password: y}").settings?.aliases.first?.sentFolder
        #expect(folder?.port == port && folder?.security == security)
    }

    @Test("the tokens of an account serve here too, and are then for IMAP") func account() {
        let account = "{name: office, server: a.example, oauth: {provider: microsoft, client_id: c}}"
        let settings = load("{server: b.example, oauth: office}", accounts: account).settings
        #expect(settings?.aliases.first?.sentFolder?.tokenAccount == "office")
        #expect(settings?.smtp.accounts.first?.oauth?.isForIMAP == true)
        let own = load("{server: b.example, auth: xoauth2, oauth: {provider: microsoft, client_id: c}}").settings
        #expect(own?.aliases.first?.sentFolder?.oauth?.isForIMAP == true)
    }

    @Test(
        "what contradicts or is missing is refused with the place",
        arguments: [
            ("{login: x, password: y}", "'server' is missing"), ("x", "sent_folder"),
            ("{server: a.example}", "'login' is missing"),
            ("{server: a.example, login: x}", "'password_file' is missing"),
            ("{server: a.example, login: 'x:y', password: z}", "'login' cannot have a colon"),
            (
                "{server: 'a.example:993', security: starttls, login: x, password: y}",
                "port 993 and security 'starttls' disagree"
            ),
            ("{server: 'a.example:143', security: tls, login: x, password: y}", "port 143 and security 'tls' disagree"),
            ("{server: 'a.example:1', port: 2, login: x, password: y}", "two ports"),
            ("{server: 'a b', login: x, password: y}", "is not a server name"),
            ("{server: a.example, security: none, login: x, password: y}", "'security'"),
            ("{server: a.example, login: x, password: y, password_file: /p}", "give one of them"),
            ("{server: a.example, login: x, password: y, ca_file: ca.pem}", "must be an absolute path"),
            ("{server: a.example, login: x, password: y, folder: ''}", "'folder' is empty"),
            ("{server: a.example, login: x, password: y, folder: \"a\\nb\"}", "must be on one line"),
            ("{server: a.example, login: x, password: y, auth: xoauth2}", "'oauth' is missing"),
            ("{server: a.example, password: y, oauth: {provider: google, client_id: c}}", "'oauth' beside a password"),
            ("{server: a.example, auth: plain, oauth: {provider: google, client_id: c}}", "'oauth' needs auth"),
            ("{server: a.example, oauth: ofice}", "there is no account 'ofice' with 'oauth'; did you mean 'office'?"),
            ("{server: a.example, login: x, password: y, foldr: z}", "did you mean 'folder'?"),
        ])
    func wrong(_ text: String, _ words: String) {
        let account = "{name: office, server: a.example, oauth: {provider: microsoft, client_id: c}}"
        let (settings, faults) = load(text, accounts: account)
        #expect(settings == nil)
        #expect(faults.contains { $0.contains(words) && $0.hasPrefix("herald.yaml:") }, "\(faults)")
    }
}
