// Tokens: renewed in time, one at a time, kept before they are used. Against a keeper whose endpoint is a closure, so that
// each moment can be chosen; MailerTokenTests has the endpoint that listens.

import Authorization
import Formats
import Glibc
import Platform
import SMTPProtocol
import Settings
import Synchronization
import TestSupport
import Testing

@testable import Mailing

private let owner = TokenOwner.account("office")

/// A keeper for one account, whose endpoint says what the test says, and counts.
private final class Desk: Sendable {
    typealias Answering = @Sendable (_ form: String, _ count: Int) throws -> OAuthAnswer

    let folder: TemporaryFolder
    let keeper: TokenKeeper
    let settings: Settings
    private let asked: Asked

    private final class Asked: Sendable { let forms = Mutex<[String]>([]) }

    init(
        _ folder: TemporaryFolder? = nil, oauth: String = Desk.device, login: String = "login: m@b.example, ",
        _ answering: @escaping Answering
    ) throws {
        let place = try folder ?? TemporaryFolder()
        let asked = Asked()
        (self.folder, self.asked) = (place, asked)
        settings = try Sample.settings(
            "smtp: {accounts: [{name: office, server: localhost, \(login)oauth: {\(oauth)}}]}", folder: place.path)
        keeper = TokenKeeper(folder: place("state/mailer"), log: Site.log) { request, _ in
            let form = request.body.withBytes { String(decoding: $0, as: UTF8.self) }
            let count = asked.forms.withLock { forms in
                forms.append(form)
                return forms.count
            }
            do { return try answering(form, count) } catch { return .nothing("\(error)") }
        }
        keeper.update(settings)
    }

    static let device =
        "provider: custom, client_id: c, token_url: 'https://a.example/t', device_url: 'https://a.example/d'"

    var forms: [String] { asked.forms.withLock { $0 } }

    /// Somebody has signed in, with a token that holds for so long.
    func signIn(lifetime: Duration = .seconds(3600), refresh: String = "first", refreshLifetime: Duration? = nil) throws
    {
        try keeper.put(record(lifetime: lifetime, refresh: refresh, refreshLifetime: refreshLifetime), for: owner)
    }

    /// What such a sign-in brought, so long ago.
    func record(
        _ token: String = "at-0", lifetime: Duration = .seconds(3600), refresh: String = "first",
        refreshLifetime: Duration? = nil, address: String? = "signed@in.example", ago: Duration = .zero
    ) throws -> TokenRecord {
        let source = try #require(settings.tokenSources[owner])
        var record = TokenRecord(client: source.oauth.client)
        record.take(
            TokenReply(
                accessToken: Secret(token), lifetime: lifetime, refreshToken: Secret(refresh),
                refreshLifetime: refreshLifetime, address: address), at: SystemClock.now() - ago)
        return record
    }

    var file: TokenRecord? {
        (try? Files.read(TokenKeeper.file(of: owner, folder: folder("state/mailer")))).flatMap { TokenRecord($0) }
    }
}

private func token(_ name: String, refresh: String? = nil, expires: Int = 3600) -> OAuthAnswer {
    let more = refresh.map { ",\"refresh_token\":\"\($0)\"" } ?? ""
    return .http(
        status: 200, retryAfter: "", body: Array("{\"access_token\":\"\(name)\",\"expires_in\":\(expires)\(more)}".utf8)
    )
}

private func refusal(_ status: Int, _ error: String, retryAfter: String = "") -> OAuthAnswer {
    .http(status: status, retryAfter: retryAfter, body: Array("{\"error\":\"\(error)\"}".utf8))
}

@Suite struct TokenKeeperTests {
    @Test("a token that holds is used without a question; one that ends within five minutes is renewed first")
    func margin() throws {
        let desk = try Desk { _, count in token("at-\(count)") }
        try desk.signIn(lifetime: .seconds(3600))
        #expect(try desk.keeper.token(for: owner).token == Secret("at-0"))
        #expect(try desk.keeper.token(for: owner).name == "m@b.example")
        #expect(desk.forms.isEmpty)
        // Half of the time of a short one; a token of 400 s that has 300 s left is good still.
        try desk.signIn(lifetime: .seconds(100))
        #expect(try desk.keeper.token(for: owner).token == Secret("at-0"))
        try desk.keeper.put(desk.record("old", ago: .seconds(3310)), for: owner)
        #expect(try desk.keeper.token(for: owner).token == Secret("at-1"))
        #expect(try desk.keeper.token(for: owner).token == Secret("at-1"))
        #expect(desk.forms == ["grant_type=refresh_token&refresh_token=first&client_id=c"])
        #expect(desk.file?.accessToken == Secret("at-1") && desk.file?.refreshToken == Secret("first"))
    }

