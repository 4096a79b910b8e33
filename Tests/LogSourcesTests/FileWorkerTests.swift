// Programs side by side whose logs have names that rotation gives too (worker.log, worker-1.log), and which write the same
// lines: each is told. What copying makes under such names is told once.

import Glibc
import LogSources
import Platform
import Testing

@Suite struct FileWorkerTests {
    private let names = ["worker.log", "worker-1.log", "worker.2.log", "worker-2026-11-22.log"]
    private let undated = "FATAL: cannot connect to the database\n"
    private let dated = "2026-11-22 05:00:01 FATAL: cannot connect to the database\n"

    private func shown(_ bench: TailingBench) -> [String] {
        (bench.tailer?.status ?? []).filter { $0.copyOf != nil }.map { status in
            String(status.source.name.dropFirst(bench.folder.path.utf8.count + 1))
        }
    }

    @Test(
        "the same lines in the logs of several workers are told of each, over restarts", arguments: [false, true],
        [false, true])
    func workers(isDated: Bool, isStopped: Bool) throws {
        let bench = try TailingBench()
        bench.settle()
        let line = isDated ? dated : undated
        var count = 0
        for _ in 0..<3 {
            if isStopped { bench.stop() }
            for name in names { try bench.append(line, to: name) }
            if isStopped { bench.start() }
            bench.settle()
            count += names.count
            #expect(bench.lines.count == count)
        }
        bench.restart()
        bench.settle()
        #expect(bench.lines.count == count)
        #expect(Set(bench.records.map(\.source.name)).count == names.count)
        #expect(bench.notices.map(\.text) == [])
    }

    @Test("the same where they begin alike and go on before anyone can tell: both lines of each")
    func goingOn() throws {
        let bench = try TailingBench()
        bench.settle()
        for name in names { try bench.append("worker started\n", to: name) }
        bench.glance()
        for name in names { try bench.append(undated, to: name) }
        bench.settle()
        #expect(bench.lines.count == 2 * names.count)
    }

    @Test("the same where each has been rotated: what stands in the rotated file was not copied")
    func rotated() throws {
        for isStopped in [false, true] {
            let bench = try TailingBench()
            for name in names { try bench.append(undated, to: name) }
            bench.settle()
            if isStopped { bench.stop() }
            for name in names { try bench.rotate(name, to: name + ".1", next: undated) }
            if isStopped { bench.start() }
            bench.settle()
            #expect(bench.lines.count == 2 * names.count, "stopped: \(isStopped)")
        }
    }

    @Test("logs that are written out in the settings are told at once, whatever they hold")
    func writtenOut() throws {
        let bench = try TailingBench(names) { $0.missingGrace = .seconds(1_000_000) }
        for name in names { try bench.append(undated, to: name) }
        bench.glance()
        #expect(bench.lines.count == names.count)
    }

    @Test("logs that were there, and empty, are no copies of each other: their lines are told at once")
    func emptyBefore() throws {
        let bench = try TailingBench()
        for name in names { try bench.append("", to: name) }
        bench.settle()
        let long = String(repeating: dated, count: 10)
        for name in names { try bench.append(long, to: name) }
        bench.glance()
        #expect(bench.lines.count == 10 * names.count)
    }

    @Test("what is held back stands in the status, until it is read")
    func status() throws {
        let bench = try TailingBench()
        bench.settle()
        for name in names.prefix(2) { try bench.append(undated, to: name) }
        bench.glance()
        #expect(shown(bench) == ["worker-1.log"])
        #expect(bench.tailer?.status.first { $0.copyOf != nil }?.copyOf == bench.path("worker.log"))
        #expect(bench.lines.count == 1)
        #expect(bench.tailer?.isHoldingBack == true && bench.tailer?.isIdle == true)
        // Its own time is waited for, not only the timer's.
        for _ in 0..<3 {
            let due = try #require(bench.tailer?.nextDeadline)
            #expect(due < bench.clock + .seconds(10))
            bench.clock = max(due, bench.clock)
            bench.read()
        }
        bench.glance()
        #expect(shown(bench).isEmpty && bench.tailer?.isHoldingBack == false)
        #expect(bench.lines.count == 2)
    }

    @Test("a long copy whose lines bear times is held back for good, and told when it is a log after all")
    func longCopy() throws {
        let bench = try TailingBench()
        let long = String(repeating: dated, count: 10)
        try bench.follow(long, to: "a.log")
        try bench.copy("a.log", "a-1.log")
        bench.settle()
        try bench.follow(dated, to: "a.log")
        #expect(bench.lines.count == 11)
        #expect(shown(bench) == ["a-1.log"])
        bench.restart()
        bench.settle()
        #expect(bench.lines.count == 11)
        try bench.follow("2026-11-22 06:00:00 another\n", to: "a-1.log")
        #expect(bench.lines.count == 22)
    }

