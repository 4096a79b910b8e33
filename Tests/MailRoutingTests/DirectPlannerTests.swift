import MailRouting
import TestSupport
import Testing

@Suite struct DirectPlannerTests {
    private let zone = Zone()

    @Test("hosts in order, IPv4 before IPv6 and in turn") func inTurn() throws {
        zone.mx("d.test", "mx1.test", "mx2.test", secure: false)
        zone.address("mx1.test", "2a00::1", "2a00::2", "8.8.8.8", secure: false)
        zone.address("mx2.test", "8.8.4.4", secure: false)
        let plan = try zone.plan()
        #expect(plan.hosts.map(\.words) == ["mx1.test", "mx2.test"])
        #expect(plan.hosts.first?.addresses.map(\.description) == ["8.8.8.8", "2a00::1", "2a00::2"])
        #expect(plan.hosts.allSatisfy { $0.protection == .opportunistic })
        #expect(!zone.asked.contains { $0.hasPrefix("TLSA") }, "nobody vouches for the addresses")
    }

    @Test("rows 1, 3 and 4: each with its code") func refused() throws {
        zone.put("d.test", .mx, .failed("SERVFAIL"))
        #expect(try zone.plan().words.hasPrefix("T 4.4.3 cannot find the hosts of d.test: SERVFAIL"))
        zone.put("d.test", .mx, .noName)
        #expect(try zone.plan().words.hasPrefix("P 5.1.2 there is no domain d.test"))
        zone.put("d.test", .mx, .records([.exchange(preference: 0, .root)]))
        #expect(try zone.plan().words.hasPrefix("P 5.1.10"))
    }

    @Test("row 5: an alias, private addresses and this host itself are passed over; all of them is P 5.4.6")
    func loops() throws {
        zone.mx("d.test", "alias.test", "inner.test", "mx1.test", "me.test")
        zone.address("alias.test", "8.8.8.8", alias: "mx1.test")
        zone.address("inner.test", "10.0.0.1", "fd00::1")
        zone.address("mx1.test", "8.8.8.8")
        zone.address("me.test", "9.9.9.9")
        let own = OwnHost(names: [try DomainName("me.test")])
        let some = try zone.plan(own: own)
        #expect(some.hosts.map(\.words) == ["mx1.test"])
        #expect(some.passedOver.map(\.kind) == [.alias, .privateAddress])

        zone.mx("d.test", "alias.test", "inner.test")
        let none = try zone.plan(own: own)
        #expect(none.words.hasPrefix("P 5.4.6 no host can take mail for d.test: alias.test is an alias"))
        #expect(none.words.contains("inner.test has private addresses alone (smtp.allow_private_mx"))
        #expect(try zone.plan(allowsPrivate: true, own: own).hosts.map(\.words) == ["inner.test"])

        zone.mx("d.test", "me.test")
        #expect(try zone.plan(own: own).words.hasPrefix("P 5.4.6"))
    }

