// Clocks that are set, and files that bear the times of other hosts: what was rotated is found by what it is, not by its
// time; what was there before the first look is not told.

import Glibc
import LogSources
import Platform
import Records
import TestSupport
import Testing

@Suite struct FileClockTests {
    private static let year = Duration.seconds(365 * 86_400)

    @Test(
        "a log that was empty, written to and rotated, though its files bear old times",
        arguments: ["*.log", "*.log*", "a.log"], [false, true])
    func emptyLog(glob: String, isOlderThere: Bool) throws {
        let bench = try TailingBench([glob])
        if isOlderThere {
            bench.settle()
            try bench.append("0\n", to: "a.log.1")
        }
        try bench.follow("", to: "a.log")
        #expect(bench.lines == (isOlderThere ? ["0"] : []))
        try bench.whileStopped {
            if isOlderThere { bench.rename("a.log.1", "a.log.3") }
            try bench.append("1\n", to: "a.log")
            bench.rename("a.log", "a.log.2")
            try bench.append("2\n", to: "a.log")
            for name in ["a.log.2", "a.log"] { bench.setAge(name, Self.year) }
            try bench.rotate("a.log", to: "a.log.1", next: "3\n")
        }
        bench.notices.removeAll { $0.kind != .gap }
        bench.expectTold((isOlderThere ? ["0"] : []) + ["1", "2", "3"])
    }

    @Test(
        "a log that came and was rotated while nobody watched, under a clock that was set back", arguments: [0, 1, -1])
    func newLog(years: Int) throws {
        let bench = try TailingBench()
        bench.clockError = Self.year * years
        bench.settle()
        bench.clockError = .zero
        try bench.whileStopped {
            try bench.append("1\n", to: "a.log")
            bench.setAge("a.log", Self.year)
            try bench.rotate("a.log", to: "a.log.1", next: "2\n")
        }
        bench.expectTold(["1", "2"])
    }

    @Test("the clock set a year either way between two runs: each line of each generation once", arguments: [1, -1])
    func jumped(years: Int) throws {
        let bench = try TailingBench()
        try bench.follow("1\n", to: "a.log")
        bench.clockError = Self.year * years
        try bench.whileStopped {
            try bench.append("2\n", to: "a.log")
            bench.rename("a.log", "a.log.2")
            try bench.append("3\n", to: "a.log")
            try bench.rotate("a.log", to: "a.log.1", next: "4\n")
        }
        bench.clockError = .zero
        try bench.whileStopped {
            bench.rename("a.log.2", "a.log.3")
            bench.rename("a.log.1", "a.log.2")
            try bench.rotate("a.log", to: "a.log.1", next: "5\n")
        }
        bench.expectTold(["1", "2", "3", "4", "5"])
    }

    @Test("texts keep their order over a clock that was set back: of two that begin equally each is found in its copy")
    func order() throws {
        let bench = try TailingBench()
        bench.clockError = Self.year
        try bench.follow("x\ny\n", to: "a.log")
        bench.clockError = .zero
        try bench.rotate("a.log", to: "a.log.1", next: "x\n")
        bench.settle()
        bench.rename("a.log.1", "a.log.2")
        try bench.rotate("a.log", to: "a.log.1", next: "3\n")
        bench.settle()
        try bench.whileStopped {
            // As where a file system is moved.
            for name in ["a.log.2", "a.log.1"] {
                try bench.append("rest of \(name)\n", to: name)
                try bench.copy(name, "moved")
                bench.rename("moved", name)
            }
        }
        bench.expectTold(["x", "y", "x", "3", "rest of a.log.2", "rest of a.log.1"])
    }

    /// What stood there before anyone looked, and what came then.
    enum Later: CaseIterable { case emptied, removed, appeared, compressed, rotatedEmpty }

    @Test(
        "what was rotated before the first look is not told, whatever times it bears", arguments: [".1", "-20261101"],
        Later.allCases)
    func passedOver(suffix: String, later: Later) throws {
        let bench = try TailingBench { $0.keepDeleted = .zero }
        bench.stop()
        let older = suffix == ".1" ? "a.log.2" : "a.log-20261031"
        try bench.append("older\n", to: older)
        try bench.compress(older, "gzip", ".gz")
        try bench.append("old\n", to: "a.log" + suffix)
        // They look as if they were written this moment, and yet to come.
        bench.setAge(older + ".gz", Self.year * -1)
        bench.start()
        if later != .appeared { try bench.follow(later == .rotatedEmpty ? "" : "1\n", to: "a.log") }
        bench.settle()
        let told = bench.lines
        #expect(told == (later == .appeared || later == .rotatedEmpty ? [] : ["1"]))
        switch later {
        case .emptied: bench.truncateFile("a.log")
        case .removed: bench.remove("a.log")
        case .appeared: break
        case .compressed:
            bench.remove("a.log")
            try bench.compress("a.log" + suffix, "xz", ".xz")
        case .rotatedEmpty:
            if suffix == ".1" {
                bench.rename("a.log.2.gz", "a.log.3.gz")
                bench.rename("a.log.1", "a.log.2")
                try bench.compress("a.log.2", "xz", ".xz")
                bench.rename("a.log", "a.log.1")
            } else {
                bench.rename("a.log", "a.log-20261102")
            }
        }
        bench.settle()
        try bench.follow("2\n", to: "a.log")
        #expect(bench.lines == told + ["2"])
        try bench.whileStopped {
            let name = suffix == ".1" ? "a.log.0" : "a.log-20261103"
            bench.rename("a.log", name)
            try bench.append("3\n", to: "a.log")
        }
        bench.expectTold(told + ["2", "3"])
    }

    @Test("what was rotated while its folder was closed is told, but not what was before")
    func closedFolder() throws {
        try Unprivileged.run {
            let bench = try TailingBench(["priv/*.log"])
            bench.stop()
            #expect(mkdir(bench.path("priv"), 0o700) == 0)
            try bench.append("older\n", to: "priv/a.log.2")
            bench.setAge("priv/a.log.2", Self.year)
            try bench.append("0\n", to: "priv/a.log")
            #expect(chmod(bench.path("priv"), 0) == 0)
            bench.start()
            bench.settle()
            #expect(bench.lines.isEmpty)
            #expect(chmod(bench.path("priv"), 0o700) == 0)
            bench.rename("priv/a.log", "priv/a.log.1")
            try bench.append("1\n", to: "priv/a.log.1")
            try bench.append("2\n", to: "priv/a.log")
            bench.restart()
            bench.settle()
            bench.notices = []
            bench.expectTold(["0", "1", "2"])
        }
    }
}
