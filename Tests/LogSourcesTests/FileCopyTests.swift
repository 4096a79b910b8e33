// Plain copies of a log or of its generations, made by hand under names that rotation gives: they are told once.

import Glibc
import LogSources
import Platform
import Testing

@Suite struct FileCopyTests {
    /// Longer than what tells one text from others. With a time, so that no line is written twice.
    private func line(_ name: String) -> String { "2026-11-22T05:00:00Z " + name + String(repeating: "-", count: 80) }

    private func text(_ names: ClosedRange<Int>) -> String { names.map { line("\($0)") + "\n" }.joined() }

    private func expectLines(_ names: ClosedRange<Int>, _ bench: TailingBench) {
        bench.expectTold(inAnyOrder: names.map { line("\($0)") })
    }

    @Test(
        "a copy of the log is not told when that rotates",
        arguments: ["a.log.20261122", "a.log.old", "a.log-20261122", "a.log.7", "a-20261122.log", "old/a.log"],
        ["*.log", "*.log*", "a.log"])
    func ofLog(name: String, glob: String) throws {
        for isSeen in [false, true] {
            let bench = try TailingBench([glob])
            #expect(mkdir(bench.path("old"), 0o700) == 0)
            try bench.follow(text(1...3), to: "a.log")
            try bench.copy("a.log", name)
            if isSeen { bench.settle() }
            try bench.follow(text(4...4), to: "a.log")
            try bench.rotate("a.log", to: "a.log.1", next: text(5...5))
            bench.settle()
            try bench.follow(text(6...6), to: "a.log")
            expectLines(1...6, bench)
        }
    }

    @Test(
        "a copy of a generation is not told when the log rotates, nor when the original is gone",
        arguments: [false, true])
    func ofGeneration(isOriginalGone: Bool) throws {
        let bench = try TailingBench()
        try bench.follow(text(1...3), to: "a.log")
        try bench.rotate("a.log", to: "a.log.1", next: text(4...4))
        bench.settle()
        try bench.copy("a.log.1", "a.log.old")
        bench.rename("a.log.1", "a.log.2")
        try bench.rotate("a.log", to: "a.log.1", next: text(5...5))
        bench.settle()
        if isOriginalGone { bench.remove("a.log.2") }
        try bench.whileStopped {
            bench.rename("a.log.1", "a.log.2")
            try bench.rotate("a.log", to: "a.log.1", next: text(6...6))
        }
        expectLines(1...6, bench)
    }

    @Test("a copy that is shorter than its original is not told when that is gone, over a restart")
    func shorter() throws {
        let bench = try TailingBench()
        try bench.follow(text(1...3), to: "a.log")
        try bench.copy("a.log", "a.log.old")
        try bench.follow(text(4...4), to: "a.log")
        try bench.rotate("a.log", to: "a.log.1", next: text(5...5))
        bench.settle()
        try bench.whileStopped {
            bench.remove("a.log.1")
            try bench.rotate("a.log", to: "a.log.2", next: text(6...6))
        }
        expectLines(1...6, bench)
    }

    @Test("of copies that were made of what nobody read each line is told once")
    func unread() throws {
        let bench = try TailingBench()
        try bench.follow(text(1...2), to: "a.log")
        try bench.whileStopped {
            try bench.append(text(3...3), to: "a.log")
            try bench.copy("a.log", "a.log.20261122")
            try bench.append(text(4...4), to: "a.log")
            try bench.rotate("a.log", to: "a.log.1", next: text(5...6))
            try bench.copy("a.log", "a.log.old")
            try bench.append(text(7...7), to: "a.log")
            bench.rename("a.log.1", "a.log.2")
            try bench.rotate("a.log", to: "a.log.1", next: text(8...8))
        }
        expectLines(1...8, bench)
    }

    @Test("of a copy that goes on only what is beyond is told")
    func beyond() throws {
        let bench = try TailingBench()
        try bench.follow(text(1...2), to: "a.log")
        try bench.rotate("a.log", to: "a.log.1", next: text(3...3))
        bench.settle()
        try bench.copy("a.log.1", "a.log.old")
        try bench.append(text(4...4), to: "a.log.old")
        try bench.whileStopped {
            bench.rename("a.log.1", "a.log.2")
            try bench.rotate("a.log", to: "a.log.1", next: text(5...5))
        }
        expectLines(1...5, bench)
    }

    @Test("copied and truncated while stopped, and the same lines written again: what was between is told")
    func writtenAgain() throws {
        let bench = try TailingBench()
        try bench.follow(text(1...2), to: "a.log")
        try bench.whileStopped {
            try bench.append(text(3...3), to: "a.log")
            try bench.copy("a.log", "a.log.1")
            bench.truncateFile("a.log")
            try bench.append(text(1...2), to: "a.log")
        }
        try bench.follow(text(4...4), to: "a.log")
        expectLines(1...4, bench)
    }

    @Test("a generation that begins as another does is read, where their ends differ")
    func equalBeginnings() throws {
        let bench = try TailingBench()
        let banner = String(repeating: "# the same in each file\n", count: 20)
        let long = banner + text(1...3)
        try bench.follow(long, to: "a.log")
        try bench.rotate("a.log", to: "a.log.1", next: "")
        bench.settle()
        try bench.whileStopped {
            try bench.append(banner + text(4...4), to: "a.log.2")
            try bench.append(text(5...5), to: "a.log")
        }
        #expect(Set(bench.lines).isSuperset(of: (1...5).map { line("\($0)") }))
    }
}
