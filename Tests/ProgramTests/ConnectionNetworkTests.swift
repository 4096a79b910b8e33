// Starts Tests/Peers/direct-delivery and, within it, this test program with ConnectionBedTests.

import Glibc
import TestSupport
import Testing

@Suite struct ConnectionNetworkTests {
    @Test(
        "in a network with name servers of its own, the suite for it passes",
        .disabled(if: getenv("HERALD_WITHOUT_DNS") != nil, "left out: HERALD_WITHOUT_DNS is set"))
    func bed() throws {
        let run = try DirectDeliveryBed.run(
            suites: "ConnectionBedTests", resolvConf: "nameserver 127.0.0.1\n",
            environment: ["HERALD_PROGRAMS=\(TestSite.programs)"])
        if let words = run.cannot, !Completeness.isDemanded { try Test.cancel("no network of its own here: \(words)") }
        #expect(run.ending == .exited(0), "HERALD_WITHOUT_DNS=1 leaves this test out: \(run.output)")
        #expect(run.output.contains("Test run with 6 tests"), "\(run.output)")
        #expect(!run.output.contains("skipped"), "\(run.output)")
    }
}