    @Test("row 5: a host with one of this machine's addresses is this host, and its equals are no better")
    func ownAddress() throws {
        zone.put(
            "d.test", .mx,
            .records(
                try [(10, "best.test"), (20, "equal.test"), (20, "me.test"), (20, "other.test"), (30, "worse.test")].map
                {
                    .exchange(preference: $0.0, DNSName(try DomainName($0.1)))
                }))
        for (index, name) in ["best.test", "equal.test", "other.test", "worse.test"].enumerated() {
            zone.address(name, "8.8.8.\(index)")
        }
        zone.address("me.test", "9.9.9.9")
        let own = OwnHost(addresses: [try #require(IPAddress(text: "9.9.9.9"))])
        let plan = try zone.plan(own: own)
        #expect(plan.hosts.map(\.words) == ["best.test"])
        #expect(plan.passedOver.map(\.host).sorted() == ["equal.test", "me.test", "other.test", "worse.test"])
        #expect(plan.passedOver.allSatisfy { $0.kind == .ownHost })
    }

    @Test("public addresses beside private ones are used, and only they") func mixed() throws {
        zone.mx("d.test", "mx1.test")
        zone.address("mx1.test", "192.168.0.1", "8.8.8.8", "::1")
        #expect(try zone.plan().hosts.first?.addresses.map(\.description) == ["8.8.8.8"])
        #expect(try zone.plan(allowsPrivate: true).hosts.first?.addresses.count == 3)
    }

    @Test("no address anywhere is P 5.4.4; a look-up that fails makes it T") func homeless() throws {
        zone.mx("d.test", "mx1.test", "mx2.test")
        zone.put("mx1.test", .a, .noName)
        zone.put("mx1.test", .aaaa, .noName)
        #expect(try zone.plan().words.hasPrefix("P 5.4.4 no host can take mail for d.test: mx1.test has no address"))
        zone.put("mx2.test", .aaaa, .failed("SERVFAIL"))
        #expect(try zone.plan().words.hasPrefix("T 4.4.3"))
        // One family that fails does not stop the other.
        zone.address("mx2.test", "8.8.8.8")
        zone.put("mx2.test", .aaaa, .failed("SERVFAIL"))
        #expect(try zone.plan().hosts.map(\.words) == ["mx2.test"])
    }

    @Test("a domain without MX records is its own host, and may be an alias") func implicit() throws {
        zone.address("d.test", "8.8.8.8")
        #expect(try zone.plan().hosts.map(\.words) == ["d.test"])
        zone.put("d.test", .mx, .noData, alias: "real.test")
        zone.address("real.test", "8.8.4.4")
        #expect(try zone.plan().hosts.map(\.words) == ["real.test"])
        zone.put("e.test", .mx, .noData)
        #expect(try zone.plan("e.test").words.hasPrefix("P 5.4.4"))
    }

    @Test("no more than five hosts, four addresses each and ten in all") func bounds() throws {
        let names = (0..<9).map { "mx\($0).test" }
        zone.put(
            "d.test", .mx,
            .records(
                try names.enumerated().map { .exchange(preference: UInt16($0), DNSName(try DomainName($1))) }))
        for name in names { zone.address(name, "8.8.8.8", "8.8.8.9") }
        #expect(try zone.plan().hosts.map(\.words) == Array(names.prefix(5)))
        for name in names { zone.address(name, "8.8.8.1", "8.8.8.2", "8.8.8.3", "8.8.8.4", "8.8.8.5", "8.8.8.6") }
        #expect(try zone.plan().hosts.map(\.addresses.count) == [4, 4, 2])
    }

    @Test("a time that is over leaves out what was not looked up; what was is used") func late() throws {
        zone.mx("d.test", "mx1.test", "mx2.test")
        zone.address("mx1.test", "8.8.8.8")
        zone.address("mx2.test", "8.8.8.8")
        let asked = zone
        let plan = try zone.plan { asked.asked.count > 2 }
        #expect(plan.hosts.map(\.words) == ["mx1.test"])
        #expect(plan.passedOver.map(\.kind) == [.time])
        #expect((try zone.plan { true }).words.hasPrefix("T 4.4.3"))
    }

    @Test("an address in brackets is its own host, by the same rules") func literal() throws {
        let own = OwnHost(addresses: [try #require(IPAddress(text: "9.9.9.9"))])
        func plan(_ text: String, allowsPrivate: Bool = false) throws -> DirectPlan {
            let address = try #require(IPAddress(text: text))
            return DirectPlanner.plan(literal: address, own: own, allowsPrivate: allowsPrivate)
        }
        let found = try plan("8.8.8.8").hosts
        #expect(found.map(\.words) == ["[8.8.8.8]"] && found.first?.protection == .opportunistic)
        #expect(try plan("127.0.0.1").words.hasPrefix("P 5.4.6"))
        #expect(try plan("127.0.0.1", allowsPrivate: true).hosts.count == 1)
        #expect(try plan("9.9.9.9").words.hasPrefix("P 5.4.6"))
    }
}
