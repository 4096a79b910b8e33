// Starts Tests/Peers/direct-delivery and, within it, this test program with the suites that are made for it.

import Glibc
import TestSupport
import Testing

@Suite struct DNSNetworkTests {
    @Test(
        "in a network with NSD, unbound, signed zones and policies over HTTPS, all suites for it pass",
        .disabled(if: getenv("HERALD_WITHOUT_DNS") != nil, "left out: HERALD_WITHOUT_DNS is set"),
        arguments: [
            ("DNSBedTests|DNSPolicyTests|DNSDeliveryTests", "nameserver 127.0.0.1\nnameserver ::1\n", 23),
            ("DNSForeignTests", "nameserver 127.0.0.1\nnameserver 192.0.2.1\n", 1),
        ]) func bed(_ suites: String, _ configuration: String, _ count: Int) throws
    {
        let run = try DirectDeliveryBed.run(suites: suites, resolvConf: configuration)
        if let words = run.cannot, !Completeness.isDemanded { try Test.cancel("no network of its own here: \(words)") }
        #expect(run.ending == .exited(0), "HERALD_WITHOUT_DNS=1 leaves this test out: \(run.output)")
        #expect(run.output.contains("Test run with \(count) test"), "\(run.output)")
        #expect(!run.output.contains("skipped"), "\(run.output)")
    }
}
