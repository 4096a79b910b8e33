// The small internet of Tests/Peers/direct-delivery, and this test program within it.

import Formats
import Glibc
import Platform

package enum DirectDeliveryBed {
    /// The folder of the bed that this process runs in; empty elsewhere.
    package static let folder = getenv("HERALD_DNS_BED").map { String(cString: $0) } ?? ""
    package static var isThere: Bool { !folder.isEmpty }

    /// A run of the test program in a bed.
    package struct Run: Sendable {
        package var ending: ChildProcess.Ending
        package var output: String

        /// Why there can be none: a container without namespaces of its own.
        package var cannot: String? { ending == .exited(77) ? output : nil }
    }

    /// Runs the suites whose names match in a bed of their own. The first time it fetches its packages.
    ///
    /// - Parameter environment: more of it, `NAME=value`.
    package static func run(suites: String, resolvConf: String, environment: [String] = []) throws -> Run {
        let folder = try TemporaryFolder()
        try Files.write(resolvConf.utf8, to: folder("resolv.conf"), mode: 0o644)
        let script = Files.split(Files.split(#filePath).directory).directory + "/Peers/direct-delivery"
        let program = try Files.read("/proc/self/cmdline").split(separator: 0).first ?? []
        var child = ChildProcess(
            ["/bin/sh", script, "run", folder.path, String(decoding: program, as: UTF8.self)]
                + ["--testing-library", "swift-testing", "--filter", suites],
            deadline: .seconds(900))
        child.environment += ["HERALD_DNS_BED=\(folder.path)"] + environment
        for name in ["HERALD_PEERS", "HOME", "LD_LIBRARY_PATH"] {
            if let value = getenv(name) { child.environment.append("\(name)=\(String(cString: value))") }
        }
        let result = try child.run()
        return Run(ending: result.ending, output: String(decoding: result.output + result.errors, as: UTF8.self))
    }
}
