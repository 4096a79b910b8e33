import Formats
import MailRouting
import TestSupport
import Testing

/// Octets of a stranger's: whatever they are, reading ends without a trap, and nothing is made up.
@Suite struct DNSHostilityTests {
    private static let id: UInt16 = 0x1234

    /// A message with all that a real one has: aliases, compression, other sections, EDNS.
    private static func rich() -> [UInt8] {
        var b = DNSBuilder("www.example.org", 15)
        b.flags |= 0x20
        // 0xc00c is the question's name, 0xc010 "example.org" in it.
        b.answers.append([0xc0, 0x0c, 0, 5, 0, 1, 0, 0, 0, 60, 0, 7, 4] + "mail".utf8 + [0xc0, 0x10])
        b.answers.append(
            [4] + "mail".utf8 + [0xc0, 0x10, 0, 15, 0, 1, 0, 0, 0, 60, 0, 8, 0, 10, 3] + "mx1".utf8 + [0xc0, 0x10])
        b.answers.append(
            [4] + "mail".utf8 + [0xc0, 0x10, 0, 15, 0, 1, 0, 0, 0, 60, 0, 8, 0, 20, 3] + "mx2".utf8 + [0xc0, 0x10])
        b.authorities.append(DNSBuilder.record("example.org", 2, DNSBuilder.name("ns.example.org")))
        b.additionals.append(DNSBuilder.record("mx1.example.org", 1, [192, 0, 2, 1]))
        b.additionals.append([0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0])
        return b.bytes
    }

    private func read(_ message: [UInt8], _ type: DNSType = .mx) throws -> DNSAnswer {
        DNSAnswer(parsing: message, for: try DNSAnswerTests.question("www.example.org", type), id: Self.id)
    }

    @Test("the message that the others are made from is read") func whole() throws {
        let answer = try read(Self.rich())
        #expect(answer.records.count == 2)
        #expect(answer.canonical.description == "mail.example.org")
        #expect(answer.isAuthentic)
    }

    @Test("cut off at whatever octet, a message is a failure, never an answer with less in it") func truncated() throws
    {
        let message = Self.rich()
        for count in 0..<message.count {
            let answer = try read(Array(message[..<count]))
            #expect(answer.failure != nil, "\(count) of \(message.count) octets: \(answer)")
            #expect(!answer.isAuthentic)
        }
        #expect(try read(message + [1, 2, 3]).records.count == 2)
    }

    @Test("counts that promise more than there is", arguments: [6, 8, 10]) func counts(_ at: Int) throws {
        for value: UInt16 in [7, 255, 256, 65535] {
            var message = Self.rich()
            message.replaceSubrange(at..<(at + 2), with: DNSBuilder.two(value))
            #expect(try read(message).failure != nil, "\(value)")
        }
    }

    @Test("each octet changed to others: no trap, and what is read keeps the bounds of names") func changed() throws {
        let message = Self.rich()
        for index in message.indices {
            for value: UInt8 in [
                0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xff, message[index] ^ 1, message[index] &+ 1,
            ] {
                var other = message
                other[index] = value
                for type in [DNSType.mx, .a, .tlsa] {
                    let answer = try read(other, type)
                    #expect(answer.canonical.wire.count <= 255)
                }
            }
        }
    }

    @Test("random octets behind a right head and question", arguments: [1, 2, 3, 4]) func noise(_ seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var kinds: Set<String> = []
        for _ in 0..<4000 {
            var b = DNSBuilder("www.example.org", 15)
            // Pieces of real records among noise get further than noise alone.
            for _ in 0..<random.below(4) {
                b.add("www.example.org", [1, 5, 15, 16, 28, 52].randomElement(using: &random) ?? 1, noise(20, &random))
            }
            var message = b.bytes
            if random.below(2) == 0 { message += noise(60, &random) }
            if random.below(3) == 0, message.count > 33 {
                message[33 + random.below(message.count - 33)] = UInt8(truncatingIfNeeded: random.next())
            }
            let answer = try read(message)
            if case .failed = answer.content { kinds.insert("failed") } else { kinds.insert("read") }
        }
        #expect(kinds == ["failed", "read"], "seed \(seed)")
    }

