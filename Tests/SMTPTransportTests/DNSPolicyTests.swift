// In the bed of DNSNetworkTests, as DNSBedTests.

import Formats
import MailRouting
import Platform
import SMTPTransport
import Testing

@Suite(.enabled(if: DNSBed.isThere, "runs in the bed that DNSNetworkTests starts")) struct DNSPolicyTests {
    @Test("row 48: a policy is fetched once, holds over a restart, and stops a host that it does not name")
    func enforced() throws {
        let policies = PolicyBook()
        for _ in 0..<3 {
            let plan = DNSBed.plan("enforce.test", policies)
            #expect(plan.words == "MTA-STS mx1.enforce.test 127.0.0.41")
            #expect(
                plan.passedOver.map(\.description) == [
                    "mx2.enforce.test is not among the hosts of the domain's MTA-STS policy"
                ])
            #expect(plan.policyTrouble == nil)
        }
        #expect(DNSBed.requests("enforce.test") == 1)
        let kept = policies.takeChanges()
        #expect(kept.map(\.domain.ascii) == ["enforce.test"] && kept.map(\.id) == ["1"])
        #expect(kept.first?.policy.patterns == ["mx1.enforce.test", "*.other.test"])
        #expect(policies.takeChanges() == [])

        #expect(DNSBed.plan("enforce.test", PolicyBook(kept)).hosts.count == 1)
        #expect(DNSBed.requests("enforce.test") == 1)
        #expect(DNSBed.plan("unnamed.test").words.hasPrefix("T 4.7.0 no host can take mail for unnamed.test: mx1"))
    }

    @Test("another id, but no policy to be had: the one that is known goes on to hold, and it is said") func kept()
        throws
    {
        let known = STSEntry(
            domain: try DomainName("missing.test"), id: "0",
            policy: STSPolicy(mode: .enforce, patterns: ["mx2.missing.test"], maximumAge: 86400),
            fetched: SystemClock.now())
        let policies = PolicyBook([known])
        let plan = DNSBed.plan("missing.test", policies)
        #expect(plan.words == "MTA-STS mx2.missing.test 127.0.0.42")
        #expect(
            plan.policyTrouble?.hasSuffix("the web server answers 404; the one that is known goes on to hold") == true)
        #expect(DNSBed.plan("missing.test", policies).policyTrouble == nil, "not asked for again at once")
        #expect(DNSBed.requests("missing.test") == 1)
        #expect(policies.takeChanges() == [])
    }

    @Test("a new id brings the new policy") func renewed() throws {
        let known = STSEntry(
            domain: try DomainName("testing.test"), id: "0",
            policy: STSPolicy(mode: .enforce, patterns: ["mx2.testing.test"], maximumAge: 86400),
            fetched: SystemClock.now())
        let plan = DNSBed.plan("testing.test", PolicyBook([known]))
        #expect(
            plan.words == "opportunistic TLS mx1.testing.test 127.0.0.41; opportunistic TLS mx2.testing.test 127.0.0.42"
        )
        #expect(plan.unnamedInTest == ["mx2.testing.test"])
        #expect(plan.policy?.mode == .testing)
    }

    @Test("a policy of mode none is none") func none() {
        let plan = DNSBed.plan("none.test")
        #expect(plan.hosts.map(\.protection) == [.opportunistic, .opportunistic])
        #expect(plan.policy == nil && plan.policyTrouble == nil)
    }

    @Test(
        "what is no policy: a redirect, a page, rubbish, a certificate for other names",
        arguments: [
            ("moved.test", "answers 301"), ("html.test", "no text/plain"), ("garbage.test", "a line without a colon"),
            ("wrongname.test", "certificate"),
        ]) func refused(_ domain: String, _ words: String)
    {
        let plan = DNSBed.plan(domain)
        #expect(plan.hosts.count == 2 && plan.hosts.allSatisfy { $0.protection == .opportunistic })
        #expect(plan.policyTrouble?.contains(words) == true, "\(plan.policyTrouble ?? "")")
    }

    @Test("a policy's web server in a private network is not asked unless such hosts are allowed") func privateServer()
    {
        let plan = DNSBed.plan("lonely.test", allowsPrivate: false)
        #expect(
            plan.words == "opportunistic TLS mx1.lonely.test 198.41.0.4",
            "a public address, so that the plan gets there")
        #expect(plan.policyTrouble?.contains("private addresses alone") == true)
        #expect(DNSBed.requests("lonely.test") == 0)
    }

    @Test("where DANE decides, a policy is not asked for") func precedence() {
        #expect(DNSBed.plan("signed.test").policy == nil)
        #expect(DNSBed.requests("signed.test") == 0)
    }
}
