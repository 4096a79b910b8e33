// Against OpenSSL's own server: what two ends of ours could get wrong in the same way.

import Formats
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import Testing
import TestSupport

/// `openssl s_server` that plays one connection.
private struct Peer {
    let folder: TemporaryFolder
    let port: Int

    init(_ scenario: String) throws {
        folder = try TemporaryFolder()
        let script = Self.script
        let result = try ChildProcess([script, scenario, folder.path], deadline: .seconds(60)).run()
        guard result.ending == .exited(0) else { throw Refused(words: result.words) }
        port = try #require(Int(String(decoding: try Files.read("\(folder.path)/port"), as: UTF8.self)))
    }

    var authority: String { "\(folder.path)/ca.pem" }

    /// Numbered lines of the message that came in their order; nil when it never ended.
    var lines: Int? {
        (try? Files.read("\(folder.path)/lines")).flatMap { Int(String(decoding: $0, as: UTF8.self)) }
    }

    private static var script: String {
        Files.split(Files.split(#filePath).directory).directory + "/Peers/openssl-server"
    }

    private struct Refused: Error {
        var words: String
    }
}

@Suite struct OpenSSLPeerTests {
    private func message(_ count: Int) -> [UInt8] {
        Array((1...count).map { "line \($0) of a message\r\n" }.joined().utf8)
    }

    @Test(
        "row 45: a renegotiation (TLS 1.2) and a change of keys (TLS 1.3) in the middle of a message are transparent",
        arguments: ["renegotiate", "keyupdate"], [1, 200_000])
    func transparent(_ scenario: String, _ count: Int) throws {
        let peer = try Peer(scenario)
        let client = SMTPClient(
            options(port: peer.port, .tls, host: "localhost", caFile: peer.authority), log: quiet)
        let outcomes = try client.deliver(envelope(), message: message(count)) { _ in }
        #expect(Array(outcomes.values) == [.delivered("250 taken")])
        #expect(peer.lines == count)
        client.quit()
    }

    @Test(
        "rows 40, 41 and 43: what OpenSSL's server has wrong is told by its name",
        arguments: [
            ("tls11", .tlsTooOld), ("rsa1024", .tlsTooOld), ("chain", .authorityUnknown), ("purpose", nil),
            ("certificate", .clientCertificate),
        ] as [(String, Diagnosis?)])
    func wrong(_ scenario: String, _ diagnosis: Diagnosis?) throws {
        let peer = try Peer(scenario)
        let client = SMTPClient(
            options(port: peer.port, .tls, host: "localhost", caFile: peer.authority), log: quiet)
        let letterEnvelope = try envelope()
        let fault = #expect(throws: SessionFault.self) { try client.deliver(letterEnvelope, message: letter) { _ in } }
        #expect(fault?.diagnosis == diagnosis)
        #expect(fault?.isAccountFault == true)
        #expect(peer.lines == nil)
        if scenario == "purpose" { #expect(fault?.words.contains("certificate purpose") == true) }
    }
}
