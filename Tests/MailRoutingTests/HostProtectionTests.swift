import MailRouting
import TestSupport
import Testing

@Suite struct HostProtectionTests {
    private let zone = Zone()
    private let good = TLSARecord(usage: 3, selector: 1, matching: 1, data: [UInt8](repeating: 1, count: 32))
    private let bad = TLSARecord(usage: 1, selector: 1, matching: 1, data: [UInt8](repeating: 1, count: 32))
    private let enforce = STSPolicy(mode: .enforce, patterns: ["mx1.test"], maximumAge: 86400)

    @Test("DANE: what the name server vouches for from the domain to the records holds, with all names it may have")
    func dane() throws {
        zone.mx("d.test", "mx1.test")
        zone.address("mx1.test", "8.8.8.8")
        zone.tlsa("mx1.test", bad, good)
        let host = try DomainName("mx1.test")
        #expect(
            try zone.plan().hosts.map(\.protection) == [.dane([good], base: host, names: [try DomainName("d.test")])])
    }

    @Test("DANE by the host alone: MX records that are not authentic leave the domain's name out") func insecureMX()
        throws
    {
        zone.mx("d.test", "mx1.test", secure: false)
        zone.address("mx1.test", "8.8.8.8")
        zone.tlsa("mx1.test", good)
        #expect(
            try zone.plan().hosts.map(\.protection) == [.dane([good], base: try DomainName("mx1.test"), names: [])])
    }

    @Test("no DANE: records that nobody vouches for are as none") func insecureRecords() throws {
        zone.mx("d.test", "mx1.test")
        zone.address("mx1.test", "8.8.8.8")
        zone.tlsa("mx1.test", good, secure: false)
        #expect(try zone.plan().hosts.map(\.protection) == [.opportunistic])
        zone.tlsa("mx1.test", good)
        zone.address("mx1.test", "8.8.8.8", secure: false)
        #expect(try zone.plan().hosts.map(\.protection) == [.opportunistic])
    }

    @Test("row 46: records of which none can be used: TLS, and nobody authenticated") func unusable() throws {
        zone.mx("d.test", "mx1.test")
        zone.address("mx1.test", "8.8.8.8")
        zone.tlsa("mx1.test", bad)
        let plan = try zone.plan()
        #expect(plan.hosts.map(\.protection) == [.encrypted])
        #expect(plan.hosts.map(\.protection.requiresTLS) == [true])
    }

    @Test("records that cannot be asked for: the host may be anybody's, and gets nothing now") func lookupFails() throws
    {
        zone.mx("d.test", "mx1.test", "mx2.test")
        zone.address("mx1.test", "8.8.8.8")
        zone.address("mx2.test", "8.8.8.8", secure: false)
        zone.put("_25._tcp.mx1.test", .tlsa, .failed("SERVFAIL"))
        let plan = try zone.plan()
        #expect(plan.hosts.map(\.words) == ["mx2.test"])
        #expect(plan.passedOver.map(\.description) == ["mx1.test: its TLSA records: SERVFAIL"])
        zone.mx("d.test", "mx1.test")
        #expect(try zone.plan().words.hasPrefix("T 4.4.3"))
    }

    @Test("an implicit host that is an alias: the records of what it stands for go first") func expanded() throws {
        zone.put("d.test", .mx, .noData)
        zone.address("d.test", "8.8.8.8", alias: "real.test")
        zone.tlsa("real.test", good)
        guard case .dane(_, let base, let names) = try #require(try zone.plan().hosts.first).protection else {
            Issue.record("no DANE")
            return
        }
        #expect(base.ascii == "real.test")
        #expect(names.map(\.ascii) == ["d.test"])
    }

    @Test("MTA-STS: hosts that the policy names need a certificate of theirs, others get nothing; row 48")
    func enforced() throws {
        zone.mx("d.test", "other.test", "mx1.test", secure: false)
        zone.address("mx1.test", "8.8.8.8", secure: false)
        zone.address("other.test", "8.8.8.8", secure: false)
        let plan = try zone.plan(policy: enforce)
        #expect(plan.hosts.map(\.protection) == [.sts(try DomainName("mx1.test"))])
        #expect(plan.passedOver.map(\.kind) == [.policy])
        #expect(plan.policy == enforce)
        zone.mx("d.test", "other.test", secure: false)
        let none = try zone.plan(policy: enforce)
        #expect(none.words.hasPrefix("T 4.7.0 no host can take mail for d.test: other.test is not among the hosts"))
        #expect(none.policy == enforce)
    }

    @Test("a policy in test changes nothing and names what it would have stopped; one of mode none is none")
    func testing() throws {
        zone.mx("d.test", "other.test", "mx1.test", secure: false)
        zone.address("mx1.test", "8.8.8.8", secure: false)
        zone.address("other.test", "8.8.8.8", secure: false)
        let plan = try zone.plan(policy: STSPolicy(mode: .testing, patterns: ["mx1.test"], maximumAge: 1))
        #expect(plan.hosts.map(\.protection) == [.opportunistic, .opportunistic])
        #expect(plan.unnamedInTest == ["other.test"])
        let ended = try zone.plan(policy: STSPolicy(mode: .none, patterns: [], maximumAge: 1))
        #expect(ended.hosts.count == 2 && ended.policy == nil && ended.unnamedInTest == [])
    }

    @Test("DANE goes before a policy, which is then not even asked for") func precedence() throws {
        zone.mx("d.test", "other.test")
        zone.address("other.test", "8.8.8.8")
        zone.tlsa("other.test", good)
        var wasAsked = false
        var chance = SplitMix(seed: 1)
        let plan = DirectPlanner(
            try DomainName("d.test"), own: OwnHost(), allowsPrivate: false, ask: zone.ask,
            policy: {
                wasAsked = true
                return enforce
            }
        ).plan(chance: &chance)
        #expect(plan.hosts.count == 1 && plan.policy == nil && !wasAsked)
    }

    @Test("MX records that may be forged do not lead past a policy, whatever records their hosts have") func forged()
        throws
    {
        zone.mx("d.test", "evil.test", "mx1.test", secure: false)
        zone.address("evil.test", "8.8.8.8")
        zone.tlsa("evil.test", good)
        zone.address("mx1.test", "8.8.8.8")
        zone.tlsa("mx1.test", good)
        let plan = try zone.plan(policy: enforce)
        #expect(plan.hosts.map(\.protection) == [.dane([good], base: try DomainName("mx1.test"), names: [])])
        #expect(plan.passedOver.map(\.host) == ["evil.test"])
    }

    @Test("a policy authenticates where TLSA records cannot") func unusableAndPolicy() throws {
        zone.mx("d.test", "mx1.test")
        zone.address("mx1.test", "8.8.8.8")
        zone.tlsa("mx1.test", bad)
        #expect(try zone.plan(policy: enforce).hosts.map(\.protection) == [.sts(try DomainName("mx1.test"))])
    }
}
