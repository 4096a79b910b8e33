// The fault table against a scripted server, over real sockets. Waits that a test lets run out are short.

import Formats
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import Testing
import TestSupport

@Suite struct FaultTableTests {
    @Test("row 9: no greeting") func silence() throws {
        let peer = try ScriptedPeer([.stall])
        defer { peer.stop() }
        let attempt = try attempt(peer, timeouts: .brief { $0.greeting = .milliseconds(100) })
        #expect(attempt.fault?.phase == .greeting)
        #expect(attempt.fault?.isConnectionFault == true)
    }

    @Test("row 12: a greeting of several lines; row 25: byte by byte; row 23: with bare LF") func pieces() throws {
        let peer = try ScriptedPeer(
            [
                .sendBytewise(Array("220-s\r\n220-more\r\n220 end\r\n".utf8)), .expect("EHLO"),
                .sendBytewise(Array("250-s\r\n250 HELP\r\n".utf8)),
            ] + toData + [.expectMessage, .send(Array("250-taken\n250 really\n".utf8)), .expect("QUIT")])
        defer { peer.stop() }
        #expect(try attempt(peer).outcomes == ["a": .delivered("250 taken / really")])
        #expect(peer.messages == [letter])
        #expect(peer.problems == [])
    }

    @Test("row 13: 421 together with the greeting") func immediate421() throws {
        let peer = try ScriptedPeer([.send(Array("220 s\r\n421 busy\r\n".utf8)), .close])
        defer { peer.stop() }
        let attempt = try attempt(peer)
        #expect(attempt.fault?.words == "421 busy")
        #expect(attempt.fault?.reaction == [.nextAddress, .tryAgain, .close])
        #expect(peer.lines == [])
    }

    @Test(
        "rows 17 to 20: what is no reply",
        arguments: [
            "2200 x\r\n", "25\r\n", "abc\r\n", "220-a\r\n554 b\r\n", String(repeating: "220-a\r\n", count: 5000),
        ]) func noReply(_ text: String) throws
    {
        let peer = try ScriptedPeer([.send(Array(text.utf8))])
        defer { peer.stop() }
        let attempt = try attempt(peer)
        #expect(attempt.fault?.phase == .greeting)
        #expect(attempt.fault?.reaction.isSuperset(of: [.tryAgain, .close]) == true)
    }

    @Test("row 19: a reply that ends in the middle") func unfinished() throws {
        let peer = try ScriptedPeer([.say("220 s"), .expect("EHLO"), .say("250-s"), .close])
        defer { peer.stop() }
        #expect(try attempt(peer).fault?.phase == .hello)
    }

    @Test("row 21: ten megabytes without a line feed") func endlessLine() throws {
        let peer = try ScriptedPeer([.send([UInt8](repeating: 0x32, count: 10 << 20))])
        defer { peer.stop() }
        #expect(try attempt(peer).fault?.words.contains("longer than") == true)
    }

    @Test("row 22: a reply that trickles has a deadline as a whole") func trickle() throws {
        let peer = try ScriptedPeer([.send(Array("220-a\r\n2".utf8)), .stall])
        defer { peer.stop() }
        let attempt = try attempt(peer, timeouts: .brief { $0.replyCompletion = .milliseconds(100) })
        #expect(attempt.fault?.phase == .greeting)
    }

    @Test("row 26: what was not asked for is not paired with the next command") func unsolicited() throws {
        let first =
            toReady + toData + [.expectMessage, .send(Array("250 ok\r\n250 extra\r\n".utf8)), .expect("nothing")]
        let second = toReady + toData + [.expectMessage, .say("250 second")]
        let peer = try ScriptedPeer(first, second)
        defer { peer.stop() }
        let client = SMTPClient(options(port: peer.port), log: quiet)
        _ = try client.deliver(envelope(), message: letter) { _ in }
        let outcomes = try client.deliver(envelope(), message: letter) { _ in }
        #expect(Array(outcomes.values) == [.delivered("250 second")])
        #expect(peer.connections == 2)
    }

