// What `herald check` says of logins: files, programs, curl, somebody who has signed in.

import Glibc
import Platform
import SMTPTransport
import TestSupport
import Testing

@Suite struct LoginCheckTests {
    /// `files` lie in FOLDER, with this mode.
    private func check(
        _ account: String, alias: String = "", files: [String: [UInt8]] = [:], mode: mode_t = 0o600,
        under wrapper: [String] = []
    ) throws -> (HeraldRun, TemporaryFolder) {
        let folder = try TemporaryFolder()
        let text = """
            report: {to_email: admin@example.org}
            watch: {journal: {enabled: false}}
            smtp: {accounts: [{name: office, server: smtp.example.org, \(account.replacing("FOLDER", with: folder.path))}]}
            aliases: [{description: alerts, address: herald@example.org\(alias.replacing("FOLDER", with: folder.path))}]
            paths: {state: \(folder.path)/state, spool: \(folder.path)/spool, run: \(folder.path)/run}
            """
        try Files.write(text.utf8, to: folder("herald.yaml"))
        try Files.write("{}".utf8, to: folder("key.json"))
        for (name, bytes) in files { try Files.write(bytes, to: folder(name), mode: mode) }
        return (try HeraldRun(["check", "--config", folder("herald.yaml")], under: wrapper), folder)
    }

