import Formats
import Glibc
import TestSupport
import Testing

@testable import Platform

@Suite struct ChildProcessTests {
    @Test("input goes in, output and errors come back, with the exit code") func exchange() throws {
        let input = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        let result = try ChildProcess(["/bin/sh", "-c", "cat; echo bad >&2; exit 3"], deadline: .seconds(20)).run(
            input: input)
        #expect(result.ending == .exited(3))
        #expect(result.output == input)
        #expect(result.errors == Array("bad\n".utf8))
    }

    @Test("a child that does not read its input does not hang us") func unread() throws {
        let result = try ChildProcess(["/bin/true"], deadline: .seconds(20)).run(
            input: Array(repeating: 0, count: 1 << 20))
        #expect(result.ending == .exited(0))
    }

    @Test("at the deadline the child dies with all it started") func deadline() throws {
        let marker = "\(getpid())\(Randomness.identifier().prefix(4).utf8.reduce(0) { $0 + Int($1) })"
        let result = try ChildProcess(
            ["/bin/sh", "-c", "sleep 1\(marker) & sleep 1\(marker)"], deadline: .milliseconds(100)
        ).run()
        #expect(result.ending == .timedOut)
        let left = try ChildProcess(["/usr/bin/pgrep", "-f", "sleep 1\(marker)"], deadline: .seconds(20)).run()
        #expect(String(decoding: left.output, as: UTF8.self) == "")
    }

    @Test("too much output ends it, and a missing program is told by 127") func limits() throws {
        var child = ChildProcess(["/usr/bin/yes"], deadline: .seconds(20))
        child.outputLimit = 10_000
        #expect(try child.run().ending == .tooMuchOutput)
        #expect(try ChildProcess(["/no/such/program"], deadline: .seconds(20)).run().ending == .exited(127))
    }

    @Test("a file that it is given besides is its descriptor 3") func more() throws {
        let folder = try TemporaryFolder()
        try Files.write(Array("the file".utf8), to: folder("file"))
        let file = try Descriptor.open(folder("file"), O_RDONLY)
        let result = try ChildProcess(["/bin/sh", "-c", "cat; cat <&3"], deadline: .seconds(20)).run(
            input: Array("input, ".utf8), more: file)
        #expect(result.output == Array("input, the file".utf8))
    }

    @Test("no descriptor of ours reaches the child") func descriptors() throws {
        let open = try Descriptor.open("/dev/null", O_RDONLY)
        _ = fcntl(open.number, F_SETFD, 0)
        let result = try ChildProcess(["/bin/sh", "-c", "ls /proc/self/fd | wc -l"], deadline: .seconds(20)).run()
        #expect(String(decoding: result.output, as: UTF8.self).filter(\.isNumber) == "4")
        withExtendedLifetime(open) {}
    }
}
