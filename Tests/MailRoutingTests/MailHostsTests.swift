import MailRouting
import TestSupport
import Testing

@Suite struct MailHostsTests {
    private func name(_ text: String) throws -> DomainName { try DomainName(text) }

    private func records(_ list: [(UInt16, String)]) throws -> DNSAnswer {
        DNSAnswer(.records(try list.map { .exchange(preference: $0.0, $0.1 == "." ? .root : DNSName(try name($0.1))) }))
    }

    private func judged(_ answer: DNSAnswer, own: [String] = [], seed: UInt64 = 1) throws -> MailHosts {
        var chance = SplitMix(seed: seed)
        return MailHosts.judged(
            try name("example.org"), mx: answer, own: Set(try own.map(name)), chance: &chance)
    }

    private func names(_ hosts: MailHosts) -> [String]? {
        if case .hosts(let hosts) = hosts { hosts.map(\.name.ascii) } else { nil }
    }

    @Test("the preferred first") func order() throws {
        let answer = try records([(30, "c.test"), (10, "a.test"), (20, "b.test")])
        #expect(names(try judged(answer)) == ["a.test", "b.test", "c.test"])
    }

    @Test("equals in the order of chance: each is first about as often, the better ones always before") func chance()
        throws
    {
        let answer = try records([(10, "a.test"), (10, "b.test"), (10, "c.test"), (5, "best.test"), (20, "worst.test")])
        var first: [String: Int] = [:]
        for seed in 0..<300 {
            let order = try #require(names(try judged(answer, seed: UInt64(seed))))
            #expect(order.count == 5 && order.first == "best.test" && order.last == "worst.test")
            first[order[1], default: 0] += 1
        }
        #expect(first.count == 3 && first.values.allSatisfy { (60...140).contains($0) }, "\(first)")
    }

    @Test("the same chance makes the same order") func repeatable() throws {
        let answer = try records((0..<8).map { (10, "h\($0).test") })
        #expect(names(try judged(answer, seed: 7)) == names(try judged(answer, seed: 7)))
    }

    @Test("row 3: no domain; row 1: nothing known; the two are not the same") func none() throws {
        #expect(try judged(DNSAnswer(.noName)) == .noDomain)
        #expect(try judged(DNSAnswer(.failed("x"))) == .later("x"))
    }

    @Test("row 4: a null MX takes no mail; beside others it counts for nothing") func null() throws {
        #expect(try judged(try records([(0, ".")])) == .nullMX)
        #expect(try judged(try records([(0, "."), (0, ".")])) == .nullMX)
        #expect(names(try judged(try records([(0, "."), (10, "a.test")]))) == ["a.test"])
    }

    @Test("without MX records a domain is its own host; an alias is what it stands for") func implicit() throws {
        #expect(
            try judged(DNSAnswer(.noData))
                == .hosts([MailHost(name: try name("example.org"), preference: 0, isImplicit: true)]))
        let alias = DNSAnswer(.noData, canonical: DNSName(try name("real.test")), isAlias: true)
        #expect(names(try judged(alias)) == ["real.test"])
    }

    @Test("row 5: this host, and all that is no better, are left out") func own() throws {
        let answer = try records([(10, "a.test"), (20, "me.test"), (20, "same.test"), (30, "worse.test")])
        #expect(names(try judged(answer, own: ["me.test"])) == ["a.test"])
        #expect(names(try judged(answer, own: ["other.test"])) == names(try judged(answer)))
        guard case .unusable(let words) = try judged(answer, own: ["A.test"]) else {
            Issue.record("not refused")
            return
        }
        #expect(words.contains("this host itself"))
        guard case .unusable = try judged(DNSAnswer(.noData), own: ["example.org"]) else {
            Issue.record("not refused")
            return
        }
    }

    @Test("a host that stands there twice counts once, with its better preference") func twice() throws {
        let answer = try records([(30, "a.test"), (20, "b.test"), (10, "A.test")])
        #expect(names(try judged(answer)) == ["a.test", "b.test"])
    }

    @Test("names that are no host's are passed over; where there is no other, it is said which") func odd() throws {
        var b = DNSBuilder("example.org", 15)
        b.add("example.org", 15, [0, 5, 3, 0x61, 0x20, 0x1b, 0])
        func parsed() throws -> DNSAnswer {
            DNSAnswer(parsing: b.bytes, for: DNSQuestion(try name("example.org"), .mx), id: 0x1234)
        }
        guard case .unusable(let words) = try judged(try parsed()) else {
            Issue.record("not refused")
            return
        }
        #expect(words.contains("a\\032\\027"))
        b.addMX("example.org", 10, "good.test")
        #expect(names(try judged(try parsed())) == ["good.test"])
    }
}
