// The diagnoses of logins with access tokens, which the mailer keeps: it runs, and a token endpoint with it.

import Formats
import Mailing
import Platform
import Settings
import TestSupport
import Testing

@Suite struct ConnectionTokenTests {
    /// `herald test-connection` on an account that gets its tokens as this client of the endpoint.
    private func run(
        _ client: String, _ peer: TokenPeer, port: Int, runs: Bool = true, signedIn: Bool = false,
        _ more: String = "client_secret_file: FOLDER/secret", endpoint: Int? = nil
    ) throws -> HeraldRun {
        let site = try TestSite(
            settings: """
                report: {to_email: admin@example.org}
                aliases: [{description: alerts, address: herald@example.org, default: true}]
                watch: {journal: {enabled: false}}
                """,
            accounts: "[{name: office, server: 127.0.0.1, port: \(port), security: none, allow_plaintext_login: true, "
                + "login: herald@example.org, oauth: "
                + "\(peer.oauth(client, more).replacing(":\(peer.port)/token", with: ":\(endpoint ?? peer.port)/token"))}]"
        )
        try Files.write("open sesame\n".utf8, to: site.folder + "/secret", mode: 0o600)
        if signedIn {
            let application = try #require(
                Settings.read(site.folder + "/herald.yaml").settings?.smtp.accounts.first?.oauth?.client)
            let record: JSON = ["version": 1, "client": .string(application), "refresh_token": "first"]
            try Files.makeDirectories(site.folder + "/state/mailer/tokens")
            let path = site.folder + "/state/mailer/tokens/account-office.json"
            try Files.write(record.text.utf8, to: path, mode: 0o600)
        }
        if runs {
            try site.start("mailer")
            try site.awaitReady("mailer")
        }
        return try HeraldRun(["test-connection", "--config", site.folder + "/herald.yaml"])
    }

    private let hello: [ScriptedPeer.Step] = [
        .say("220 s"), .expect("EHLO"), .say("250-s"), .say("250 AUTH XOAUTH2"),
    ]

    @Test("a token of the mailer's logs in") func well() throws {
        let server = try ScriptedPeer(hello + [.expect("AUTH XOAUTH2 "), .say("235 2.7.0 in")])
        defer { server.stop() }
        let run = try run("app", TokenPeer(), port: server.port)
        #expect(run.code == .exited(0) && run.lines.last == "Status: OK", "\(run.output)\(run.errors)")
        #expect(run.output.contains("as herald@example.org by XOAUTH2: 235 2.7.0 in") && !run.output.contains("app-1"))
    }

    @Test("a token that is good, and a mailbox that does not let its bearer send") func noRights() throws {
        let refusal = ScriptedPeer.Step.say("535 5.7.3 Authentication unsuccessful")
        let server = try ScriptedPeer(hello + [.expect("AUTH"), refusal, .expect("AUTH"), refusal])
        defer { server.stop() }
        let run = try run("app", TokenPeer(), port: server.port)
        run.tells(
            "login", cause: "the mailbox does not let its bearer send", remedy: "the right to send as this mailbox")
        #expect(run.output.contains("The server says: 535 5.7.3"))
    }

    @Test("a consent that is gone; nobody who has signed in") func signInAgain() throws {
        let peer = try TokenPeer()
        let device = "device_url: 'URL/devicecode'"
        let revoked = try run("revoked", peer, port: 1, signedIn: true, device)
        revoked.tells("login", cause: "the password was changed", remedy: "run herald login office")
        #expect(revoked.output.contains("What happened: invalid_grant: AADSTS50173"), "\(revoked.output)")
        let nobody = try run("well", peer, port: 1, device)
        #expect(nobody.output.contains("nobody has signed in for account 'office'"), "\(nobody.output)")
        #expect(nobody.output.contains("What to do: run herald login office"), "\(nobody.output)")
    }

    @Test("a sign-in that nothing in common with the server is of use to; an endpoint that waiting does not mend")
    func useless() throws {
        let peer = try TokenPeer()
        let server = try ScriptedPeer([.say("220 s"), .expect("EHLO"), .say("250-s"), .say("250 AUTH PLAIN LOGIN")])
        defer { server.stop() }
        let common = try run("app", peer, port: server.port)
        common.tells("login", cause: "is offered: OAUTHBEARER XOAUTH2", remedy: "this one takes no access tokens")
        let closed = try ScriptedPeer([])
        closed.stop()
        let hello = try ScriptedPeer(self.hello)
        defer { hello.stop() }
        let away = try run("app", peer, port: hello.port, endpoint: closed.port)
        #expect(away.line("  What to do: ").contains("oauth's token_url"), "\(away.output)")
    }

    @Test("without the mailer there is no token: told, with what to do") func noMailer() throws {
        let run = try run("app", TokenPeer(), port: 1, runs: false)
        #expect(run.code == .exited(1) && run.output.contains("systemctl start herald-mailer"), "\(run.output)")
    }
}
