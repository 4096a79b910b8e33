// Generations whose names do not tell which is newer: what was not noted is read, whatever it is called.

import LogSources
import Platform
import Testing

@Suite struct FileOrderTests {
    /// In the order of their rotations.
    static let names = [
        // The clock was set back.
        ["a.log-20271122", "a.log-20261122", "a.log-20261123"],
        // Counted upwards.
        ["a.log.1", "a.log.2", "a.log.3"], ["a-1.log", "a-2.log", "a-3.log"],
        ["a.log.2026-11-22-1", "a.log.2026-11-22-2", "a.log.2026-11-22-3"],
        // Beginning with the day.
        ["a.log-30112026", "a.log-01122026", "a.log-02122026"],
        ["a.log.30-11-2026", "a.log.01-12-2026", "a.log.02-12-2026"],
        // The same names over and over.
        ["a.log.2", "a.log.1", "a.log.3"],
    ]

    @Test("generations of names that do not ascend are read, each once", arguments: names, [false, true])
    func whileStopped(names: [String], isCompressed: Bool) throws {
        let bench = try TailingBench(["a.log"])
        try bench.follow("1\n", to: "a.log")
        try bench.rotate("a.log", to: names[0], next: "2\n")
        bench.settle()
        try bench.whileStopped {
            for (index, name) in names.dropFirst().enumerated() {
                try bench.rotate("a.log", to: name, next: "\(index + 3)\n")
                if isCompressed { try bench.compress(name, "gzip", ".gz") }
            }
        }
        bench.expectTold(inAnyOrder: ["1", "2", "3", "4"])
    }

    @Test("the same, where an empty log was there when the watcher was stopped", arguments: names)
    func emptyWhenStopped(names: [String]) throws {
        let bench = try TailingBench(["a.log"])
        try bench.follow("1\n", to: "a.log")
        try bench.rotate("a.log", to: names[0], next: "")
        bench.settle()
        try bench.whileStopped {
            try bench.append("2\n", to: "a.log")
            try bench.rotate("a.log", to: names[1], next: "3\n")
        }
        bench.expectTold(inAnyOrder: ["1", "2", "3"])
    }

    @Test("the same, where several rotations lie between two looks", arguments: names)
    func betweenLooks(names: [String]) throws {
        let bench = try TailingBench(["a.log"])
        try bench.follow("1\n", to: "a.log")
        for (index, name) in names.enumerated() { try bench.rotate("a.log", to: name, next: "\(index + 2)\n") }
        bench.settle()
        bench.expectTold(inAnyOrder: ["1", "2", "3", "4"])
    }

    @Test(
        "what was there at the first look is not told, and what comes after it is, whatever it is called",
        arguments: names)
    func afterFirstLook(names: [String]) throws {
        let bench = try TailingBench(["a.log"])
        try bench.append("old\n", to: names[0])
        try bench.append("older\n", to: names[2])
        try bench.follow("1\n", to: "a.log")
        try bench.whileStopped {
            try bench.rotate("a.log", to: "a.log.7", next: "2\n")
            try bench.rotate("a.log", to: names[1], next: "3\n")
            try bench.compress(names[0], "gzip", ".gz")
        }
        bench.expectTold(inAnyOrder: ["1", "2", "3"])
    }

    @Test("of generations that were passed over as much is kept as there are files")
    func kept() throws {
        let bench = try TailingBench(["a.log"])
        for number in 1...300 { try bench.append("old \(number)\n", to: "a.log.\(number)") }
        try bench.follow("1\n", to: "a.log")
        #expect(bench.stored.count < 310)
        try bench.whileStopped {
            for number in 100...300 { bench.remove("a.log.\(number)") }
            try bench.rotate("a.log", to: "a.log.100", next: "2\n")
        }
        #expect(bench.stored.count < 110)
        bench.expectTold(["1", "2"])
    }
}
