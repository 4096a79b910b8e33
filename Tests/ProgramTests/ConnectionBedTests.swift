// The diagnoses that need name servers, in the bed that ConnectionNetworkTests starts; elsewhere it is left out.

import Formats
import Glibc
import Platform
import TestSupport
import Testing

@Suite(.enabled(if: DirectDeliveryBed.isThere, "runs in the bed that ConnectionNetworkTests starts"))
struct ConnectionBedTests {
    @Test(
        "a name that is not there, and a name server that fails",
        arguments: [
            ("nope.signed.test", "there is no such name", "check the account's server"),
            ("x.lame.test", "the name server fails", "/etc/resolv.conf"),
        ])
    func names(_ host: String, _ cause: String, _ remedy: String) throws {
        let run = try ConnectionSite("name: a, server: \(host), port: 587, security: starttls").run()
        run.tells("name", cause: cause, remedy: remedy)
        #expect(run.output.contains("cannot find \(host): "), "\(run.output)")
    }
}