    @Test("row 36: bytes behind the reply to STARTTLS") func injected() throws {
        let peer = try ScriptedPeer([
            .say("220 s"), .expect("EHLO"), .say("250 STARTTLS"), .expect("STARTTLS"),
        ])
        defer { peer.stop() }
        // The first line of EHLO's reply names the server.
        #expect(try attempt(peer, security: .starttls).fault?.phase == .startTLS)
        let other = try ScriptedPeer([
            .say("220 s"), .expect("EHLO"), .say("250-s"), .say("250 STARTTLS"), .expect("STARTTLS"),
            .send(Array("220 go\r\n250 injected\r\n".utf8)),
        ])
        defer { other.stop() }
        let attempt = try attempt(other, security: .starttls)
        #expect(attempt.fault?.isAccountFault == true)
        #expect(attempt.fault?.likelyCause.contains("inject") == true)
    }

    @Test("rows 37 and 38: the handshake ends or stalls", arguments: [true, false]) func handshake(_ ends: Bool) throws
    {
        let peer = try ScriptedPeer([
            .say("220 s"), .expect("EHLO"), .say("250-s"), .say("250 STARTTLS"), .expect("STARTTLS"), .say("220 go"),
            .take(50), ends ? .close : .stall,
        ])
        defer { peer.stop() }
        let attempt = try attempt(
            peer, security: .starttls, timeouts: ends ? .brief() : .brief { $0.connect = .milliseconds(200) })
        #expect(attempt.fault?.phase == .tls)
        #expect(attempt.fault?.isConnectionFault == true)
        #expect(attempt.fault?.isAccountFault == false)
    }

    @Test("row 68: refused and disconnected, in one group") func refusedAndGone() throws {
        let peer = try ScriptedPeer([
            .say("220 s"), .expect("EHLO"), .say("250-s"), .say("250 PIPELINING"), .expect("MAIL"), .expect("RCPT"),
            .expect("DATA"), .send(Array("250 ok\r\n550 no\r\n".utf8)), .close,
        ])
        defer { peer.stop() }
        #expect(try attempt(peer).outcomes == ["a": .permanent("550 no")])
    }

    @Test("row 69: DATA accepted for nobody") func nobody() throws {
        let peer = try ScriptedPeer([
            .say("220 s"), .expect("EHLO"), .say("250-s"), .say("250 PIPELINING"), .expect("MAIL"), .expect("RCPT"),
            .expect("DATA"), .send(Array("250 ok\r\n550 no\r\n354 go\r\n".utf8)), .expectMessage, .say("250 taken"),
            .expect("QUIT"),
        ])
        defer { peer.stop() }
        let attempt = try attempt(peer)
        #expect(attempt.outcomes == ["a": .permanent("550 no")])
        #expect(attempt.marked == 0)
        #expect(peer.messages == [[]])
        #expect(peer.problems == [])
    }

    private let login = Login.password(name: "u", Secret("p"))

    @Test(
        "rows 14, 49, 50, 52, 54: an opening that leads nowhere",
        arguments: [
            ([.send(Array("\r\n220 s\r\n".utf8))], .greeting, [.tryAgain, .nextAddress, .close]),
            ([.say("220 s"), .expect("EHLO"), .say("250 s")], .login, [.tryAgain, .close, .tellOperator]),
            (
                [
                    .say("220 s"), .expect("EHLO"), .say("250-s"), .say("250 AUTH PLAIN"), .expect("AUTH"),
                    .say("454 later"),
                ],
                .login, [.tryAgain, .nextAddress, .close]
            ),
            (
                [.say("220 s"), .expect("EHLO"), .say("250-s"), .say("250 AUTH LOGIN"), .expect("AUTH")]
                    + (0..<12).flatMap { _ in [.say("334 VXNlcm5hbWU6"), .expect("")] },
                .login, [.tryAgain, .close]
            ),
        ] as [([ScriptedPeer.Step], SessionPhase, Reaction)])
    func leadsNowhere(_ steps: [ScriptedPeer.Step], _ phase: SessionPhase, _ reaction: Reaction) throws {
        let peer = try ScriptedPeer(steps)
        defer { peer.stop() }
        let attempt = try attempt(options(port: peer.port, login: login, allowPlaintextLogin: true), letter)
        #expect(attempt.fault?.phase == phase)
        #expect(attempt.fault?.reaction == reaction)
        #expect(!peer.lines.contains { $0.hasPrefix("MAIL") })
    }