    private func noise(_ limit: Int, _ random: inout SplitMix) -> [UInt8] {
        (0..<random.below(limit)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    @Test("pointers to themselves, forward, in a circle and to each other") func pointers() throws {
        let start = 12 + DNSBuilder.name("www.example.org").count + 4
        func pointer(_ to: Int) -> [UInt8] { [0xc0 | UInt8(to >> 8), UInt8(truncatingIfNeeded: to)] }
        let rest: [UInt8] = [0, 15, 0, 1, 0, 0, 0, 60, 0, 0]
        for owner in [
            pointer(start), pointer(start + 2), pointer(0x3fff), [1, 0x61] + pointer(start),
            [1, 0x61] + pointer(start + 1),
            [0xc0],
        ] {
            var b = DNSBuilder("www.example.org", 15)
            b.answers = [owner + rest]
            #expect(try read(b.bytes).failure != nil, "\(owner)")
        }
    }

    @Test("64 KiB of pointers to pointers are done in a moment") func chain() throws {
        // The first record's data are pointers, each to the one before; all later names point to the last of them.
        var b = DNSBuilder("www.example.org", 15)
        let start = 12 + b.questions[0].count + 11
        var data: [UInt8] = [0]
        while start + data.count + 2 < 0x3fff {
            let target = start + max(0, data.count - 2)
            data += [0xc0 | UInt8(target >> 8), UInt8(truncatingIfNeeded: target)]
        }
        b.answers = [[0, 0, 99, 0, 1, 0, 0, 0, 60] + DNSBuilder.two(UInt16(data.count)) + data]
        let last = start + data.count - 2
        let name: [UInt8] = [0xc0 | UInt8(last >> 8), UInt8(truncatingIfNeeded: last)]
        for _ in 0..<4000 { b.answers.append(name + [0, 15, 0, 1, 0, 0, 0, 60, 0, 0]) }
        #expect(b.bytes.count < 65536)
        #expect(try read(b.bytes).failure?.contains("255 octets") == true)
    }

    @Test("a name of more than 255 octets, put together by pointers, is refused; one of 255 is not") func long() throws
    {
        func message(_ labels: Int, _ tail: [UInt8]) -> [UInt8] {
            var b = DNSBuilder("www.example.org", 15)
            let name = (0..<labels).flatMap { _ in [63] + [UInt8](repeating: 0x61, count: 63) } + tail
            b.answers = [name + [0, 15, 0, 1, 0, 0, 0, 60, 0, 4, 0, 1, 1, 0x62, 0]]
            b.answers[0] = name + [0, 15, 0, 1, 0, 0, 0, 60, 0, 5, 0, 1, 1, 0x62, 0]
            return b.bytes
        }
        // 3 × 64 + 62 + 1 = 255
        let fitting = [61] + [UInt8](repeating: 0x61, count: 61) + [0]
        #expect(try read(message(3, fitting)).content == .noData)
        let over = [62] + [UInt8](repeating: 0x61, count: 62) + [0]
        #expect(try read(message(3, over)).failure?.contains("255 octets") == true)
        // The question's name stands at 12.
        #expect(try read(message(3, [60] + [UInt8](repeating: 0x61, count: 60) + [0xc0, 12])).failure != nil)
    }

    @Test("names with dots, spaces and escapes in their labels are shown escaped and are no host's") func odd() throws {
        var b = DNSBuilder("www.example.org", 15)
        b.answers = [
            [
                0xc0, 12, 0, 15, 0, 1, 0, 0, 0, 60, 0, 14, 0, 1, 10, 0x61, 0x2e, 0x5c, 0x1b, 0x0a, 0x20, 0xff, 0, 0x41,
                0x7f, 0,
            ]
        ]
        let answer = try read(b.bytes)
        guard case .exchange(_, let name) = try #require(answer.records.first) else { return }
        #expect(name.description == "a\\.\\\\\\027\\010\\032\\255\\000a\\127")
        #expect(name.domain == nil)
    }
}