    @Test(
        "what is missing of a login has its place",
        arguments: [
            ("login: x, password_command: [/nonexistent/pass, show]", "the program /nonexistent/pass cannot be run"),
            ("login: x, password_file: FOLDER/none", "the password file"),
            ("oauth: {provider: google, key_file: FOLDER/none}", "the service account's key"),
            ("oauth: {provider: google, key_file: FOLDER/key.json}", "it is no service account's key"),
            (
                "oauth: {provider: google, client_id: c, client_secret_file: FOLDER/none}",
                "the file of the client secret"
            ),
            ("oauth: {provider: google, client_id: c, ca_file: FOLDER/none}", "the file of certificates"),
            ("auth: external, client_certificate: FOLDER/none", "the client's certificate"),
        ])
    func missing(_ account: String, _ words: String) throws {
        let (run, _) = try check(account)
        #expect(run.code == .exited(2))
        #expect(
            run.errors.split(separator: "\n").contains { $0.contains("herald.yaml:3:") && $0.contains(words) },
            "\(run.errors)")
    }

    @Test(
        "what a file of secrets or certificates does not hold is an error, whatever else it holds",
        arguments: [
            ("login: x, password_file: FOLDER/text", "", "text has nothing in its first line"),
            ("login: x, password_file: FOLDER/text", "\nsecret\n", "text has nothing in its first line"),
            ("login: x, password: y, ca_file: FOLDER/text", "root:x:0:0\n", "no certificate or crl found"),
            ("auth: external, client_certificate: FOLDER/text", "root:x:0:0\n", "there is no certificate in it"),
            ("auth: external, client_certificate: FOLDER/text", "CERTIFICATE", "there is no key in it"),
            (
                "oauth: {provider: google, client_id: c, client_secret_file: FOLDER/text}", "\n",
                "text has nothing in its first line"
            ),
            ("oauth: {provider: microsoft, client_id: c, ca_file: FOLDER/text}", "x", "no certificate or crl found"),
        ])
    func contents(_ account: String, _ text: String, _ words: String) throws {
        let certificate = try ServerCertificate.make().authorityPEM
        let (run, _) = try check(
            account, files: ["text": text == "CERTIFICATE" ? certificate : Array(text.utf8)])
        #expect(run.code == .exited(2))
        #expect(
            run.errors.split(separator: "\n").contains { $0.contains("herald.yaml:3:") && $0.contains(words) },
            "\(run.errors)")
        #expect(!run.errors.contains("root:x"))
    }

    @Test(
        "a file of secrets that others may read or change is warned of; the mailer's group may read it",
        arguments: [
            (0o600, nil), (0o400, nil), (0o640, "owner's"), (0o644, "may be read by others"),
            (0o666, "may be read and changed by others"), (0o620, "may be changed by others"),
        ] as [(mode_t, String?)])
    func permissions(_ mode: mode_t, _ words: String?) throws {
        for account in ["login: x, password_file: FOLDER/text", "auth: external, client_certificate: FOLDER/text"] {
            let (run, _) = try check(account, files: ["text": Array("secret\n".utf8)], mode: mode)
            let said = run.errors.split(separator: "\n").first { $0.contains("by others: chmod 600") }
            // Root's group is root; who else runs this has a group that others may be in.
            let expected = words == "owner's" ? geteuid() == 0 ? nil : "may be read by others" : words
            #expect((said != nil) == (expected != nil), "\(run.errors)")
            if let expected { #expect(said?.contains("warning: the ") == true && said?.contains(expected) == true) }
        }
    }

    @Test(
        "what cannot work though nothing in it is wrong is warned of",
        arguments: [
            ("enabled: false", "no account is enabled in smtp.accounts: all letters wait"),
            ("oauth: {provider: google, client_id: c}", "Google asks for the application's secret too"),
        ])
    func useless(_ account: String, _ words: String) throws {
        let (run, _) = try check(account)
        #expect(run.code == .exited(0), "\(run.errors)")
        #expect(
            run.errors.split(separator: "\n").contains { $0.contains("herald.yaml:3:") && $0.contains(words) },
            "\(run.errors)")
        let (well, _) = try check("login: x, password: y")
        #expect(!well.errors.contains(words))
    }

    @Test("a name that cannot be shown is none", arguments: [#""one\e[31m""#, #""""#, #""a\u202eb""#])
    func names(_ name: String) throws {
        for (yaml, key) in [
            ("smtp: {accounts: [{name: \(name), server: a.example, security: none}]}", "name"),
            ("aliases: [{description: \(name), address: a@example.org}]", "description"),
        ] {
            let folder = try TemporaryFolder()
            try Files.write(yaml.utf8, to: folder("herald.yaml"))
            let run = try HeraldRun(["check", "--config", folder("herald.yaml")])
            #expect(run.code == .exited(2) && run.errors.contains("'\(key)'"), "\(run.errors)")
            #expect(!run.errors.contains("\u{1b}") && !run.errors.contains("\u{202e}"))
        }
    }

    @Test("that nobody has signed in yet is a warning that names the command") func nobody() throws {
        let (run, _) = try check("oauth: {provider: microsoft, client_id: c}")
        #expect(run.code == .exited(0))
        #expect(
            run.errors.contains("nobody has signed in for account 'office' yet: herald login office"), "\(run.errors)")
        let folder = "{server: imap.example.org, oauth: {provider: google, client_id: c}}"
        let (other, _) = try check("login: x, password: y", alias: ", sent_folder: \(folder)")
        #expect(other.errors.contains("herald login --sent-folder alerts"), "\(other.errors)")
    }

    @Test(
        "without curl, what needs it says what to install",
        .enabled(if: geteuid() == 0, "a mount of its own needs root"))
    func curl() throws {
        let without = [
            "/usr/bin/unshare", "--mount", "/bin/sh", "-c",
            "mount --bind /dev/null /usr/bin/curl && exec \"$0\" \"$@\"",
        ]
        let (token, _) = try check("oauth: {provider: microsoft, client_id: c}", under: without)
        #expect(token.code == .exited(2))
        #expect(token.errors.contains("no access token can be had without it: apt-get install curl"), "\(token.errors)")
        let sent = ", sent_folder: {server: imap.example.org, login: x, password: y}"
        let (copy, _) = try check("login: x, password: y", alias: sent, under: without)
        #expect(copy.code == .exited(0), "the mail goes without it")
        #expect(
            copy.errors.contains("no copy of what was sent is filed without it: apt-get install curl"), "\(copy.errors)"
        )
        #expect(try check("login: x, password: y", alias: sent).0.errors.contains("curl") == false)
    }
}
