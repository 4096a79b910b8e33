// What `herald check` says of logins: files, programs, curl, somebody who has signed in.

import Glibc
import Platform
import TestSupport
import Testing

@Suite struct LoginCheckTests {
    private func check(_ account: String, alias: String = "", under wrapper: [String] = []) throws -> (
        HeraldRun, TemporaryFolder
    ) {
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
