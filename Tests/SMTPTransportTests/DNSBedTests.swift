// What runs within the small internet of Tests/Peers/direct-delivery: real name servers, signed and unsigned zones, policies
// over HTTPS. DNSNetworkTests starts this there; elsewhere it is left out, and counts for nothing.

import Formats
import Glibc
import MailRouting
import Platform
import SMTPProtocol
import SMTPTransport
import TestSupport
import Testing

/// Which bed this process runs in, and its folder.
enum DNSBed {
    static let folder = DirectDeliveryBed.folder
    static let isThere = DirectDeliveryBed.isThere

    static func plan(
        _ domain: String, _ policies: PolicyBook = PolicyBook(), allowsPrivate: Bool = true
    ) -> DirectPlan {
        DirectRoute.plan(
            domain, resolver: Resolver(), policies: policies, allowsPrivate: allowsPrivate,
            heloName: "herald.signed.test")
    }

    /// How often a domain's policy was asked for.
    static func requests(_ domain: String) -> Int {
        let log = String(decoding: (try? Files.read(folder + "/requests")) ?? [], as: UTF8.self)
        return log.split(separator: "\n").count { $0.hasPrefix(domain + " ") }
    }
}

extension DirectPlan {
    var hosts: [PlannedHost] { if case .hosts(let hosts) = way { hosts } else { [] } }

    /// The way in one line: `DANE mx1.signed.test 127.0.0.11`, or P or T and the words.
    var words: String {
        switch way {
        case .hosts(let hosts):
            hosts.map { "\($0.protection.words) \($0.words) \($0.addresses.map(\.description).joined(separator: " "))" }
                .joined(separator: "; ")
        case .permanent(let words): "P \(words)"
        case .later(let words): "T \(words)"
        }
    }
}

