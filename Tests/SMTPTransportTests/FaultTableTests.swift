// The fault table against a scripted server, over real sockets. Waits that a test lets run out are short.

import Formats
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import Testing
import TestSupport

private let opening: [ScriptedPeer.Step] = [.say("220 s"), .expect("EHLO"), .say("250 s")]
private let toData: [ScriptedPeer.Step] = [
    .expect("MAIL"), .say("250 ok"), .expect("RCPT"), .say("250 ok"), .expect("DATA"), .say("354 go"),
]
private let large = Array(String(repeating: "a line of a large message\r\n", count: 300_000).utf8)

/// How a try ended.
private struct Attempt {
    var outcomes: [String: Outcome] = [:]
    var fault: SessionFault?
    var pipeliningFailed = false
    var marked = 0
}

private func attempt(
    _ peer: ScriptedPeer, _ message: [UInt8] = letter, to recipients: [String] = ["a@example.org"],
    security: Security = .none, timeouts: ServerTimeouts = .brief()
) throws -> Attempt {
    try attempt(options(port: peer.port, security, timeouts: timeouts), message, to: recipients)
}

private func attempt(
    _ options: SessionOptions, _ message: [UInt8], to recipients: [String] = ["a@example.org"]
) throws -> Attempt {
    let client = SMTPClient(options, log: quiet)
    var attempt = Attempt()
    let envelope = Envelope(
        sender: try EmailAddress("s@example.org"), recipients: try recipients.map { try EmailAddress($0) })
    do throws(SessionFault) {
        let outcomes = try client.deliver(envelope, message: message) { _ in attempt.marked += 1 }
        for (address, outcome) in outcomes { attempt.outcomes[address.local] = outcome }
        attempt.fault = client.lastFault
    } catch { attempt.fault = error }
    attempt.pipeliningFailed = client.pipeliningFailed
    client.quit()
    return attempt
}

