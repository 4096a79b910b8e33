// The fault table from the message on: what becomes of it, and of the connection afterwards.

import Formats
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import Testing
import TestSupport

@Suite struct FaultTableBodyTests {
    @Test(
        "row 72: 421 while the message goes out; row 73: 5xx, which stands",
        arguments: [
            ("421 bye", nil), ("552 too big", Outcome.permanent("552 too big")),
        ] as [(String, Outcome?)]) func interrupted(_ text: String, _ outcome: Outcome?) throws
    {
        let peer = try ScriptedPeer(toReady + toData + [.take(100_000), .say(text)])
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
            let peer = try ScriptedPeer(tls + toReady + start)
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
            toReady + toData + [.run { try waitFor(marking) }, .say(text), .run { said.signal() }])
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
        let peer = try ScriptedPeer(toReady + toData + [.stall])
        defer { peer.stop() }
        let attempt = try attempt(peer, large, timeouts: .brief { $0.dataBlock = .milliseconds(200) })
        #expect(attempt.fault?.phase == .body)
        #expect(attempt.fault?.reaction == [.tryAgain, .close])
        #expect(attempt.marked == 0)
    }

    @Test("row 75: reset in the middle of the message") func resetInBody() throws {
        let peer = try ScriptedPeer(toReady + toData + [.take(100_000), .reset])
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
        let peer = try ScriptedPeer(toReady + toData + [.expectMessage] + steps)
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
        let peer = try ScriptedPeer(toReady + toData + [.expectMessage, .say("250 taken")] + steps)
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
        let first = toReady + toData + [.expectMessage, .say("250 first")]
        let peer = try ScriptedPeer(first + steps, toReady + toData + [.expectMessage, .say("250 second")])
        defer { peer.stop() }
        let client = SMTPClient(options(port: peer.port), log: quiet)
        _ = try client.deliver(envelope(), message: letter) { _ in }
        let outcomes = try client.deliver(envelope(), message: letter) { _ in }
        #expect(Array(outcomes.values) == [.delivered("250 second")])
        #expect(peer.connections == 2)
    }

    @Test("row 86: and no more than once") func idleTwice() throws {
        let first = toReady + toData + [.expectMessage, .say("250 first"), .close]
        let peer = try ScriptedPeer(first, toReady + [.expect("MAIL"), .close])
        defer { peer.stop() }
        let client = SMTPClient(options(port: peer.port), log: quiet)
        _ = try client.deliver(envelope(), message: letter) { _ in }
        let fault = #expect(throws: SessionFault.self) { try client.deliver(envelope(), message: letter) { _ in } }
        #expect(fault?.phase == .sender)
        #expect(peer.connections == 2)
    }

    @Test("rows 59 and 88: a connection that has just been opened and is ended at MAIL is not replaced at once")
    func freshAndGone() throws {
        let peer = try ScriptedPeer(toReady + [.expect("MAIL"), .say("421 too many"), .close], toReady)
        defer { peer.stop() }
        let client = SMTPClient(options(port: peer.port), log: quiet)
        try client.connect()
        let fault = #expect(throws: SessionFault.self) { try client.deliver(envelope(), message: letter) { _ in } }
        #expect(fault?.words == "421 too many")
        #expect(peer.connections == 1)
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
        let peer = try ScriptedPeer(toReady + toData + [.expect("never")])
        defer { peer.stop() }
        let client = SMTPClient(options(port: peer.port), log: quiet)
        let fault = #expect(throws: SessionFault.self) {
            try client.deliver(envelope(), message: letter) { _ in throw Full() }
        }
        #expect(fault?.reaction == [.tryAgain, .close])
        #expect(peer.lines.last == "DATA")
    }
}
