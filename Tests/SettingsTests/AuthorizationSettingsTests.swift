// What proves who logs in: passwords from four places, OAuth2.

import Formats
import Platform
import Testing

@testable import Settings

private func load(_ text: String) -> (account: Settings.Account?, faults: [String]) {
    let file = ConfigurationFile(
        path: "herald.yaml", bytes: Array("smtp: {accounts: [{name: a, server: a.example, \(text)}]}".utf8),
        permissions: 0o600)
    let (settings, diagnostics) = Settings.load([file], host: .init(mailName: "web1.example.org"))
    return (settings?.smtp.accounts.first, diagnostics.filter { $0.severity == .error }.map(\.description))
}

@Suite struct AuthorizationSettingsTests {
    @Test(
        "a password comes from one of four places",
        arguments: [
            ("password: x", .literal("x")), ("password_file: /etc/p", .file("/etc/p")),
            ("password_credential: office", .credential("office")),
            ("password_command: [/usr/bin/pass, show, office]", .command(["/usr/bin/pass", "show", "office"])),
            ("password_command: /usr/bin/word", .command(["/usr/bin/word"])),
        ] as [(String, Settings.Password)])
    func sources(_ text: String, _ password: Settings.Password) {
        let (account, faults) = load("login: x, \(text)")
        #expect(account?.password == password)
        #expect(faults == [])
    }

    @Test(
        "two sources of a password, or one that cannot be, are refused with the place",
        arguments: [
            ("password: x, password_file: /p", "'password' and 'password_file': give one of them"),
            ("password_file: /p, password_command: [/c]", "'password_file' and 'password_command': give one of them"),
            (
                "password: x, password_file: /p, password_command: [/c], password_credential: c",
                "'password', 'password_file', 'password_command' and 'password_credential': give one of them"
            ), ("password_command: [pass, show]", "must be an absolute path"),
            ("password_command: /usr/bin/pass show x", "must be a list of the program and its arguments"),
            ("password_command: []", "names no program"), ("password_command: {a: b}", "password_command"),
            ("password_credential: ../x", "must be the name of a credential"),
            ("password_credential: ''", "must be the name of a credential"),
            ("password_credential: .", "must be the name of a credential"),
            ("password_file: p", "must be an absolute path"),
        ])
    func wrongSources(_ text: String, _ words: String) {
        let (account, faults) = load("login: x, \(text)")
        #expect(account == nil)
        #expect(faults.contains { $0.contains(words) && $0.hasPrefix("herald.yaml:1:") }, "\(faults)")
    }

    @Test(
        "how tokens come is in what is given",
        arguments: [
            ("provider: microsoft, client_id: c", .deviceCode),
            ("provider: microsoft, client_id: c, tenant: t, client_secret_file: /s", .clientCredentials),
            ("provider: google, client_id: c", .loopback),
            ("provider: google, client_id: c, client_secret_file: /s", .loopback),
            ("provider: google, key_file: /k, subject: a@b.example", .serviceAccount),
            (
                "provider: custom, client_id: c, token_url: 'https://a.example/t', device_url: 'https://a.example/d'",
                .deviceCode
            ),
            (
                "provider: custom, client_id: c, token_url: 'https://a.example/t', authorization_url: 'https://a.example/d'",
                .loopback
            ),
            (
                "provider: custom, client_id: c, token_url: 'https://a.example/t', client_secret_file: /s",
                .clientCredentials
            ),
        ] as [(String, Settings.OAuth.Way)])
    func ways(_ text: String, _ way: Settings.OAuth.Way) {
        for auth in ["", "auth: auto, ", "auth: xoauth2, ", "auth: oauthbearer, "] {
            let (account, faults) = load("login: m@b.example, \(auth)oauth: {\(text)}")
            #expect(account?.oauth?.way == way)
            #expect(faults == [])
        }
    }