@Suite(.enabled(if: DNSBed.isThere, "runs in the bed that DNSNetworkTests starts")) struct DNSBedTests {
    @Test("the name servers are those of resolv.conf, and DANE can be had") func servers() throws {
        let resolver = Resolver()
        #expect(NameServers.system().addresses.compactMap(\.ip).map(\.description) == ["127.0.0.1", "::1"])
        #expect(resolver.validation(of: DNSName(try DomainName("signed.test"))) == .on)
        let authority = Resolver(NameServers([SocketAddress(try #require(IPAddress(text: "127.0.0.53")), port: 53)]))
        guard case .off(let words) = authority.validation(of: DNSName(try DomainName("signed.test"))) else {
            Issue.record("a server that checks nothing passes for one that does")
            return
        }
        #expect(words.contains("does not check signatures"))
    }

    @Test("row 1: a lame server and a wrong signature: later", arguments: ["nobody.lame.test", "bogus.test"])
    func failing(_ domain: String) {
        #expect(DNSBed.plan(domain).words.hasPrefix("T 4.4.3 cannot find the hosts of \(domain): "))
        #expect(DNSBed.plan(domain).words.contains("SERVFAIL"))
    }

    @Test("row 2: an account's server that is not there pauses the account; a name server that fails does not")
    func smarthost() {
        for (host, isAccountFault) in [("nope.signed.test", true), ("x.lame.test", false)] {
            let fault = #expect(throws: SessionFault.self) {
                try Connector.resolve(ServerAddress(host: host, port: 25))
            }
            #expect(fault?.isAccountFault == isAccountFault && fault?.isTransient == true, "\(host)")
        }
    }

    @Test(
        "rows 3 to 5, and what has no host: never",
        arguments: [
            ("nope.signed.test", "P 5.1.2 there is no domain nope.signed.test"),
            ("null.signed.test", "P 5.1.10 the domain null.signed.test takes no mail (null MX)"),
            ("alias.signed.test", "P 5.4.6 no host can take mail for alias.signed.test: cn.signed.test is an alias"),
            (
                "self.signed.test",
                "P 5.4.6 no host takes mail for self.signed.test: its best MX host is this host itself"
            ),
            (
                "homeless.signed.test",
                "P 5.4.4 no host can take mail for homeless.signed.test: nowhere.signed.test has no"
            ),
            (
                "nothing.signed.test",
                "P 5.4.4 no host can take mail for nothing.signed.test: nothing.signed.test has no"
            ),
            ("not a domain", "P 5.1.2 'not a domain' is no domain name"),
            ("[127.0.0.256]", "P 5.1.2 [127.0.0.256] is no"),
        ]) func never(_ domain: String, _ words: String)
    {
        #expect(DNSBed.plan(domain).words.hasPrefix(words))
    }

    @Test("row 5: private addresses, unless they are allowed") func privateHosts() {
        let refused = DNSBed.plan("private.signed.test", allowsPrivate: false).words
        #expect(refused.hasPrefix("P 5.4.6") && refused.contains("inside.signed.test has private addresses alone"))
        #expect(DNSBed.plan("private.signed.test").words == "opportunistic TLS inside.signed.test 10.1.2.3")
        #expect(DNSBed.plan("[127.0.0.1]", allowsPrivate: false).words.hasPrefix("P 5.4.6"))
        #expect(DNSBed.plan("[IPv6:::1]").words == "opportunistic TLS [::1] ::1")
    }

    @Test(
        "the way to each domain: hosts in order, and what they must show",
        arguments: [
            ("signed.test", "DANE mx1.signed.test 127.0.0.11 ::1; DANE mx2.signed.test 127.0.0.12"),
            ("aliased.signed.test", "DANE mx1.signed.test 127.0.0.11 ::1"),
            ("backup.signed.test", "DANE mx1.signed.test 127.0.0.11 ::1"),
            ("implicit.signed.test", "DANE implicit.signed.test 127.0.0.11"),
            ("plain.signed.test", "opportunistic TLS plain.signed.test 127.0.0.13"),
            ("bücher.signed.test", "DANE mx1.signed.test 127.0.0.11 ::1"),
            ("two.signed.test", "DANE both.signed.test 127.0.0.16"),
            ("mismatch.signed.test", "DANE wrong.signed.test 127.0.0.14"),
            // Row 46.
            ("unusable.signed.test", "TLS useless.signed.test 127.0.0.15"),
            ("huge.signed.test", "DANE long.signed.test 127.0.0.17"),
            // Insecure delegation: nobody vouches for the zone, whatever TLSA records it has.
            ("hosted.signed.test", "opportunistic TLS mx.island.signed.test 127.0.0.31"),
            (
                "island.signed.test",
                "opportunistic TLS mx.island.signed.test 127.0.0.31; DANE mx1.signed.test 127.0.0.11 ::1"
            ),
        ]) func ways(_ domain: String, _ words: String)
    {
        #expect(DNSBed.plan(domain).words == words)
    }

    @Test("the records and names that a host's certificate may have") func dane() throws {
        let digest = Array(try Files.read(DNSBed.folder + "/mx1.digest").prefix { $0 != 0x0a })
        let spki = try #require(Hex.decode(String(decoding: digest, as: UTF8.self)))
        let record = TLSARecord(usage: 3, selector: 1, matching: 1, data: spki)
        let plan = DNSBed.plan("signed.test")
        let (mx1, domain) = (try DomainName("mx1.signed.test"), try DomainName("signed.test"))
        #expect(plan.isAuthentic)
        #expect(plan.hosts.first?.protection == .dane([record], base: mx1, names: [domain]))
        guard case .dane(let second, _, _) = plan.hosts.last?.protection else { return }
        #expect(second.map(\.usage) == [2])
        // From an unsigned domain to a signed host: the host's own name alone.
        #expect(DNSBed.plan("island.signed.test").hosts.last?.protection == .dane([record], base: mx1, names: []))
        // An alias as its own host: the records of what it stands for.
        guard case .dane(_, let base, let names) = DNSBed.plan("nickname.signed.test").hosts.first?.protection else {
            Issue.record("no DANE")
            return
        }
        #expect(base.ascii == "implicit.signed.test" && names.map(\.ascii) == ["nickname.signed.test"])
        guard case .dane(let both, _, _) = DNSBed.plan("two.signed.test").hosts.first?.protection else { return }
        #expect(both.count == 2)
    }

    @Test("30 KB of TLSA records come by TCP, whole") func huge() {
        guard case .dane(let records, _, _) = DNSBed.plan("huge.signed.test").hosts.first?.protection else {
            Issue.record("no DANE")
            return
        }
        #expect(records.map(\.data.count).sorted() == [32, 30004])
    }

    @Test("a host whose TLSA records have a wrong signature gets nothing now; the next one does") func bogusRecords() {
        let plan = DNSBed.plan("untold.signed.test")
        #expect(plan.words == "DANE mx1.signed.test 127.0.0.11 ::1")
        #expect(plan.passedOver.map(\.host) == ["lost.signed.test"])
        #expect(plan.passedOver.first?.description.contains("its TLSA records: the name server fails") == true)
    }

    @Test("61 MX records come by TCP; only so many are looked up") func many() {
        let plan = DNSBed.plan("many.signed.test")
        #expect(plan.words == "DANE mx1.signed.test 127.0.0.11 ::1")
        #expect(plan.passedOver.count == 9)
    }
}
