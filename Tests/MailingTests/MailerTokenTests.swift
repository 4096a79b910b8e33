// The mailer that logs in with tokens: the endpoint listens (Tests/Peers/token-server), the sink knows which token is good.

import Authorization
import Formats
import Glibc
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import Settings
import TestSupport
import Testing

@testable import Control
@testable import Mailing

@Suite struct MailerTokenTests {
    private let site: Site
    private let peer: TokenPeer

    init() throws { (site, peer) = (try Site(), try TokenPeer()) }

    private func sink(_ token: String, _ mechanisms: [AuthMechanism] = [.xoauth2]) throws -> SinkServer {
        var options = SinkOptions()
        options.users = [.token(name: "herald@example.org", Secret(token))]
        options.mechanisms = mechanisms
        options.requiresLogin = true
        let sink = try site.sink(options)
        try Files.write(sink.authorityPEM, to: site.folder("ca.pem"))
        return sink
    }

    private func settings(_ sink: SinkServer, _ client: String, auth: String = "auto", more: String = "") throws
        -> Settings
    {
        try site.settings(
            accounts: "name: office, server: localhost, port: \(sink.port), security: starttls, auth: \(auth), "
                + "ca_file: \(site.folder("ca.pem")), login: herald@example.org, oauth: \(peer.oauth(client))\(more)")
    }

    /// As `herald login` leaves it with the mailer stopped.
    private func signIn(_ settings: Settings, token: String, lifetime: Duration = .seconds(3600)) throws {
        let owner = TokenOwner.account("office")
        let source = try #require(settings.tokenSources[owner])
        var record = TokenRecord(client: source.oauth.client)
        record.take(
            TokenReply(accessToken: Secret(token), lifetime: lifetime, refreshToken: Secret("first")),
            at: SystemClock.now())
        let folder = site.folder("state/mailer")
        try Files.makeDirectories(folder)
        try TokenKeeper.put(record, for: owner, folder: folder)
    }

    private func accountState(_ settings: Settings) throws -> AccountState {
        var book = AccountBook(settings.smtp.accounts)
        try site.queue().restore(&book, at: SystemClock.now())
        return try #require(book["office"])
    }

    @Test(
        "letters go with a token that is renewed first",
        arguments: [("xoauth2", AuthMechanism.xoauth2), ("oauthbearer", .oauthbearer), ("auto", .oauthbearer)])
    func delivered(_ auth: String, _ mechanism: AuthMechanism) throws {
        let sink = try sink("well-1", [.xoauth2, .oauthbearer])
        defer { sink.stop() }
        let settings = try settings(sink, "well", auth: auth)
        try signIn(settings, token: "old", lifetime: .milliseconds(1))
        let letters = (0..<3).map { _ in Letter.sample() }
        for letter in letters { try site.hand(letter) }
        try site.run(settings)
        #expect(site.messages.count == 3)
        #expect(site.messages.allSatisfy { $0.login == "herald@example.org" && $0.mechanism == mechanism })
        #expect(try peer.requests(of: "well").count == 1)
    }

    @Test("row 57: a token that the server refuses is renewed once, and the login tried once more")
    func refreshedOnce() throws {
        let sink = try sink("well-1")
        defer { sink.stop() }
        let settings = try settings(sink, "well")
        try signIn(settings, token: "refused")
        let letter = Letter.sample()
        try site.hand(letter)
        try site.run(settings)
        #expect(site.messages.count == 1)
        #expect(try site.rows(letter).map(\.state) == [.sent])
        #expect(try site.rows(letter).map(\.attempts) == [1])
        #expect(try peer.requests(of: "well").count == 1)
    }

    @Test("row 57: refused again, the account pauses; nothing is failed, and the endpoint was asked once")
    func refusedTwice() throws {
        let sink = try sink("another")
        defer { sink.stop() }
        let settings = try settings(sink, "well")
        try signIn(settings, token: "refused")
        let letter = Letter.sample()
        try site.hand(letter)
        try site.run(settings, noWait: true)
        #expect(try site.rows(letter).map(\.state) == [.queued])
        let state = try accountState(settings)
        #expect(state.needsPerson && state.fault?.contains("535") == true)
        #expect(try peer.requests(of: "well").count == 1)
    }