    @Test("every key of oauth is read") func keys() {
        let oauth = load(
            """
            login: m@b.example, auth: xoauth2, ca_file: /x, oauth: {provider: microsoft, client_id: c, client_secret_file: /s,
            client_secret_expires: 2027-01-31, tenant: contoso.example, scopes: [one, two], token_url: 'https://t.example/',
            device_url: 'https://d.example/', authorization_url: 'https://z.example/', ca_file: /ca}
            """
        ).account?.oauth
        #expect(oauth?.clientID == "c" && oauth?.clientSecretFile == "/s" && oauth?.tenant == "contoso.example")
        #expect(oauth?.clientSecretExpires == Timestamp(rfc3339: "2027-01-31T00:00:00Z"))
        #expect(oauth?.scopes == ["one", "two"] && oauth?.caFile == "/ca")
        #expect(oauth?.tokenURL == "https://t.example/" && oauth?.deviceURL == "https://d.example/")
        #expect(oauth?.authorizationURL == "https://z.example/" && oauth?.isForIMAP == false)
    }

    @Test(
        "what contradicts, is missing or is of another provider is refused with the place",
        arguments: [
            ("auth: xoauth2", "'oauth' is missing"), ("auth: oauthbearer, login: x", "'oauth' is missing"),
            ("auth: plain, login: x, oauth: {provider: google, client_id: c}", "'oauth' needs auth 'xoauth2'"),
            ("login: x, password: y, oauth: {provider: google, client_id: c}", "'oauth' beside a password"),
            ("oauth: {client_id: c}", "'provider' is missing"), ("oauth: {provider: gogle, client_id: c}", "'google'"),
            ("oauth: {provider: google}", "'client_id' is missing"), ("oauth: x", "oauth"),
            ("oauth: {provider: google, client_id: c, tenant: t}", "'tenant' is for provider 'microsoft' alone"),
            ("oauth: {provider: microsoft, client_id: c, key_file: /k}", "'key_file' is for provider 'google' alone"),
            ("oauth: {provider: google, client_id: c, key_file: /k}", "'client_id' beside 'key_file'"),
            ("oauth: {provider: google, client_id: c, subject: a@b.example}", "'subject' is for a service account"),
            ("oauth: {provider: google, key_file: k}", "must be an absolute path"),
            ("oauth: {provider: google, key_file: /k, subject: nobody}", "is not an e-mail address"),
            ("oauth: {provider: microsoft, client_id: c, client_secret_file: /s}", "'tenant' is missing"),
            ("oauth: {provider: microsoft, client_id: c, client_secret_file: /s, tenant: common}", "own directory"),
            (
                "oauth: {provider: google, client_id: c, client_secret_expires: 2027-01-31}",
                "without 'client_secret_file'"
            ),
            (
                "oauth: {provider: google, client_id: c, client_secret_file: /s, client_secret_expires: 31.1.2027}",
                "must be a date such as 2027-01-31"
            ), ("oauth: {provider: custom, client_id: c, device_url: 'https://a.example/'}", "'token_url' is missing"),
            (
                "oauth: {provider: custom, client_id: c, token_url: 'https://a.example/'}",
                "'authorization_url' is missing"
            ),
            ("oauth: {provider: google, client_id: c, token_url: 'http://a.example/'}", "begins with https://"),
            ("oauth: {provider: google, client_id: c, device_url: 'https://a b'}", "begins with https://"),
            ("oauth: {provider: google, client_id: c, authorization_url: 'https://'}", "begins with https://"),
            ("oauth: {provider: google, client_id: c, cientid: d}", "did you mean 'client_id'?"),
            ("oauth: {provider: microsoft, client_id: c, tenant: t, client_secret_file: /s}", "'login' is missing"),
            ("oauth: {provider: google, key_file: /k}", "'login' is missing"),
            ("security: none, oauth: {provider: google, client_id: c}", "a login needs security 'tls'"),
            ("auth: external", "'client_certificate' is missing"),
            ("auth: external, client_certificate: /c, login: x, password: y", "'external' logs in by the certificate"),
            ("login: x", "'password_file' is missing"), ("auth: scram-sha-256-plus", "'login' is missing"),
        ])
    func wrong(_ text: String, _ words: String) {
        let (account, faults) = load(text)
        #expect(account == nil)
        #expect(faults.contains { $0.contains(words) && $0.hasPrefix("herald.yaml:") }, "\(faults)")
    }

    @Test("a certificate alone logs in, by 'external' with a name or without, or under 'auto' with one")
    func certificate() {
        for text in [
            "auth: external, client_certificate: /c", "auth: external, login: x, client_certificate: /c",
            "login: x, client_certificate: /c",
        ] {
            #expect(load(text).account?.clientCertificate == "/c", "\(text)")
        }
    }
}