private func waitFor(_ sign: WakeUp) throws {
    #expect(try Poller.wait([(sign.descriptor.number, .readable)], timeout: .seconds(10)) == [0])
}

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
            opening + toData + [.expectMessage, .send(Array("250 ok\r\n250 extra\r\n".utf8)), .expect("nothing")]
        let second = opening + toData + [.expectMessage, .say("250 second")]
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

    @Test(
        "row 72: 421 while the message goes out; row 73: 5xx, which stands",
        arguments: [
            ("421 bye", nil), ("552 too big", Outcome.permanent("552 too big")),
        ] as [(String, Outcome?)]) func interrupted(_ text: String, _ outcome: Outcome?) throws
    {
        let peer = try ScriptedPeer(opening + toData + [.take(100_000), .say(text)])
        defer { peer.stop() }
        let attempt = try attempt(peer, large)
        #expect(attempt.outcomes["a"] == outcome)
        #expect(attempt.fault?.words == text)
        #expect(attempt.marked == 0)
    }

    @Test(
        "rows 70 and 72: a reply that comes with 354 answers nothing that goes out after it",
        arguments: [
            ("250 2.0.0 taken", nil), ("421 bye", nil), ("554 no", Outcome.permanent("554 no")),
        ] as [(String, Outcome?)], [false, true]) func early(_ early: (String, Outcome?), _ isLarge: Bool) throws
    {
        let start = Array(toData.dropLast()) + [.send(Array("354 go\r\n\(early.0)\r\n".utf8))]
        for certificate in [nil, try ServerCertificate.make()] {
            let tls: [ScriptedPeer.Step] = certificate.map { [.startTLS($0)] } ?? []
            let peer = try ScriptedPeer(tls + opening + start)
            defer { peer.stop() }
            // The certificate is of nobody that the system knows: `opportunistic` would go on, `tls` from the start not.
            let authority = try TemporaryFile(certificate?.authorityPEM ?? [])
            let options = options(
                port: peer.port, certificate == nil ? .none : .tls, host: "localhost",
                caFile: certificate == nil ? nil : authority.path)
            let attempt = try attempt(options, isLarge ? large : letter)
            #expect(attempt.outcomes["a"] == early.1)
            #expect(attempt.fault?.words.hasPrefix(early.0) == true)
            #expect(attempt.marked == 0)
            #expect(peer.messages == [])
        }
    }

    @Test(
        "rows 70 and 72: what is said while the dot is being committed is no answer to it, and the dot does not go out",
        arguments: [("421 bye", nil), ("250 taken", nil), ("554 no", Outcome.permanent("554 no"))]
            as [(String, Outcome?)]) func whileMarking(_ text: String, _ outcome: Outcome?) throws
    {
        let (marking, said) = (try WakeUp(), try WakeUp())
        let peer = try ScriptedPeer(
            opening + toData + [.run { try waitFor(marking) }, .say(text), .run { said.signal() }])
        defer { peer.stop() }
        let client = SMTPClient(options(port: peer.port), log: quiet)
        let envelope = try envelope()
        var outcomes: [EmailAddress: Outcome] = [:]
        do throws(SessionFault) {
            outcomes = try client.deliver(envelope, message: letter) { _ in
                marking.signal()
                try waitFor(said)
            }
        } catch {
            #expect(error.words == text)
            #expect(error.reaction == [.tryAgain, .close])
        }
        #expect(outcomes.values.first == outcome)
        #expect(peer.messages == [])
    }

    @Test("row 74: a server that takes no more") func stalled() throws {
        let peer = try ScriptedPeer(opening + toData + [.stall])
        defer { peer.stop() }
        let attempt = try attempt(peer, large, timeouts: .brief { $0.dataBlock = .milliseconds(200) })
        #expect(attempt.fault?.phase == .body)
        #expect(attempt.fault?.reaction == [.tryAgain, .close])
        #expect(attempt.marked == 0)
    }

    @Test("row 75: reset in the middle of the message") func resetInBody() throws {
        let peer = try ScriptedPeer(opening + toData + [.take(100_000), .reset])
        defer { peer.stop() }
        let attempt = try attempt(peer, large)
        #expect(attempt.fault?.phase == .body)
        #expect(attempt.outcomes == [:])
        #expect(attempt.marked == 0)
    }

    @Test(
        "rows 76, 77, 80, 81: after the dot, no clear answer",
        arguments: [
            [.reset], [.close], [.stall], [.say("garbage"), .say("221 bye")], [.say("354 go on")], [.say("221 bye")],
            [.send(Array("250-taken".utf8)), .close],
        ] as [[ScriptedPeer.Step]]) func uncertain(_ steps: [ScriptedPeer.Step]) throws
    {
        let peer = try ScriptedPeer(opening + toData + [.expectMessage] + steps)
        defer { peer.stop() }
        let attempt = try attempt(peer, timeouts: .brief { $0.finalReply = .milliseconds(200) })
        #expect(attempt.outcomes["a"]?.reaction == .uncertain)
        #expect(attempt.marked == 1)
        #expect(attempt.fault?.phase == .finalReply)
    }

    @Test(
        "rows 83 and 84: after 250, nothing changes it",
        arguments: [
            [.reset], [.close], [.expect("QUIT"), .stall], [.expect("QUIT"), .send([0xff, 0, 0x0a])],
        ] as [[ScriptedPeer.Step]]) func afterwards(_ steps: [ScriptedPeer.Step]) throws
    {
        let peer = try ScriptedPeer(opening + toData + [.expectMessage, .say("250 taken")] + steps)
        defer { peer.stop() }
        #expect(try attempt(peer).outcomes == ["a": .delivered("250 taken")])
    }

    @Test(
        "row 86: a reused connection that has gone is replaced once",
        arguments: [
            [.say("421 idle"), .close], [.close], [.reset], [.expect("MAIL"), .say("421 idle")],
            [.expect("MAIL"), .close],
        ] as [[ScriptedPeer.Step]]) func idle(_ steps: [ScriptedPeer.Step]) throws
    {
        let first = opening + toData + [.expectMessage, .say("250 first")]
        let peer = try ScriptedPeer(first + steps, opening + toData + [.expectMessage, .say("250 second")])
        defer { peer.stop() }
        let client = SMTPClient(options(port: peer.port), log: quiet)
        _ = try client.deliver(envelope(), message: letter) { _ in }
        let outcomes = try client.deliver(envelope(), message: letter) { _ in }
        #expect(Array(outcomes.values) == [.delivered("250 second")])
        #expect(peer.connections == 2)
    }

    @Test("row 86: and no more than once") func idleTwice() throws {
        let first = opening + toData + [.expectMessage, .say("250 first"), .close]
        let peer = try ScriptedPeer(first, opening + [.expect("MAIL"), .close])
        defer { peer.stop() }
        let client = SMTPClient(options(port: peer.port), log: quiet)
        _ = try client.deliver(envelope(), message: letter) { _ in }
        let fault = #expect(throws: SessionFault.self) { try client.deliver(envelope(), message: letter) { _ in } }
        #expect(fault?.phase == .sender)
        #expect(peer.connections == 2)
    }

    @Test("row 87: grouped replies out of step; the next connection goes without groups") func outOfStep() throws {
        let capabilities: [ScriptedPeer.Step] = [.say("220 s"), .expect("EHLO"), .say("250-s"), .say("250 PIPELINING")]
        let peer = try ScriptedPeer(
            capabilities + [.expect("MAIL"), .say("354 go")], capabilities + toData + [.expectMessage, .say("250 ok")])
        defer { peer.stop() }
        let client = SMTPClient(options(port: peer.port), log: quiet)
        #expect(throws: SessionFault.self) { try client.deliver(envelope(), message: letter) { _ in } }
        #expect(client.pipeliningFailed)
        let outcomes = try client.deliver(envelope(), message: letter) { _ in }
        #expect(Array(outcomes.values) == [.delivered("250 ok")])
        #expect(peer.problems == [])
    }

    @Test("a caller that cannot commit keeps the dot back") func notMarked() throws {
        struct Full: Error {}
        let peer = try ScriptedPeer(opening + toData + [.expect("never")])
        defer { peer.stop() }
        let client = SMTPClient(options(port: peer.port), log: quiet)
        let fault = #expect(throws: SessionFault.self) {
            try client.deliver(envelope(), message: letter) { _ in throw Full() }
        }
        #expect(fault?.reaction == [.tryAgain, .close])
        #expect(peer.lines.last == "DATA")
    }
}
