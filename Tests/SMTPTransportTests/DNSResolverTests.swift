import MailRouting
import SMTPTransport
import TestSupport
import Testing

@Suite struct DNSResolverTests {
    private static let name = "example.org"
    private let question: DNSQuestion

    init() throws { question = DNSQuestion(try DomainName(Self.name), .mx) }

    /// An answer to `question` as it was asked: one MX host.
    private static func answer(
        _ question: [UInt8], _ host: String = "mx.example.org", _ change: (inout DNSBuilder) -> Void = { _ in }
    ) -> [UInt8] {
        var b = DNSBuilder(name, 15)
        b.id = UInt16(question[0]) << 8 | UInt16(question[1])
        b.addMX(name, 10, host)
        change(&b)
        return b.bytes
    }

    private static func framed(_ bytes: [UInt8]) -> [UInt8] { DNSBuilder.two(UInt16(bytes.count)) + bytes }

    /// Short waits: a peer on loopback that is not silent on purpose answers at once.
    private func resolver(_ servers: [SocketAddress], wait: Duration = .seconds(5), usesTCP: Bool = false) -> Resolver {
        Resolver(NameServers(servers, usesTCP: usesTCP), waits: [wait, wait], patience: .seconds(10))
    }

    private func hosts(_ answer: DNSAnswer) -> [String] {
        answer.records.compactMap { if case .exchange(_, let name) = $0 { "\(name)" } else { nil } }
    }

    @Test("an answer by UDP; the question wants recursion and word of authenticity, and has an id of its own each time")
    func datagram() throws {
        let peer = try DNSPeer { question, _ in .send([Self.answer(question)]) }
        defer { peer.stop() }
        let resolver = resolver([try peer.address])
        for _ in 0..<8 { #expect(hosts(resolver.answer(question)) == ["mx.example.org"]) }
        let asked = peer.asked
        #expect(asked.count == 8 && !asked.contains { $0.isTCP })
        #expect(asked.allSatisfy { $0.bytes[2] == 0x01 && $0.bytes[3] == 0x20 })
        #expect(Set(asked.map { Array($0.bytes[..<2]) }).count > 1)
    }

    @Test("datagrams that are no answer are passed over: other ids, other questions, questions, rubbish") func forged()
        throws
    {
        let peer = try DNSPeer { question, _ in
            let evil = Self.answer(question, "evil.test")
            return .send([
                [], [0], Array(evil[..<11]), [evil[0], evil[1] ^ 1] + evil[2...],
                Self.answer(question, "evil.test") { $0.questions = [DNSBuilder.name("evil.test") + [0, 15, 0, 1]] },
                Self.answer(question, "evil.test") { $0.flags = 0x0100 },
                Self.answer(question, "evil.test") { $0.questions = [] }, Self.answer(question),
            ])
        }
        defer { peer.stop() }
        #expect(hosts(resolver([try peer.address]).answer(question)) == ["mx.example.org"])
    }

    @Test("a flood of them does not keep the asker beyond its time") func flood() throws {
        let peer = try DNSPeer { question, _ in .flood([question[0] ^ 1] + Self.answer(question)[1...]) }
        defer { peer.stop() }
        let answer = resolver([try peer.address], wait: .milliseconds(100)).answer(question)
        #expect(answer.failure == "the name server 127.0.0.1 does not answer")
    }

    @Test("what a datagram does not hold is asked for by TCP, in whatever pieces it comes") func stream() throws {
        let peer = try DNSPeer { question, isTCP in
            guard isTCP else { return .send([Self.answer(question) { $0.flags |= 0x200 }]) }
            let whole = Self.answer(question) { b in
                for number in 0..<1200 { b.addMX(Self.name, 20, "mx\(number).example.org") }
            }
            let framed = Self.framed(whole)
            return .send(framed[..<5].map { [$0] } + [Array(framed[5...])])
        }
        defer { peer.stop() }
        #expect(resolver([try peer.address]).answer(question).records.count == 1201)
        #expect(peer.asked.map(\.isTCP) == [false, true])
    }

    @Test("a server that breaks off its stream, or falls silent in it, has not answered") func brokenStream() throws {
        for step in [DNSPeer.Step.send([[0]]), .send([[0, 50, 1, 2, 3]]), .send([]), .silence, .send([[0, 0]])] {
            let peer = try DNSPeer { question, isTCP in
                isTCP ? step : .send([Self.answer(question) { $0.flags |= 0x200 }])
            }
            defer { peer.stop() }
            #expect(resolver([try peer.address], wait: .milliseconds(150)).answer(question).failure != nil)
        }
    }

    @Test("options use-vc: by TCP alone") func tcpOnly() throws {
        let peer = try DNSPeer { question, _ in .send([Self.framed(Self.answer(question))]) }
        defer { peer.stop() }
        #expect(hosts(resolver([try peer.address], usesTCP: true).answer(question)) == ["mx.example.org"])
        #expect(peer.asked.map(\.isTCP) == [true])
    }

    @Test("a server that does not know EDNS is asked without") func withoutEDNS() throws {
        let peer = try DNSPeer { question, _ in
            guard question[11] == 1 else { return .send([Self.answer(question)]) }
            return .send([[question[0], question[1], 0x81, 0x81, 0, 0, 0, 0, 0, 0, 0, 0]])
        }
        defer { peer.stop() }
        #expect(hosts(resolver([try peer.address]).answer(question)) == ["mx.example.org"])
        #expect(peer.asked.map { $0.bytes[11] } == [1, 0])
    }

    @Test("row 1: a server that fails, is silent or is not there leaves it to the next; all of them: why") func next()
        throws
    {
        let failing = try DNSPeer { question, _ in
            .send([
                Self.answer(question) { b in
                    b.answers = []
                    b.flags |= 2
                }
            ])
        }
        defer { failing.stop() }
        let silent = try DNSPeer { _, _ in .silence }
        defer { silent.stop() }
        let good = try DNSPeer { question, _ in .send([Self.answer(question)]) }
        let absent = try good.address
        #expect(
            hosts(
                resolver([try failing.address, try silent.address, absent], wait: .milliseconds(200)).answer(question))
                == ["mx.example.org"])
        good.stop()
        let answer = resolver([absent, try failing.address], wait: .milliseconds(200)).answer(question)
        #expect(answer.failure?.contains("SERVFAIL") == true)
        #expect(failing.asked.count >= 3, "asked again before giving up")
    }