    @Test("a long copy that stood there for long before its log was truncated is told once", arguments: [false, true])
    func truncatedLate(isStopped: Bool) throws {
        let bench = try TailingBench()
        try bench.follow(String(repeating: dated, count: 10), to: "a.log")
        try bench.copy("a.log", "a.1.log")
        bench.settle()
        try bench.follow("2026-11-22 06:00:00 another\n", to: "a.log")
        bench.clock += .hours(1)
        bench.read()
        if isStopped { bench.stop() }
        bench.truncateFile("a.log")
        try bench.append("2026-11-22 07:00:00 one more\n", to: "a.log")
        if isStopped { bench.start() }
        bench.settle()
        #expect(bench.lines.count == 12)
        bench.restart()
        bench.settle()
        #expect(bench.lines.count == 12)
        #expect(bench.notices.map(\.text) == [])
    }

    @Test("a log that grows alike after it was whole is no copy")
    func growingAlike() throws {
        let bench = try TailingBench()
        let long = String(repeating: dated, count: 10)
        bench.settle()
        for name in ["a.log", "a-1.log"] { try bench.append(long, to: name) }
        bench.settle()
        #expect(bench.lines.count == 10)
        for name in ["a.log", "a-1.log"] { try bench.append(dated, to: name) }
        bench.settle()
        #expect(bench.lines.count == 22)
    }

    @Test("logrotate's extension: lines of before the rotation and behind it are told, where the log was empty")
    func extended() throws {
        let bench = try TailingBench()
        try bench.follow("", to: "a.log")
        try bench.whileStopped {
            try bench.append(String(repeating: undated, count: 3), to: "a.log")
            try bench.rotate("a.log", to: "a.1.log", next: String(repeating: undated, count: 3))
        }
        #expect(bench.lines.count == 6)
        #expect(bench.records.allSatisfy { $0.source == .file(bench.path("a.log")) })
        bench.restart()
        bench.settle()
        #expect(bench.lines.count == 6)
    }

    enum Fate: CaseIterable { case removed, emptied, replaced, begunAgain }

    private func meet(_ fate: Fate, _ name: String, _ bench: TailingBench) throws {
        switch fate {
        case .removed: bench.remove(name)
        case .emptied: bench.truncateFile(name)
        case .replaced:
            try bench.append("", to: "next")
            bench.rename("next", name)
        case .begunAgain:
            bench.truncateFile(name)
            try bench.append("ready\n", to: name)
        }
    }

    @Test(
        "what is held back and goes meanwhile is told, whether its log was known", arguments: Fate.allCases,
        [false, true])
    func gone(fate: Fate, isKnown: Bool) throws {
        let bench = try TailingBench()
        if isKnown { for name in names { try bench.append("", to: name) } }
        bench.glance()
        for name in names { try bench.append(undated, to: name) }
        bench.glance()
        let held = shown(bench)
        #expect(held.count == names.count - 1)
        // A part of it nobody saw.
        if fate == .removed || fate == .replaced { for name in held { try bench.append("and more\n", to: name) } }
        for name in held { try meet(fate, name, bench) }
        bench.glance()
        let failed = bench.records.filter { $0.raw == Array(undated.utf8.dropLast()) }
        #expect(Set(failed.map(\.source)).count == names.count && failed.count == names.count)
        #expect(bench.lines.count == names.count + (fate == .emptied ? 0 : held.count))
        let count = bench.lines.count
        bench.clock += .seconds(60)
        bench.settle()
        bench.restart()
        bench.settle()
        #expect(bench.lines.count == count)
        #expect(bench.notices.map(\.text) == [])
    }

    @Test("what is truncated while it is held back, and is too long to be remembered, is said to be lost")
    func lost() throws {
        let bench = try TailingBench { $0.setLineLimit(64) }
        bench.glance()
        for name in ["a.log", "a-1.log"] { try bench.append(String(repeating: undated, count: 9), to: name) }
        bench.glance()
        #expect(shown(bench) == ["a-1.log"])
        bench.truncateFile("a-1.log")
        bench.settle()
        #expect(bench.lines.count == 9)
        #expect(bench.notices.map { $0.kind == .gap && $0.source == .file(bench.path("a-1.log")) } == [true])
    }

    @Test(
        "a copy that goes while it is held back is told once, where it is compressed, or long and its lines bear times")
    func copyGone() throws {
        for isDated in [false, true] {
            let bench = try TailingBench()
            try bench.follow(String(repeating: isDated ? dated : undated, count: 10), to: "a.log")
            try bench.copy("a.log", "a-1.log")
            bench.glance()
            #expect(shown(bench) == ["a-1.log"])
            if !isDated { bench.truncateFile("a.log") }
            if isDated { bench.remove("a-1.log") } else { try bench.compress("a-1.log", "gzip", ".gz") }
            bench.settle()
            #expect(bench.lines.count == 10)
            #expect(bench.notices.map(\.text) == [])
        }
    }
}
