// One queue for all that goes out: what TLS does in the middle of a message is transparent (row 45), and what a write that
// was given up has left unsent never goes out.

import Formats
import Glibc
import Platform
import SMTPProtocol
import SMTPTransport
import Testing
import TestSupport

private func connect(_ peer: ScriptedPeer) throws -> NetworkStream {
    NetworkStream(
        try Connector.connect(
            to: ServerAddress(host: "127.0.0.1", port: peer.port), timeout: .seconds(10)
        ).descriptor)
}

private func soon() -> Duration { SystemClock.monotonic() + .seconds(60) }

@Suite struct NetworkStreamTests {
    @Test(
        "row 45: what TLS does in the middle of a message is transparent", arguments: Interjection.allCases,
        [false, true])
    func interjection(_ interjection: Interjection, _ isLarge: Bool) throws {
        let certificate = try ServerCertificate.make()
        let authority = try TemporaryFile(certificate.authorityPEM)
        let message = isLarge ? large : letter
        // The large one: while the client waits for room, with cipher text that the socket has not taken; then twice
        // more on the way.
        let middle: [ScriptedPeer.Step] =
            isLarge
            ? [.fillWindow, .tls(interjection), .take(1 << 20), .tls(interjection), .take(1 << 20), .tls(interjection)]
            : [.tls(interjection)]
        let taken = isLarge ? 2 << 20 : 0
        let peer = try ScriptedPeer(
            [.startTLS(certificate, ServerTLS(newest: interjection.newest))] + toReady + toData + middle
                + [.expectMessage, .say("250 taken"), .expect("QUIT")])
        defer { peer.stop() }
        let client = SMTPClient(options(port: peer.port, .tls, host: "localhost", caFile: authority.path), log: quiet)
        let outcomes = try client.deliver(envelope(), message: message) { _ in }
        #expect(Array(outcomes.values) == [.delivered("250 taken")])
        client.quit()
        peer.stop()
        #expect(peer.messages.first?.count == message.count - taken)
        #expect(peer.messages.first?.elementsEqual(message.dropFirst(taken)) == true)
        #expect(peer.problems == [])
    }

    @Test("a write that stops at input leaves the rest unsent, for ever", arguments: [false, true])
    func stopped(_ underTLS: Bool) throws {
        let certificate = try ServerCertificate.make()
        let peer = try ScriptedPeer(
            (underTLS ? [.startTLS(certificate)] : []) + [
                .fillWindow, .say("421 bye"), .expectMessage,
            ])
        defer { peer.stop() }
        let stream = try connect(peer)
        if underTLS {
            let authority = try TemporaryFile(certificate.authorityPEM)
            try stream.startTLS(
                TLSContext.client(TLSTerms(.file(authority.path), names: ["localhost"]), insists: true), by: soon())
        }
        #expect(try !stream.write(large + Array("\r\n.\r\n".utf8), by: soon(), stopsAtInput: true))
        #expect(try stream.read(by: soon()) == Array("421 bye\r\n".utf8))
        #expect(throws: StreamFault.self) { try stream.write(Array("\r\n.\r\n".utf8), by: soon()) }
        stream.close()
        peer.stop()
        // It has read to the end, and no dot came.
        #expect(peer.messages == [])
    }

    @Test("a write that ran out of time leaves the rest unsent, for ever", arguments: [false, true])
    func late(_ underTLS: Bool) throws {
        let certificate = try ServerCertificate.make()
        let closed = try WakeUp()
        let peer = try ScriptedPeer(
            (underTLS ? [.startTLS(certificate)] : []) + [
                .run { _ = try Poller.wait([(closed.descriptor.number, .readable)], timeout: .seconds(20)) },
                .expectMessage,
            ])
        defer { peer.stop() }
        let stream = try connect(peer)
        if underTLS {
            let authority = try TemporaryFile(certificate.authorityPEM)
            try stream.startTLS(
                TLSContext.client(TLSTerms(.file(authority.path), names: ["localhost"]), insists: true), by: soon())
        }
        #expect(throws: StreamFault.timedOut) {
            try stream.write(
                large + Array("\r\n.\r\n".utf8), by: SystemClock.monotonic() + .milliseconds(100), stopsAtInput: true)
        }
        #expect(throws: StreamFault.disconnected("the connection was given up")) {
            try stream.write(Array("\r\n.\r\n".utf8), by: SystemClock.monotonic() + .milliseconds(100))
        }
        stream.close()
        closed.signal()
        peer.stop()
        #expect(peer.messages == [])
    }

    @Test("what both sides send at once does not wait for the other to read") func bothWays() throws {
        let answer = [UInt8](repeating: 0x78, count: 200_000)
        let peer = try ScriptedPeer([
            .fillWindow, .send(answer), .take(large.count),
        ])
        defer { peer.stop() }
        let stream = try connect(peer)
        // The peer reads on only when it has got rid of its answer.
        #expect(try stream.write(large, by: soon()))
        var came: [UInt8] = []
        while came.count < answer.count { came += try stream.read(by: soon()) }
        #expect(came == answer)
        stream.close()
        peer.stop()
        #expect(peer.problems == [])
    }
}