    @Test("without a login, the mailbox is whose has signed in; without that it is a fault that says so")
    func name() throws {
        let desk = try Desk(login: "") { _, _ in token("at") }
        try desk.signIn()
        #expect(try desk.keeper.token(for: owner).name == "signed@in.example")
        let other = try Desk(login: "") { _, _ in token("at") }
        try other.keeper.put(other.record(address: nil), for: owner)
        let fault = #expect(throws: SessionFault.self) { _ = try other.keeper.token(for: owner) }
        #expect(fault?.isAccountFault == true && fault?.remedy.contains("'login'") == true)
    }

    @Test("ten threads that need a token ask once, and all get it") func oneAtATime() throws {
        let (begun, go) = (try WakeUp(), try WakeUp())
        let desk = try Desk { _, count in
            begun.signal()
            _ = try Poller.wait([(go.descriptor.number, .readable)], timeout: .seconds(20))
            return token("at-\(count)", refresh: "second")
        }
        try desk.signIn(lifetime: .seconds(1) / 1000)
        let got = Mutex<[Secret?]>([])
        try withWorkers(10) {
            let token = (try? desk.keeper.token(for: owner))?.token
            got.withLock { $0.append(token) }
        } meanwhile: {
            _ = try Poller.wait([(begun.descriptor.number, .readable)], timeout: .seconds(20))
            go.signal()
        }
        #expect(got.withLock { $0 } == Array(repeating: Secret("at-1"), count: 10))
        #expect(desk.forms.count == 1)
    }

    private func withWorkers(_ count: Int, _ body: @escaping @Sendable () -> Void, meanwhile: () throws -> Void) throws
    {
        let workers = try (0..<count).map { try Worker.start("asks \($0)", body) }
        defer { for worker in workers { worker.join() } }
        try meanwhile()
    }

    @Test("a refresh token that replaces another is on the disk before the access token is given out")
    func rotation() throws {
        let folder = try TemporaryFolder()
        let desk = try Desk(folder) { form, count in
            form.contains("refresh_token=\(count == 1 ? "first" : "r-1")&")
                ? token("at-\(count)", refresh: "r-\(count)", expires: 1) : refusal(400, "invalid_grant")
        }
        try desk.signIn(lifetime: .milliseconds(1))
        #expect(try desk.keeper.token(for: owner).token == Secret("at-1"))
        #expect(desk.file?.refreshToken == Secret("r-1"))
        let status = try #require(try FileStatus.of(TokenKeeper.file(of: owner, folder: folder("state/mailer"))))
        #expect(status.permissions == 0o600)
        #expect(try FileStatus.of(folder("state/mailer/tokens"))?.permissions == 0o700)
        // A start that finds the file goes on from there.
        let next = try Desk(folder) { form, _ in
            form.contains("refresh_token=r-1&") ? token("next") : refusal(400, "invalid_grant")
        }
        #expect(try next.keeper.token(for: owner, refused: Secret("at-1")).token == Secret("next"))
    }

    @Test("a refresh token that cannot be kept is not used: the next try keeps it first, and asks for none")
    func unwritable() throws {
        let desk = try Desk { _, count in token("at-\(count)", refresh: "r-\(count)") }
        try desk.signIn(lifetime: .milliseconds(1))
        let tokens = desk.folder("state/mailer/tokens")
        try Files.removeTree(tokens)
        try Files.write([], to: tokens)  // no folder can be made there
        for _ in 0..<3 {
            let fault = #expect(throws: SessionFault.self) { _ = try desk.keeper.token(for: owner) }
            #expect(fault?.words.contains("cannot be kept") == true && fault?.isAccountFault == false)
        }
        #expect(desk.forms.count == 1)
        try Files.remove(tokens)
        #expect(try desk.keeper.token(for: owner).token == Secret("at-1"))
        #expect(desk.file?.refreshToken == Secret("r-1"))
        #expect(desk.forms.count == 1)
    }

    @Test("a token that a server has refused is renewed once, for all who held it") func refused() throws {
        let desk = try Desk { _, count in token("at-\(count)") }
        try desk.signIn()
        #expect(try desk.keeper.token(for: owner, refused: Secret("at-0")).token == Secret("at-1"))
        #expect(try desk.keeper.token(for: owner, refused: Secret("at-0")).token == Secret("at-1"))
        #expect(desk.forms.count == 1)
    }