    @Test(
        "a sign-in that holds no more pauses the account and says what to do; with a new one, by root alone, the letters go"
    )
    func signInAgain() throws {
        let sink = try sink("open-sesame")
        defer { sink.stop() }
        let settings = try settings(sink, "revoked")
        try signIn(settings, token: "old", lifetime: .milliseconds(1))
        let letter = Letter.sample()
        try site.hand(letter)
        try site.run(settings, noWait: true)
        let fault = try #require(try accountState(settings).fault)
        #expect(fault.contains("invalid_grant: AADSTS50173") && fault.contains("run herald login office"), "\(fault)")
        #expect(try accountState(settings).needsPerson)

        let mailer = try Running(site, settings)
        defer { _ = mailer.stop() }
        let problems = mailer.ask("status").result?["problems"]?.array?.compactMap(\.string) ?? []
        #expect(problems.contains { $0.contains("herald login office") }, "\(problems)")
        let source = try #require(settings.tokenSources[.account("office")])
        var record = TokenRecord(client: source.oauth.client)
        record.take(
            TokenReply(
                accessToken: Secret("open-sesame"), lifetime: .seconds(3600), refreshToken: Secret("r"),
                address: "herald@example.org"),
            at: SystemClock.now())
        let body = record.encoded.withBytes { Array($0) }
        for uid in [UInt32(1000), 65534] {
            #expect(mailer.ask("token-put", ["account": "office"], body: body, uid: uid).kind == .denied)
        }
        #expect(mailer.ask("token-put", ["account": "other"], body: body, uid: 0).error != nil)
        #expect(mailer.ask("token-put", ["account": "office"], body: Array("x".utf8), uid: 0).error != nil)
        #expect(mailer.ask("token-put", ["account": "office"], body: body, uid: 0).error == nil)
        #expect(mailer.waitForArrival())
        #expect(site.messages.map(\.login) == ["herald@example.org"])
        let account = mailer.ask("status").result?["accounts"]?.array?.first
        #expect(account?["oauth"]?["signed_in_as"]?.string == "herald@example.org")
        #expect(!(mailer.ask("status").result?.text.contains("sesame") ?? true), "no token is ever shown")
    }

    @Test("an access token is given over the socket to root and the mailer's own user alone") func accessToken() throws
    {
        let sink = try sink("well-1")
        defer { sink.stop() }
        let settings = try settings(sink, "well")
        try signIn(settings, token: "old", lifetime: .milliseconds(1))
        let keeper = TokenKeeper(folder: site.folder("state/mailer"), log: Site.log)
        keeper.update(settings)
        func ask(_ name: String, uid: UInt32, refused: String = "") -> ControlResponse? {
            keeper.answer(
                ControlRequest(
                    command: name, arguments: ["account": "office"], body: Array(refused.utf8),
                    peer: ControlPeer(pid: 1, uid: uid, gid: uid)))
        }
        #expect(ask("status", uid: 0) == nil)
        #expect(ask("access-token", uid: geteuid() + 1)?.kind == .denied)
        #expect(try peer.requests(of: "well").isEmpty)
        let answer = ask("access-token", uid: 0)
        #expect(answer?.body == Array("well-1".utf8) && answer?.result?["login"]?.string == "herald@example.org")
        #expect(ask("access-token", uid: 0)?.body == Array("well-1".utf8))
        #expect(ask("access-token", uid: 0, refused: "well-1")?.body == Array("well-2".utf8))
    }

    @Test("a sign-in that has rested for a week is used, so that its provider does not forget it; a paused one is not")
    func rested() throws {
        let sink = try sink("well-1")
        defer { sink.stop() }
        let settings = try settings(sink, "well")
        try signIn(settings, token: "old", lifetime: .milliseconds(1))
        let mailer = try site.mailer(settings, Mailer.Options())
        let now = SystemClock.now()
        #expect(mailer.tokens.rested(at: now + .seconds(6 * 86400)).isEmpty)
        for isPaused in [false, true] {
            mailer.agenda.rested = mailer.tokens.rested(at: now + .seconds(8 * 86400))
            #expect(mailer.agenda.rested == ["office"])
            if isPaused { mailer.book["office"]?.fault = "no" }
            var effects = Effects()
            mailer.useRested(&effects)
            let orders = effects.orders.map { "\($0.order) \($0.account.name)" }
            #expect(orders == (isPaused ? [] : ["probe office"]))
            #expect(mailer.agenda.rested.isEmpty)
        }
    }

    @Test("four connections that need a token at once ask once") func oneAtATime() throws {
        let sink = try sink("slow-1")
        defer { sink.stop() }
        let settings = try settings(sink, "slow", more: ", max_connections: 4")
        try signIn(settings, token: "old", lifetime: .milliseconds(1))
        let keeper = TokenKeeper(folder: site.folder("state/mailer"), log: Site.log)
        keeper.update(settings)
        let workers = try (0..<4).map { _ in
            try Worker.start("asks") { _ = try? keeper.token(for: .account("office")) }
        }
        for worker in workers { worker.join() }
        let asked = try peer.requests(of: "slow")
        #expect(asked.count == 1 && asked.allSatisfy { $0["under_way"]?.int == 1 })
        #expect(try keeper.token(for: .account("office")).token == Secret("slow-1"))
    }

    @Test(
        "an application with a secret of its own needs nobody; a wrong secret pauses and says so",
        arguments: [true, false])
    func application(_ isRight: Bool) throws {
        let sink = try sink("app-1")
        defer { sink.stop() }
        try Files.write((isRight ? "open sesame\n" : "guess\n").utf8, to: site.folder("secret"))
        let oauth = peer.oauth("app", "client_secret_file: \(site.folder("secret"))")
        let settings = try site.settings(
            accounts: "name: office, server: localhost, port: \(sink.port), security: starttls, "
                + "ca_file: \(site.folder("ca.pem")), login: herald@example.org, oauth: \(oauth)")
        let letter = Letter.sample()
        try site.hand(letter)
        try site.run(settings, noWait: true)
        #expect(site.messages.count == (isRight ? 1 : 0))
        if !isRight { #expect(try accountState(settings).fault?.contains("not its id") == true) }
        #expect(
            try FileStatus.of(site.folder("state/mailer/tokens")) == nil, "nothing is kept that nobody signed in for")
    }
}
