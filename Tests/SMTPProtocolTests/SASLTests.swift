import Formats
import SMTPProtocol
import Testing

private let user = Credentials(login: "user", password: "pencil")

private func text(_ bytes: [UInt8]?) -> String { String(decoding: bytes ?? [], as: UTF8.self) }

@Suite struct SASLTests {
    @Test("SCRAM-SHA-1 goes as in RFC 5802 section 5") func scramSHA1() throws {
        var exchange = SASLExchange(.scramSHA1, user, nonce: "fyko+d2lbbFgONRv9qkxdawL")
        #expect(text(exchange.initialResponse) == "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL")
        let final = try exchange.respond(
            to: Array("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096".utf8),
            initialWasSent: true)
        #expect(
            text(final) == "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=")
        #expect(!exchange.mayFinish)
        let last = try exchange.respond(to: Array("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=".utf8), initialWasSent: true)
        #expect(last.isEmpty)
        #expect(exchange.mayFinish)
    }

    @Test("SCRAM-SHA-256 goes as in RFC 7677 section 3") func scramSHA256() throws {
        var exchange = SASLExchange(.scramSHA256, user, nonce: "rOprNGfwEbeRWgbNEkqO")
        #expect(text(exchange.initialResponse) == "n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
        let final = try exchange.respond(
            to: Array(
                "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".utf8),
            initialWasSent: true)
        #expect(
            text(final) == "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
        _ = try exchange.respond(
            to: Array("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=".utf8), initialWasSent: true)
        #expect(exchange.mayFinish)
    }

    @Test(
        "row 55: a server that cheats is not believed",
        arguments: [
            "r=other,s=QSXCR+Q6sek8bf92,i=4096", "r=fyko,s=QSXCR+Q6sek8bf92,i=4096",
            "r=fykoX,s=QSXCR+Q6sek8bf92,i=4095", "r=fykoX,s=QSXCR+Q6sek8bf92,i=2147483648",
            "r=fykoX,s=QSXCR+Q6sek8bf92,i=1000001", "r=fykoX,s=QSXCR+Q6sek8bf92,i=-1",
            "r=fykoX,s=QSXCR+Q6sek8bf92,i=99999999999999999999999999", "r=fykoX,s=QSXCR+Q6sek8bf92,i=",
        ]) func cheating(_ challenge: String)
    {
        var exchange = SASLExchange(.scramSHA1, user, nonce: "fyko")
        let error = #expect(throws: SASLError.self) {
            try exchange.respond(to: Array(challenge.utf8), initialWasSent: true)
        }
        guard case .untrusted = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        "a challenge that is none is refused",
        arguments: [
            "", "r", "r=fykoX", "r=fykoX,s=QSXC", "s=QSXCR+Q6sek8bf92,r=fykoX,i=4096", "m=x,r=fykoX,s=QSXC,i=4096",
            "r=fykoX,s=!!!,i=4096", "r=fykoX,s=,i=4096", ",,,",
        ]) func damaged(_ challenge: String)
    {
        var exchange = SASLExchange(.scramSHA256, user, nonce: "fyko")
        #expect(throws: SASLError.self) { try exchange.respond(to: Array(challenge.utf8), initialWasSent: true) }
        #expect(!exchange.mayFinish)
    }

    @Test("a wrong signature is not believed", arguments: ["v=AAAA", "v=", "v=!", "x=rmF9", "", "e=other-error"])
    func signature(_ final: String) throws {
        var exchange = SASLExchange(.scramSHA1, user, nonce: "fyko+d2lbbFgONRv9qkxdawL")
        _ = try exchange.respond(
            to: Array("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096".utf8),
            initialWasSent: true)
        #expect(throws: SASLError.self) { try exchange.respond(to: Array(final.utf8), initialWasSent: true) }
        #expect(!exchange.mayFinish)
    }

    @Test("CRAM-MD5 goes as in RFC 2195 section 2") func cramMD5() throws {
        var exchange = SASLExchange(
            .cramMD5, Credentials(login: "tim", password: "tanstaaftanstaaf"), nonce: "")
        #expect(exchange.initialResponse == nil)
        let response = try exchange.respond(
            to: Array("<1896.697170952@postoffice.reston.mci.net>".utf8), initialWasSent: false)
        #expect(text(response) == "tim b913a602c7eda7a495b4e6e7334d3890")
        #expect(throws: SASLError.self) { try exchange.respond(to: [1], initialWasSent: false) }
    }

    @Test("PLAIN and LOGIN say what they say, and no more than they are asked") func plainAndLogin() throws {
        var plain = SASLExchange(.plain, user, nonce: "")
        #expect(text(plain.initialResponse) == "\u{0}user\u{0}pencil")
        #expect(throws: SASLError.self) { try plain.respond(to: [], initialWasSent: true) }
        var late = SASLExchange(.plain, user, nonce: "")
        #expect(try text(late.respond(to: [], initialWasSent: false)) == "\u{0}user\u{0}pencil")
        #expect(throws: SASLError.self) { try late.respond(to: [], initialWasSent: false) }
        var login = SASLExchange(.login, user, nonce: "")
        #expect(try text(login.respond(to: Array("Username:".utf8), initialWasSent: false)) == "user")
        #expect(try text(login.respond(to: Array("Password:".utf8), initialWasSent: false)) == "pencil")
        #expect(throws: SASLError.self) { try login.respond(to: [], initialWasSent: false) }
    }

    @Test(
        "both sides of SCRAM understand each other; a wrong password is refused",
        arguments: [
            ("päss,=word", "päss,=word", true), ("right", "wrong", false),
        ]) func bothSides(_ server: String, _ client: String, _ isRight: Bool) throws
    {
        var exchange = SASLExchange(
            .scramSHA256, Credentials(login: "a=b,c", password: client), nonce: "clientnonce")
        var peer = SCRAMServer(salt: [1, 2, 3, 4])
        let first = try peer.challenge(to: exchange.initialResponse ?? [], nonce: "servernonce")
        #expect(peer.login == "a=b,c")
        let final = try exchange.respond(to: first, initialWasSent: true)
        if isRight {
            let verdict = try peer.verdict(on: final, password: Array(server.utf8))
            _ = try exchange.respond(to: verdict, initialWasSent: true)
            #expect(exchange.mayFinish)
        } else {
            #expect(throws: SASLError.self) { try peer.verdict(on: final, password: Array(server.utf8)) }
        }
    }

    @Test("credentials do not show their password") func hidden() {
        var shown = "\(user) \(String(reflecting: user))"
        dump(user, to: &shown)
        #expect(!shown.contains("pencil"))
        #expect(!shown.contains("112"))  // its first byte
        var copy = user
        copy.wipe()
        #expect(copy.password.isEmpty)
        #expect(user.password == Array("pencil".utf8))
    }
}
