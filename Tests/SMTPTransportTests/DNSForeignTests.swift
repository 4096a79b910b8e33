// In the bed of DNSNetworkTests, as DNSBedTests.

import MailRouting
import SMTPTransport
import Testing

/// In a bed whose resolv.conf names a server elsewhere, too.
@Suite(.enabled(if: DNSBed.isThere, "runs in the bed that DNSNetworkTests starts")) struct DNSForeignTests {
    @Test("a name server elsewhere turns DANE off, and it is said; a policy then holds for what it protected")
    func off() throws {
        #expect(NameServers.system().foreign.map(\.ip?.description) == ["192.0.2.1"])
        let plan = DNSBed.plan("aliased.signed.test")
        #expect(plan.words == "opportunistic TLS mx1.signed.test 127.0.0.11 ::1")
        #expect(!plan.isAuthentic)
        #expect(DNSBed.plan("signed.test").words.hasPrefix("T 4.7.0"), "the policy names another host")
        guard case .off(let words) = Resolver().validation(of: DNSName(try DomainName("signed.test"))) else {
            Issue.record("on")
            return
        }
        #expect(words.contains("192.0.2.1 is not on this host"))
    }
}
