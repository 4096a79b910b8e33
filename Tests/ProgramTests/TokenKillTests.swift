// A mailer that is killed (SIGKILL) around the renewal of a token that is replaced: Tests/Peers/token-server takes each refresh
// token once.

import Formats
import Glibc
import Platform
import SMTPTransport
import TestSupport
import Testing

@Suite struct TokenKillTests {
    private func site(_ peer: TokenPeer, _ server: ScriptedPeer, _ client: String, _ authority: [UInt8]) throws
        -> TestSite
    {
        let site = try TestSite(
            settings: """
                report: {to_email: admin@example.org}
                aliases: [{description: alerts, address: herald@example.org, default: true}]
                watch: {journal: {enabled: false}}
                """,
            accounts: """
                [{name: office, server: localhost, port: \(server.port), security: tls, auth: xoauth2, ca_file: FOLDER/ca.pem,
                login: herald@example.org, oauth: \(peer.oauth(client))}]
                """)
        try Files.write(authority, to: site.folder + "/ca.pem")
        // A sign-in of which nothing but the refresh token is left.
        let record: JSON = [
            "version": 1, "client": .string("custom \(client) \(peer.url)/token"), "refresh_token": "first",
        ]
        try Files.makeDirectories(site.folder + "/state/mailer/tokens")
        try Files.write(Array(record.text.utf8), to: Self.file(site))
        return site
    }

    private static func file(_ site: TestSite) -> String { site.folder + "/state/mailer/tokens/account-office.json" }

    private func kept(_ site: TestSite) throws -> JSON { try JSON.parse(try Files.read(Self.file(site))) }

    private func send(_ site: TestSite) throws {
        let child = ChildProcess(
            ["\(TestSite.programs)/herald", "send", "admin@example.org", "--config", site.folder + "/herald.yaml"],
            deadline: .seconds(60))
        let result = try child.run(input: Array("Subject: x\n\nhello\n".utf8))
        try #require(result.ending == .exited(0), "\(result.words)")
    }

    @Test("between the reply and its use: what replaced the token is on the disk, and serves after the restart")
    func beforeUse() throws {
        let peer = try TokenPeer()
        let certificate = try ServerCertificate.make()
        let (reached, go) = (try WakeUp(), try WakeUp())
        // The first connection comes when the token has been renewed, and before it is used; the second refuses the token, so
        // that the refresh token of the first renewal has to serve.
        let server = try ScriptedPeer(
            [
                .run {
                    reached.signal()
                    _ = try Poller.wait([(go.descriptor.number, .readable)], timeout: .seconds(60))
                }, .cut,
            ],
            [
                .startTLS(certificate), .say("220 s"), .expect("EHLO"), .say("250-s"), .say("250 AUTH XOAUTH2"),
                .expect("AUTH XOAUTH2 "), .say("334 eyJzdGF0dXMiOiI0MDEifQ=="), .expect(""), .say("535 5.7.8 no"),
                .expect("AUTH XOAUTH2 "), .say("235 ok"), .expect("MAIL"), .say("250 ok"), .expect("RCPT"),
                .say("250 ok"),
                .expect("DATA"), .say("354 go"), .expectMessage, .say("250 taken"), .expect("QUIT"), .say("221 bye"),
                .close,
            ])
        defer { server.stop() }
        let site = try site(peer, server, "rotating", certificate.authorityPEM)
        try site.start("mailer")
        try site.awaitReady("mailer")
        try send(site)
        #expect(try Poller.wait([(reached.descriptor.number, .readable)], timeout: .seconds(60)) == [0])
        site.kill("mailer")
        go.signal()
        #expect(try kept(site)["refresh_token"]?.string == "refresh-2")
        #expect(try kept(site)["access_token"]?.string == "rotating-1")
        try site.start("mailer")
        try site.awaitReady("mailer")
        #expect(
            try site.eventually(within: .seconds(120)) { server.messages.count == 1 },
            "\(site.log("mailer"))\n\(server.lines)")
        #expect(site.stop("mailer") == 0)
        let asked = try peer.requests(of: "rotating").compactMap { $0["refresh_token"]?.string }
        #expect(asked == ["first", "refresh-2"])
        #expect(try kept(site)["refresh_token"]?.string == "refresh-3")
        #expect(server.problems == [])
    }

    @Test(
        "before the reply has come: the old token is tried still, and where that is of no use, the words say sign in again"
    )
    func beforeReply() throws {
        let peer = try TokenPeer()
        let server = try ScriptedPeer([.stall])
        defer { server.stop() }
        let site = try site(peer, server, "late", try ServerCertificate.make().authorityPEM)
        try site.start("mailer")
        try site.awaitReady("mailer")
        try send(site)
        let isDecided = try site.eventually(within: .seconds(60)) {
            try peer.requests(of: "late").contains { $0["path"]?.string == "decided" }
        }
        #expect(isDecided)
        site.kill("mailer")
        #expect(try kept(site)["refresh_token"]?.string == "first")
        // The endpoint took the token, and the reply is lost with the mailer.
        try site.start("mailer")
        try site.awaitReady("mailer")
        #expect(
            try site.eventually(within: .seconds(120)) {
                try site.ask("mailer", "status").result["problems"]?.array?.contains {
                    $0.string?.contains("run herald login office") == true
                } == true
            }, "\(site.log("mailer"))")
        #expect(
            try peer.requests(of: "late").filter { $0["path"]?.string == "/token" }.map { $0["refresh_token"]?.string }
                == ["first", "first"])
        #expect(server.connections == 0)
        #expect(site.stop("mailer") == 0)
    }
}