    @Test("NXDOMAIN is an answer: no other server is asked") func noName() throws {
        let first = try DNSPeer { question, _ in
            .send([
                Self.answer(question) { b in
                    b.answers = []
                    b.flags |= 3
                }
            ])
        }
        defer { first.stop() }
        let second = try DNSPeer { question, _ in .send([Self.answer(question)]) }
        defer { second.stop() }
        #expect(resolver([try first.address, try second.address]).answer(question).content == .noName)
        #expect(second.asked.isEmpty)
    }

    @Test("the word that an answer is authentic counts only where every server is on this host") func authentic() throws
    {
        let peer = try DNSPeer { question, _ in .send([Self.answer(question) { $0.flags |= 0x20 }]) }
        defer { peer.stop() }
        let own = try peer.address
        #expect(resolver([own]).answer(question).isAuthentic)
        let foreign = SocketAddress(try #require(IPAddress(text: "192.0.2.1")), port: 53)
        let answer = resolver([own, foreign]).answer(question)
        #expect(hosts(answer) == ["mx.example.org"] && !answer.isAuthentic)
    }

    @Test("why DANE is off, and what turns it on") func validation() throws {
        func validation(_ flags: UInt16, _ others: String...) throws -> Resolver.Validation {
            let peer = try DNSPeer { question, _ in
                .send([
                    Self.answer(question) { b in
                        b.questions = [Array(question[12..<(question.count - 11)])]
                        b.answers = []
                        b.flags |= flags
                    }
                ])
            }
            defer { peer.stop() }
            let more = try others.map { SocketAddress(try #require(IPAddress(text: $0)), port: 53) }
            return resolver([try peer.address] + more).validation()
        }
        #expect(try validation(0x20) == .on)
        #expect(
            try validation(0x20, "192.0.2.1", "2001:db8::1")
                == .off(
                    "DANE is off: the name server 192.0.2.1, 2001:db8::1 is not on this host (/etc/resolv.conf); "
                        + "a validating name server on this host, such as unbound, turns it on"))
        guard case .off(let words) = try validation(0), case .off(let failure) = try validation(0x22) else {
            Issue.record("on")
            return
        }
        #expect(words.contains("does not check signatures"))
        #expect(failure.hasPrefix("DANE may be off, which could not be found out: ") && failure.contains("SERVFAIL"))
    }

    @Test(
        "a name server that fails for the root is asked for a second name before DANE is called off",
        arguments: [
            (0x22, 0x20, ""), (0x22, 0x22, "DANE may be off, which could not be found out: "),
            (0x22, 0x00, "DANE is off: "), (0x00, 0x20, ""), (0x00, 0x22, "DANE is off: "),
            (0x22, 0x03, "DANE may be off, which could not be found out: "),
            (0x03, 0x03, "DANE may be off, which could not be found out: the name server knows neither '.' nor 'org'"),
        ] as [(UInt16, UInt16, String)]) func secondName(_ root: UInt16, _ org: UInt16, _ words: String) throws
    {
        let peer = try DNSPeer { question, _ in
            .send([
                Self.answer(question) { b in
                    b.questions = [Array(question[12..<(question.count - 11)])]
                    b.answers = []
                    b.flags |= question[12] == 0 ? root : org
                }
            ])
        }
        defer { peer.stop() }
        switch resolver([try peer.address]).validation() {
        case .on: #expect(words.isEmpty)
        case .off(let said): #expect(!words.isEmpty && said.hasPrefix(words), "\(said)")
        }
    }

    @Test("no server at all is a failure that says so") func none() {
        #expect(Resolver(NameServers([])).answer(question).failure == "no name server is configured (/etc/resolv.conf)")
    }
}