    @Test(
        "what only a person can mend pauses the account and says what to do",
        arguments: [
            (refusal(400, "invalid_grant"), "run herald login office", true),
            (refusal(400, "interaction_required"), "run herald login office", true),
            (refusal(401, "invalid_client"), "client_id", true), (refusal(400, "invalid_scope"), "scopes", true),
            (refusal(503, "temporarily_unavailable"), "", false), (refusal(500, "x"), "", false),
            (.nothing("no route"), "", false),
            (.http(status: 200, retryAfter: "", body: Array("<html>".utf8)), "", false),
        ] as [(OAuthAnswer, String, Bool)])
    func faults(_ answer: OAuthAnswer, _ remedy: String, _ needsPerson: Bool) throws {
        let desk = try Desk { _, _ in answer }
        try desk.signIn(lifetime: .milliseconds(1))
        let fault = #expect(throws: SessionFault.self) { _ = try desk.keeper.token(for: owner) }
        #expect(fault?.isAccountFault == needsPerson)
        #expect(fault?.isConnectionFault == !needsPerson, "another account takes over meanwhile")
        #expect(fault?.remedy.contains(remedy) == true || remedy.isEmpty)
        #expect(fault?.isTransient == true)
        // The next ones who ask are told the same, and the endpoint is left alone.
        for _ in 0..<3 { #expect(throws: SessionFault.self) { _ = try desk.keeper.token(for: owner) } }
        #expect(desk.forms.count == 1)
    }

    @Test("an endpoint that is away for a while costs nothing while the token holds; that of a person's fault does")
    func resilience() throws {
        let away = Mutex(true)
        let desk = try Desk { _, count in
            away.withLock { $0 }
                ? refusal(503, "temporarily_unavailable", retryAfter: "1") : refusal(400, "invalid_grant")
        }
        let ageing = try desk.record("ageing", ago: .seconds(3400))
        try desk.keeper.put(ageing, for: owner)
        #expect(try desk.keeper.token(for: owner).token == Secret("ageing"))
        #expect(desk.forms.count == 1)
        #expect(throws: SessionFault.self) { _ = try desk.keeper.token(for: owner, refused: Secret("ageing")) }
        away.withLock { $0 = false }
        try desk.keeper.put(ageing, for: owner)
        #expect(throws: SessionFault.self) { _ = try desk.keeper.token(for: owner) }
    }

    @Test("a sign-in that comes while a token is renewed is not overwritten by it, and forgets what went wrong before")
    func race() throws {
        let (begun, go) = (try WakeUp(), try WakeUp())
        let desk = try Desk { _, _ in
            begun.signal()
            _ = try Poller.wait([(go.descriptor.number, .readable)], timeout: .seconds(20))
            return token("stale", refresh: "stale-refresh")
        }
        try desk.signIn(lifetime: .milliseconds(1))
        try withWorkers(1) {
            _ = try? desk.keeper.token(for: owner)
        } meanwhile: {
            _ = try Poller.wait([(begun.descriptor.number, .readable)], timeout: .seconds(20))
            try desk.signIn(refresh: "fresh")
            go.signal()
        }
        #expect(desk.file?.refreshToken == Secret("fresh"))
        #expect(try desk.keeper.token(for: owner).token == Secret("at-0"))
    }

    @Test("nobody has signed in; the tokens are another application's; the file is none: each says sign in")
    func nobody() throws {
        let desk = try Desk { _, _ in token("at") }
        let fault = #expect(throws: SessionFault.self) { _ = try desk.keeper.token(for: owner) }
        #expect(fault?.diagnosis == .signInAgain && fault?.words == "nobody has signed in for account 'office'")
        try desk.signIn()
        let other = try Desk(desk.folder, oauth: Desk.device.replacing("client_id: c", with: "client_id: d")) { _, _ in
            token("at")
        }
        #expect(throws: SessionFault.self) { _ = try other.keeper.token(for: owner) }
        try Files.write("not json".utf8, to: TokenKeeper.file(of: owner, folder: desk.folder("state/mailer")))
        let third = try Desk(desk.folder) { _, _ in token("at") }
        #expect(throws: SessionFault.self) { _ = try third.keeper.token(for: owner) }
        #expect(desk.forms.isEmpty && other.forms.isEmpty && third.forms.isEmpty)
    }

    @Test("an end that is known is warned of from a week before") func warnings() throws {
        let now = SystemClock.now()
        let soon = (now + .seconds(3 * 86400)).rfc3339().prefix(10)
        let desk = try Desk { _, _ in token("at") }
        try desk.signIn(refreshLifetime: .seconds(8 * 86400))
        #expect(desk.keeper.problems(at: now).isEmpty)
        let later = desk.keeper.problems(at: now + .seconds(2 * 86400))
        #expect(
            later.count == 1 && later[0].contains("ends in 5 d 23 h: run herald login office")
                || later[0].contains("6 d"), "\(later)")
        let ended = desk.keeper.problems(at: now + .seconds(9 * 86400))
        #expect(ended.first?.contains("has ended") == true)
        let secret = try Desk(
            oauth: Desk.device + ", client_secret_file: /etc/s, client_secret_expires: \(soon)"
        ) { _, _ in token("at") }
        #expect(
            secret.keeper.problems(at: now).first?.contains("the client secret of account 'office' ends in") == true)
        #expect(desk.keeper.facts(of: owner)?["signed_in_as"]?.string == "signed@in.example")
        #expect(desk.keeper.facts(of: .account("other")) == nil)
    }
}