    @Test("row 50: no password over a plain session") func plainLogin() throws {
        let peer = try ScriptedPeer([.say("220 s"), .expect("EHLO"), .say("250-s"), .say("250 AUTH PLAIN LOGIN")])
        defer { peer.stop() }
        let attempt = try attempt(options(port: peer.port, login: login), letter)
        #expect(attempt.fault?.phase == .login)
        #expect(attempt.fault?.isAccountFault == true)
        #expect(peer.lines == ["EHLO client.example.org"])
    }

    @Test("row 58: what the server can do stays known after the login, without another EHLO") func afterLogin() throws {
        let peer = try ScriptedPeer(
            [
                .say("220 s"), .expect("EHLO"), .say("250-s"), .say("250-SIZE 1000"), .say("250 AUTH PLAIN"),
                .expect("AUTH"),
                .say("235 in"), .expect("MAIL FROM:<s@example.org> SIZE="), .say("250 ok"),
            ] + toData.dropFirst(2) + [.expectMessage, .say("250 taken")])
        defer { peer.stop() }
        let attempt = try attempt(options(port: peer.port, login: login, allowPlaintextLogin: true), letter)
        #expect(attempt.outcomes == ["a": .delivered("250 taken")])
        peer.stop()
        #expect(peer.problems == [])
    }

    @Test(
        "rows 27, 28, 59, 60: what MAIL and the message are answered",
        arguments: [
            ([.say("354 go")], nil, [.tryAgain, .close]), ([.say("421 bye")], nil, [.tryAgain, .close]),
            ([.say("450 later"), .expect("QUIT")], .transient("450 later"), nil),
            ([.say("550 2.1.0 no"), .expect("QUIT")], .permanent("550 2.1.0 no"), nil),
            (
                [.say("250 ok")] + toData.dropFirst(2) + [.expectMessage, .say("250 5.7.1 taken"), .expect("QUIT")],
                .delivered("250 5.7.1 taken"), nil
            ),
        ] as [([ScriptedPeer.Step], Outcome?, Reaction?)])
    func answers(_ steps: [ScriptedPeer.Step], _ outcome: Outcome?, _ reaction: Reaction?) throws {
        let peer = try ScriptedPeer(toReady + [.expect("MAIL")] + steps)
        defer { peer.stop() }
        let attempt = try attempt(peer)
        #expect(attempt.outcomes["a"] == outcome)
        #expect(attempt.fault?.reaction == reaction)
        peer.stop()
        #expect(peer.problems == [])
    }

    @Test("row 60: RSET goes before the next letter") func reset() throws {
        let refused: [ScriptedPeer.Step] = [.expect("MAIL"), .say("450 later"), .expect("RSET"), .say("250 ok")]
        let peer = try ScriptedPeer(
            toReady + refused + toData + [.expectMessage, .say("250 taken")])
        defer { peer.stop() }
        let client = SMTPClient(options(port: peer.port), log: quiet)
        #expect(try client.deliver(envelope(), message: letter) { _ in }.values.first == .transient("450 later"))
        #expect(try client.deliver(envelope(), message: letter) { _ in }.values.first == .delivered("250 taken"))
        client.quit()
        #expect(peer.connections == 1)
    }
}
