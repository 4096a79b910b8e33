import Formats
import TestSupport
import Testing

@testable import SMTPProtocol

private let user = Login.password(name: "user", Secret("pencil"))
private let nonce1 = "fyko+d2lbbFgONRv9qkxdawL"
private let first1 = "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"

private func exchange(
    _ mechanism: AuthMechanism, _ login: Login = user, nonce: String, binding: ChannelBinding = .none
) throws -> SASLExchange {
    try SASLExchange(mechanism, login, .init(nonce: nonce, binding: binding))
}

extension SASLExchange {
    fileprivate mutating func answer(_ challenge: String) throws -> String {
        try respond(to: Array(challenge.utf8), initialWasSent: true).text
    }
}

@Suite struct SCRAMTests {
    @Test("SCRAM-SHA-1 goes as in RFC 5802 section 5") func scramSHA1() throws {
        var exchange = try exchange(.scramSHA1, nonce: nonce1)
        #expect(exchange.initialResponse?.text == "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL")
        #expect(
            try exchange.answer(first1)
                == "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=")
        #expect(!exchange.mayFinish)
        #expect(try exchange.answer("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=").isEmpty)
        #expect(exchange.mayFinish)
    }

    @Test("SCRAM-SHA-256 goes as in RFC 7677 section 3") func scramSHA256() throws {
        var exchange = try exchange(.scramSHA256, nonce: "rOprNGfwEbeRWgbNEkqO")
        #expect(exchange.initialResponse?.text == "n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
        #expect(
            try exchange.answer(
                "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")
                == "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
        _ = try exchange.answer("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
        #expect(exchange.mayFinish)
    }

    @Test(
        "row 55: a server that cheats is not believed",
        arguments: [
            "r=other,s=QSXCR+Q6sek8bf92,i=4096", "r=fyko,s=QSXCR+Q6sek8bf92,i=4096",
            "r=fykoX,s=QSXCR+Q6sek8bf92,i=4095", "r=fykoX,s=QSXCR+Q6sek8bf92,i=2147483648",
            "r=fykoX,s=QSXCR+Q6sek8bf92,i=1000001", "r=fykoX,s=QSXCR+Q6sek8bf92,i=-1",
            "r=fykoX,s=QSXCR+Q6sek8bf92,i=99999999999999999999999999", "r=fykoX,s=QSXCR+Q6sek8bf92,i=",
            "e=server-does-support-channel-binding", "e=channel-bindings-dont-match",
        ]) func cheating(_ challenge: String) throws
    {
        var exchange = try exchange(.scramSHA1, nonce: "fyko")
        let error = #expect(throws: SASLError.self) { try exchange.answer(challenge) }
        guard case .untrusted = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        "a challenge that is none is refused",
        arguments: [
            "", "r", "r=fykoX", "r=fykoX,s=QSXC", "s=QSXCR+Q6sek8bf92,r=fykoX,i=4096", "m=x,r=fykoX,s=QSXC,i=4096",
            "r=fykoX,s=!!!,i=4096", "r=fykoX,s=,i=4096", ",,,", "e=other-error",
        ]) func damaged(_ challenge: String) throws
    {
        var exchange = try exchange(.scramSHA256, nonce: "fyko")
        #expect(throws: SASLError.self) { try exchange.answer(challenge) }
        #expect(!exchange.mayFinish)
    }

    @Test("a wrong signature is not believed", arguments: ["v=AAAA", "v=", "v=!", "x=rmF9", "", "e=other-error"])
    func signature(_ final: String) throws {
        var exchange = try exchange(.scramSHA1, nonce: nonce1)
        _ = try exchange.answer(first1)
        #expect(throws: SASLError.self) { try exchange.answer(final) }
        #expect(!exchange.mayFinish)
    }

    @Test("each octet of a server's signature counts") func tampered() throws {
        let right = try #require(Base64.decode("rmF9pqV8S7suAoZWja4dJRkFsKQ=".utf8))
        for index in right.indices {
            var wrong = right
            wrong[index] ^= 1
            var exchange = try exchange(.scramSHA1, nonce: nonce1)
            _ = try exchange.answer(first1)
            #expect(throws: SASLError.self) { try exchange.answer("v=\(Base64.encode(wrong))") }
            #expect(!exchange.mayFinish)
        }
    }

    @Test("a first message of the server's that was changed on the way makes its signature worth nothing")
    func changed() throws {
        let message = Array(first1.utf8)
        var random = SplitMix(seed: 5802)
        for _ in 0..<200 {
            var other = message
            for _ in 0...random.below(2) { other[random.below(other.count)] = UInt8(random.below(256)) }
            guard other != message else { continue }
            var exchange = try exchange(.scramSHA1, nonce: nonce1)
            if (try? exchange.respond(to: other, initialWasSent: true)) != nil {
                #expect(throws: SASLError.self) { try exchange.answer("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=") }
            }
            #expect(!exchange.mayFinish, "\(other)")
        }
    }

    @Test(
        "the first message says what the client can bind to, and the last repeats it",
        arguments: [
            (ChannelBinding.none, "n,,", "biws"), (.notOffered, "y,,", "eSws"),
            (
                .exporter(Array("0123456789abcdef".utf8)), "p=tls-exporter,,",
                "cD10bHMtZXhwb3J0ZXIsLDAxMjM0NTY3ODlhYmNkZWY="
            ),
        ]) func header(_ binding: ChannelBinding, _ header: String, _ channel: String) throws
    {
        var exchange = try exchange(.scramSHA256, nonce: "fyko", binding: binding)
        #expect(exchange.initialResponse?.text == header + "n=user,r=fyko")
        #expect(try exchange.answer("r=fykoX,s=QSXCR+Q6sek8bf92,i=4096").hasPrefix("c=\(channel),r=fykoX,p="))
    }

    @Test("a server without that kind of binding can be told from one that refuses the password")
    func unsupported() throws {
        var exchange = try exchange(.scramSHA256Plus, nonce: "fyko", binding: .exporter([1]))
        #expect(throws: SASLError.bindingUnsupported) { try exchange.answer("e=unsupported-channel-binding-type") }
    }

    @Test(
        "both sides of SCRAM understand each other; a wrong password is refused",
        arguments: [("päss,=word", "päss,=word", true), ("right", "wrong", false), ("a\u{a0}b", "a b", true)])
    func bothSides(_ server: String, _ client: String, _ isRight: Bool) throws {
        var exchange = try exchange(
            .scramSHA256, .password(name: "a=b,c", Secret(client)), nonce: "clientnonce")
        var peer = SCRAMServer(salt: [1, 2, 3, 4])
        let first = try peer.challenge(to: Array((exchange.initialResponse?.text ?? "").utf8), nonce: "servernonce")
        #expect(peer.login == "a=b,c")
        let final = try exchange.respond(to: first, initialWasSent: true)
        let bytes = Array(final.text.utf8)
        if isRight {
            let verdict = try peer.verdict(on: bytes, password: Secret(server))
            _ = try exchange.respond(to: verdict, initialWasSent: true)
            #expect(exchange.mayFinish)
        } else {
            #expect(throws: SASLError.self) { try peer.verdict(on: bytes, password: Secret(server)) }
        }
    }

    /// What a server that has seen `server` on its side of the connection makes of a client that has seen `client`.
    private func bound(
        _ client: ChannelBinding, _ server: [UInt8]?, offers: Bool = false
    ) throws -> Result<Void, any Error> {
        var exchange = try exchange(.scramSHA256, nonce: "clientnonce", binding: client)
        var peer = SCRAMServer(salt: [1, 2, 3, 4], binding: server, offersBinding: offers)
        return Result {
            let first = try peer.challenge(to: Array((exchange.initialResponse?.text ?? "").utf8), nonce: "servernonce")
            let final = try exchange.respond(to: first, initialWasSent: true)
            _ = try peer.verdict(on: Array(final.text.utf8), password: Secret("pencil"))
        }
    }

    @Test("a login that is bound to one connection is worth nothing on another") func binding() throws {
        _ = try bound(.exporter([1, 2, 3]), [1, 2, 3]).get()
        _ = try bound(.none, nil, offers: true).get()
        _ = try bound(.notOffered, nil).get()
        #expect(throws: SASLError.refused("channel-bindings-dont-match")) {
            try bound(.exporter([1, 2, 4]), [1, 2, 3]).get()
        }
        #expect(throws: SASLError.bindingUnsupported) { try bound(.exporter([1, 2, 3]), nil).get() }
        #expect(throws: SASLError.refused("server-does-support-channel-binding")) {
            try bound(.notOffered, nil, offers: true).get()
        }
    }

    @Test(
        "a name's = and , come back as they were, whatever stands on them",
        arguments: ["user", "a=b,c", ",\u{301}=\u{200d}", "=3D", "é", ""])
    func names(name: String) {
        #expect(SCRAM.name(from: SCRAM.saslName(name)).map { Octets($0) } == Octets(name))
        #expect(SCRAM.name(from: Array("a=3d".utf8)) == nil && SCRAM.name(from: Array("a=".utf8)) == nil)
    }
}
