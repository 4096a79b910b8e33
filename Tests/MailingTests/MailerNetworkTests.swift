// Starts Tests/Peers/direct-delivery and, within it, this test program with the suite that is made for it.

import Formats
import Glibc
import Platform
import TestSupport
import Testing

@Suite struct MailerNetworkTests {
    @Test(
        "in a network with signed zones and policies, letters go straight to the recipients' hosts",
        .disabled(if: getenv("HERALD_WITHOUT_DNS") != nil, "left out: HERALD_WITHOUT_DNS is set"))
    func bed() throws {
        let folder = try TemporaryFolder()
        let script = Files.split(Files.split(#filePath).directory).directory + "/Peers/direct-delivery"
        let program = try #require(try Files.read("/proc/self/cmdline").split(separator: 0).first)
        var child = ChildProcess(
            ["/bin/sh", script, "run", folder.path, String(decoding: program, as: UTF8.self)]
                + ["--testing-library", "swift-testing", "--filter", "MailerDirectTests"],
            // The first time it fetches its packages.
            deadline: .seconds(900))
        child.environment += ["HERALD_DNS_BED=\(folder.path)"]
        for name in ["HERALD_PEERS", "HOME", "LD_LIBRARY_PATH"] {
            if let value = getenv(name) { child.environment.append("\(name)=\(String(cString: value))") }
        }
        let result = try child.run()
        let output = String(decoding: result.output + result.errors, as: UTF8.self)
        // 77: a container without namespaces of its own.
        if result.ending == .exited(77), !Completeness.isDemanded {
            try Test.cancel("no network of its own here: \(output)")
        }
        #expect(result.ending == .exited(0), "HERALD_WITHOUT_DNS=1 leaves this test out: \(output)")
        #expect(output.contains("Test run with 11 tests"), "\(output)")
        #expect(!output.contains("skipped"), "\(output)")
    }
}
