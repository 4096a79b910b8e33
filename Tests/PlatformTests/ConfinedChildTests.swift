import Platform
import Testing

@Suite("A confined child")
struct ConfinedChildTests {
    private func run(_ script: String, confined: Bool) throws -> ChildProcess.Ending {
        var child = ChildProcess(["/bin/sh", "-c", script], deadline: .seconds(20))
        child.isConfined = confined
        return try child.run().ending
    }

    @Test("cannot signal its parent, a process of its own, or change another's limits")
    func signals() throws {
        for script in ["kill -0 $PPID", "sleep 0 & kill -0 $!", "prlimit --pid $PPID --core=1000:"] {
            #expect(try run(script, confined: true) != .exited(0), "\(script)")
        }
        #expect(try run("kill -0 $PPID", confined: false) == .exited(0))
    }

    @Test("still runs, and can read its own limits")
    func runs() throws {
        #expect(try run("ulimit -c 0 && prlimit --core >/dev/null && (exit 0)", confined: true) == .exited(0))
    }
}
