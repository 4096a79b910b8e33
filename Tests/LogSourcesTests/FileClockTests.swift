// Clocks that are set while nobody watches: what was rotated meanwhile is found by what it is, not by its time.

import LogSources
import Records
import Testing

@Suite struct FileClockTests {
    private static let year = Duration.seconds(365 * 86_400)

    @Test(
        "a log that was empty, written to and rotated under a clock that was set back", arguments: ["*.log", "*.log*"])
    func emptyLog(glob: String) throws {
        let bench = try TailingBench([glob])
        try bench.follow("", to: "a.log")
        try bench.whileStopped {
            try bench.append("1\n", to: "a.log")
            bench.rename("a.log", "a.log.2")
            try bench.append("2\n", to: "a.log")
            for name in ["a.log.2", "a.log"] { bench.setAge(name, Self.year) }
            try bench.rotate("a.log", to: "a.log.1", next: "3\n")
        }
        bench.expectTold(inAnyOrder: ["1", "2", "3"])
    }

    @Test("a log that came and was rotated after the clock was set back")
    func newLog() throws {
        let bench = try TailingBench()
        bench.clockError = Self.year
        bench.settle()
        bench.clockError = .zero
        try bench.whileStopped {
            try bench.append("1\n", to: "a.log")
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

    @Test("by honest times a generation that is older than the first look stays unread")
    func older() throws {
        let bench = try TailingBench()
        try bench.append("old\n", to: "a.log.1")
        bench.setAge("a.log.1", Self.year)
        bench.settle()
        try bench.follow("new\n", to: "a.log")
        bench.expectTold(["new"])
    }
}
