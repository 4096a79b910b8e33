import Formats
import Platform
import Testing

@Suite struct DemoTests {
    @Test("the demo shows five letters and a reply, ends with 0 and leaves nothing behind") func demo() throws {
        var child = ChildProcess(["\(TestSite.programs)/herald", "demo"], deadline: .seconds(120))
        let folder = "/tmp/herald-demo-test-\(Randomness.identifier().prefix(8))"
        try Files.makeDirectories(folder)
        defer { try? Files.removeTree(folder) }
        child.environment.append("TMPDIR=\(folder)")
        let result = try child.run()
        let output = String(decoding: result.output, as: UTF8.self)
        #expect(result.ending == .exited(0), "\(output)\n\(String(decoding: result.errors, as: UTF8.self))")
        #expect(output.split(separator: "\n").filter { $0.hasPrefix("letter after") }.count >= 6, "\(output)")
        #expect(output.contains("list-digest.eml: not answered"))
        #expect(try Files.list(folder) == [])
    }

    @Test("wrong use ends with 2, wrong settings with 2, a daemon that does not run with 75") func exitCodes() throws {
        let herald = "\(TestSite.programs)/herald"
        let folder = "/tmp/herald-codes-\(Randomness.identifier().prefix(8))"
        try Files.makeDirectories(folder)
        defer { try? Files.removeTree(folder) }
        try Files.write("report: {to_email: a@example.org}\npaths: {run: \(folder)}\n".utf8, to: folder + "/good.yaml")
        try Files.write(
            "report: {to_emial: a@example.org}\npaths: {run: \(folder), state: \(folder)}\n".utf8,
            to: folder + "/bad.yaml")
        let cases: [([String], Int32)] = [
            (["nonsense"], 2), (["send"], 2), (["--help"], 0), (["--config", folder + "/bad.yaml", "check"], 2),
            (["--config", folder + "/good.yaml", "check"], 0),
            (["test-alert", "--config", folder + "/bad.yaml"], 2),
            // A warning; what it needs is right.
            (["queue", "list", "--config", folder + "/bad.yaml"], 0),
            (["send", "a@example.org", "--config", folder + "/good.yaml"], 75),
            (["status", "--config", folder + "/good.yaml"], 1), (["check", "--config", folder + "/none.yaml"], 2),
        ]
        for (arguments, code) in cases {
            let result = try ChildProcess([herald] + arguments, deadline: .seconds(60)).run()
            #expect(result.ending == .exited(code), "\(arguments): \(String(decoding: result.errors, as: UTF8.self))")
        }
    }
}
