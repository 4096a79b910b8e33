// What `herald test-connection` makes of a try with a letter: which rows it shows, how long the step took that failed, and
// what it advises.

import Formats
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import TestSupport
import Testing

@Suite struct ConnectionTestTests {
    private func tried(
        _ script: [ScriptedPeer.Step], letter bytes: [UInt8]? = letter,
        _ change: (inout ServerTimeouts) -> Void = { _ in }
    ) throws -> (verdict: ConnectionVerdict, rows: [String]) {
        let peer = try ScriptedPeer(toReady + script)
        defer { peer.stop() }
        var rows: [String] = []
        let test = ConnectionTest(
            options(port: peer.port, timeouts: .brief(change)),
            letter: try bytes.map { TestLetter(try envelope("a@example.org"), message: $0) }, log: quiet
        ) { rows.append($0.name) }
        return (test.relay(), rows)
    }

    private static let toMessage = [
        "name", "connect", "greeting", "capabilities", "sender", "recipient", "data", "message",
    ]

    @Test("a death and a silence after the dot are no matter of waiting: the letter may have arrived")
    func uncertain() throws {
        for (step, silent) in [(.close, false), (.stall, true)] as [(ScriptedPeer.Step, Bool)] {
            let (verdict, rows) = try tried(toData + [.expectMessage, step]) { $0.finalReply = .milliseconds(1200) }
            let fault = try #require(verdict.fault)
            #expect(fault.phase == .finalReply && fault.likelyCause.hasPrefix("the server may have the letter"))
            #expect(fault.advice.hasPrefix("look whether the letter has arrived"))
            #expect(fault.diagnosis == (silent ? .silence : nil))
            // A message's size is no reply code; the step that failed took as long as was waited.
            #expect(rows == Self.toMessage)
            if silent { #expect(verdict.took >= .milliseconds(1200) && verdict.took < .seconds(60)) }
        }
    }

    @Test(
        "a refusal for good is not told to wait, and a temporary one is",
        arguments: [
            ("550 5.1.1 no such user here", "check the recipient's address", Diagnosis.noSuchRecipient),
            ("554 5.7.1 spam", "go by the server's words", nil), ("450 4.2.0 greylisted", "try again later", nil),
        ])
    func refused(_ reply: String, _ advice: String, _ diagnosis: Diagnosis?) throws {
        let (verdict, rows) = try tried([.expect("MAIL"), .say("250 ok"), .expect("RCPT"), .say(reply)])
        #expect(verdict.fault?.advice.hasPrefix(advice) == true, "\(String(describing: verdict.fault))")
        #expect(verdict.fault?.diagnosis == diagnosis && verdict.fault?.phase == .recipients)
        #expect(rows == ["name", "connect", "greeting", "capabilities", "sender"])
    }

    @Test("what a server answers behind the refusal of the only recipient is not shown: it had gone out with it")
    func pipelined() throws {
        let script: [ScriptedPeer.Step] = [
            .say("220 s"), .expect("EHLO"), .say("250-s"), .say("250 PIPELINING"), .expect("MAIL"), .expect("RCPT"),
            .expect("DATA"), .say("250 ok"), .say("550 5.1.1 unknown"), .say("354 go"), .expect("."),
            .say("250 2.0.0 queued as 1"),
        ]
        let peer = try ScriptedPeer(script)
        defer { peer.stop() }
        var rows: [String] = []
        let test = ConnectionTest(
            options(port: peer.port), letter: TestLetter(try envelope("a@example.org"), message: letter), log: quiet
        ) { rows.append("\($0.name) \($0.detail)") }
        #expect(test.relay().fault?.words == "550 5.1.1 unknown")
        #expect(rows.last == "sender 250 ok", "\(rows)")
    }

    @Test("an account without a login at a server that offers one is told of it, unless a letter shows how it goes")
    func nobodyLogsIn() throws {
        let hello: [ScriptedPeer.Step] = [.say("220 s"), .expect("EHLO"), .say("250-s"), .say("250 AUTH PLAIN")]
        func remarks(_ bytes: [UInt8]?) throws -> String {
            let peer = try ScriptedPeer(hello + toData + [.expectMessage, .say("250 2.0.0 taken")])
            defer { peer.stop() }
            let test = ConnectionTest(
                options(port: peer.port), letter: try bytes.map { TestLetter(try envelope(), message: $0) }, log: quiet
            ) { _ in }
            return test.relay().remarks.joined(separator: "\n")
        }
        #expect(try remarks(nil).contains("the server offers logins, and the account has none"))
        #expect(try !remarks(letter).contains("offers logins"))
    }
}
