import Glibc
import Platform
import SMTPProtocol
import SMTPTransport
import Testing
import TestSupport

@Suite struct ConnectorTests {
    private func address(_ host: String, _ port: Int) throws -> SocketAddress {
        try #require(try Connector.resolve(ServerAddress(host: host, port: port)).first)
    }

    @Test("row 8: an address that swallows SYNs has its time, and no more") func swallowed() throws {
        let hole = try BlackHole()
        let fault = #expect(throws: SessionFault.self) {
            try Connector.connect(
                to: ServerAddress(host: "127.0.0.1", port: hole.port), timeout: .milliseconds(150))
        }
        #expect(fault?.phase == .connect)
        #expect(fault?.isConnectionFault == true)
        #expect(fault?.words.contains("no answer within 150 ms") == true)
        #expect(fault?.diagnosis == .blocked)
    }

    @Test("row 6: an address behind a black one is tried without waiting for its end", arguments: loopbacks)
    func raced(_ black: String) throws {
        let hole = try BlackHole(black)
        let peer = try ScriptedPeer([.say("220 s")])
        defer { peer.stop() }
        // The black one would have a minute; the test's own patience with the peer is twenty seconds.
        let connected = try Connector.connect(
            to: [address(black, hole.port), address("127.0.0.1", peer.port)],
            of: ServerAddress(host: "both", port: 25), timeout: .seconds(60))
        #expect(try connected.address == address("127.0.0.1", peer.port))
    }

    @Test("row 7: all addresses refused: each is named") func refused() throws {
        // Nothing listens on port 1 (tcpmux).
        let fault = #expect(throws: SessionFault.self) {
            try Connector.connect(
                to: [address("127.0.0.1", 1), address("127.0.0.2", 1)],
                of: ServerAddress(host: "both", port: 1), timeout: .seconds(10))
        }
        #expect(fault?.reaction == [.tryAgain, .nextAddress, .close])
        #expect(fault?.words.contains("127.0.0.1 Connection refused; 127.0.0.2 Connection refused") == true)
        #expect(fault?.diagnosis == .nothingListens)
    }

    @Test("a server that is given by its address is named once") func namedOnce() throws {
        let fault = #expect(throws: SessionFault.self) {
            try Connector.connect(
                to: [address("127.0.0.1", 1)], of: ServerAddress(host: "127.0.0.1", port: 1), timeout: .seconds(10))
        }
        #expect(fault?.words == "cannot connect to 127.0.0.1:1: Connection refused")
    }

    @Test("families take turns, the resolver's choice first") func alternating() {
        func make(_ family: Int32, _ number: UInt8) -> SocketAddress { SocketAddress(family: family, bytes: [number]) }
        let six = (0..<3).map { make(AF_INET6, $0) }
        let four = (0..<2).map { make(AF_INET, $0) }
        #expect(Connector.alternating(six + four) == [six[0], four[0], six[1], four[1], six[2]])
        #expect(Connector.alternating(four) == four)
        #expect(Connector.alternating([]) == [])
    }

    @Test("a port that is none is a fault of the account", arguments: [0, -1, 65536, .max])
    func port(_ number: Int) {
        let fault = #expect(throws: SessionFault.self) {
            try Connector.resolve(ServerAddress(host: "127.0.0.1", port: number))
        }
        #expect(fault?.isAccountFault == true)
    }

    @Test("row 2: a name that cannot be") func noSuchName() {
        let fault = #expect(throws: SessionFault.self) {
            try Connector.resolve(ServerAddress(host: "no such host", port: 25))
        }
        #expect(fault?.phase == .resolve)
        #expect(fault?.isTransient == true)
    }

    @Test("a server's address is written as people write it") func text() {
        #expect("\(ServerAddress(host: "::1", port: 25))" == "[::1]:25")
        #expect("\(ServerAddress(host: "mail.example.org", port: 587))" == "mail.example.org:587")
    }
}
