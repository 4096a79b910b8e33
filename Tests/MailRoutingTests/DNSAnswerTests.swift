import MailRouting
import TestSupport
import Testing

@Suite struct DNSAnswerTests {
    static func question(_ name: String, _ type: DNSType) throws -> DNSQuestion {
        DNSQuestion(try DomainName(name), type)
    }

    private func parse(_ builder: DNSBuilder, _ name: String, _ type: DNSType) throws -> DNSAnswer {
        DNSAnswer(parsing: builder.bytes, for: try Self.question(name, type), id: 0x1234)
    }

    @Test("a question, octet by octet: recursion and word of authenticity wanted, EDNS with 1232 octets")
    func question() throws {
        let message = try Self.question("mx.example.org", .tlsa).message(id: 0xabcd)
        #expect(
            message == [0xab, 0xcd, 0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 1] + DNSBuilder.name("mx.example.org")
                + [0, 52, 0, 1] + [0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0])
        let plain = try Self.question("mx.example.org", .a).message(id: 1, withEDNS: false)
        #expect(
            plain == [0, 1, 0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 0] + DNSBuilder.name("mx.example.org") + [0, 1, 0, 1])
    }

    @Test("each kind of record is read") func kinds() throws {
        var b = DNSBuilder("a.example", 1)
        b.flags |= 0x20
        b.add("A.Example", 1, [192, 0, 2, 1])
        b.add("a.example", 1, [192, 0, 2, 2])
        b.add("other.example", 1, [10, 0, 0, 1])
        b.add("a.example", 1, [10, 0, 0, 2], kind: 3)
        let one = try #require(IPAddress(text: "192.0.2.1"))
        let two = try #require(IPAddress(text: "192.0.2.2"))
        let addresses = try parse(b, "a.example", .a)
        #expect(addresses.content == .records([.address(one), .address(two)]))
        #expect(addresses.isAuthentic && !addresses.isAlias)

        b = DNSBuilder("a.example", 28)
        b.add("a.example", 28, [UInt8](repeating: 0, count: 15) + [1])
        #expect(try parse(b, "a.example", .aaaa).content == .records([.address(try #require(IPAddress(text: "::1")))]))

        b = DNSBuilder("a.example", 15)
        b.addMX("a.example", 65535, "MX1.Example")
        b.addMX("a.example", 0, ".")
        #expect(
            try parse(b, "a.example", .mx).content
                == .records([
                    .exchange(preference: 65535, DNSName(try DomainName("mx1.example"))),
                    .exchange(preference: 0, .root),
                ]))

        b = DNSBuilder("a.example", 16)
        b.add("a.example", 16, [3] + "v=S".utf8 + [0] + [4] + "TSv1".utf8)
        #expect(try parse(b, "a.example", .txt).content == .records([.text(Array("v=STSv1".utf8))]))

        b = DNSBuilder("_25._tcp.a.example", 52)
        b.add("_25._tcp.a.example", 52, [3, 1, 1, 9, 8])
        #expect(
            try parse(b, "_25._tcp.a.example", .tlsa).content
                == .records([.tlsa(TLSARecord(usage: 3, selector: 1, matching: 1, data: [9, 8]))]))
    }

    @Test("aliases are followed to what they stand for, in whatever order they come") func aliases() throws {
        var b = DNSBuilder("a.example", 1)
        b.add("c.example", 1, [192, 0, 2, 1])
        b.add("b.example", 5, DNSBuilder.name("c.example"))
        b.add("a.example", 5, DNSBuilder.name("B.example"))
        let answer = try parse(b, "a.example", .a)
        #expect(answer.records.count == 1)
        #expect(answer.isAlias)
        #expect(answer.canonical.description == "c.example")

        b.answers.removeFirst()
        #expect(try parse(b, "a.example", .a).content == .noData)
        b.flags |= 3
        #expect(try parse(b, "a.example", .a).content == .noName)
    }

    @Test("aliases in a circle, or without end, are a failure") func circle() throws {
        var b = DNSBuilder("a.example", 1)
        b.add("a.example", 5, DNSBuilder.name("b.example"))
        b.add("b.example", 5, DNSBuilder.name("a.example"))
        #expect(try parse(b, "a.example", .a).failure?.contains("aliases do not end") == true)
        b = DNSBuilder("n0.example", 1)
        for i in 0..<40 { b.add("n\(i).example", 5, DNSBuilder.name("n\(i + 1).example")) }
        #expect(try parse(b, "n0.example", .a).failure?.contains("aliases do not end") == true)
    }

    @Test("response codes: NXDOMAIN and nothing are answers, all others are failures", arguments: 0...15)
    func codes(_ code: UInt16) throws {
        var b = DNSBuilder("a.example", 15)
        b.flags |= code
        let answer = try parse(b, "a.example", .mx)
        switch code {
        case 0: #expect(answer.content == .noData)
        case 3: #expect(answer.content == .noName)
        default: #expect(answer.failure?.contains("name server") == true)
        }
        #expect(DNSAnswer.responseCode(of: b.bytes) == UInt8(code))
    }

    @Test("an extended response code is seen, though the head says that all is well") func extended() throws {
        var b = DNSBuilder("a.example", 52)
        b.flags |= 0x20
        // BADVERS, 16.
        b.additionals = [[0, 0, 41, 4, 0xd0, 1, 0, 0, 0, 0, 0]]
        #expect(try parse(b, "a.example", .tlsa).failure?.contains("code 16") == true)
    }

    @Test("an error may come without the question, an answer may not") func withoutQuestion() throws {
        var b = DNSBuilder("a.example", 15)
        b.questions = []
        #expect(try parse(b, "a.example", .mx).failure?.contains("another question") == true)
        b.flags |= 1
        #expect(try parse(b, "a.example", .mx).failure?.contains("FORMERR") == true)
        #expect(DNSAnswer.isAnswer(b.bytes, to: try Self.question("a.example", .mx), id: 0x1234))
    }

    @Test("what answers another question is no answer") func foreign() throws {
        let b = DNSBuilder("a.example", 15)
        let asked = try Self.question("a.example", .mx)
        #expect(DNSAnswer.isAnswer(b.bytes, to: asked, id: 0x1234))
        #expect(!DNSAnswer.isAnswer(b.bytes, to: asked, id: 0x1235))
        #expect(!DNSAnswer.isAnswer(b.bytes, to: try Self.question("b.example", .mx), id: 0x1234))
        #expect(!DNSAnswer.isAnswer(b.bytes, to: try Self.question("a.example", .a), id: 0x1234))
        var question = b
        question.flags = 0x0100
        #expect(!DNSAnswer.isAnswer(question.bytes, to: asked, id: 0x1234))
        #expect(DNSAnswer(parsing: question.bytes, for: asked, id: 0x1234).failure != nil)
    }

    @Test("an answer that is cut off is none") func cutOff() throws {
        var b = DNSBuilder("a.example", 15)
        b.flags |= 0x200
        b.addMX("a.example", 1, "mx.example")
        #expect(DNSAnswer.isCutOff(b.bytes))
        #expect(try parse(b, "a.example", .mx).failure?.contains("cut off") == true)
    }

    @Test(
        "malformed records make the answer a failure, not an answer without them",
        arguments: [
            (DNSType.a, [UInt8]([1, 2, 3])), (.a, [1, 2, 3, 4, 5]), (.a, [UInt8](repeating: 1, count: 16)),
            (.aaaa, [1, 2, 3, 4]),
            (.mx, []), (.mx, [0]), (.mx, [0, 1]), (.mx, [0, 1, 0, 0]), (.mx, [0, 1, 0xc0]), (.mx, [0, 1, 0xc0, 0xff]),
            (.mx, [0, 1, 0x40, 0]), (.txt, [5, 1, 2]), (.txt, [255]),
        ]) func malformed(_ type: DNSType, _ data: [UInt8]) throws
    {
        var b = DNSBuilder("a.example", type.rawValue)
        b.add("a.example", type.rawValue, data)
        #expect(try parse(b, "a.example", type).failure?.contains("cannot be read") == true)
    }

    @Test("row 46: TLSA records of no, one, two and three octets, and huge ones, are records: useless ones")
    func shortTLSA() throws {
        for count in [0, 1, 2, 3, 65000] {
            var b = DNSBuilder("a.example", 52)
            b.add("a.example", 52, [UInt8](repeating: 3, count: count))
            let answer = try parse(b, "a.example", .tlsa)
            guard case .tlsa(let record) = try #require(answer.records.first) else {
                Issue.record("\(answer)")
                continue
            }
            #expect(!record.isUsable)
        }
    }
}
