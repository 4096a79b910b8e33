// The same lines written again, by a program that writes no times: told as often as they were written, whatever rotates;
// copies of them are told once.

import Glibc
import LogSources
import Platform
import Records
import Testing

@Suite struct FileRepeatTests {
    private let line = "backup failed: no space left\n"

    enum Naming: CaseIterable { case numbered, dated, compressed }

    /// A program's log, and how often its one line was written.
    private final class Program {
        let bench: TailingBench
        let naming: Naming
        let line: String
        /// How many rotated files are kept.
        let kept: Int
        var written = 0
        private var day = 20_261_101

        init(_ bench: TailingBench, _ naming: Naming, _ line: String, kept: Int = 9) {
            (self.bench, self.naming, self.line, self.kept) = (bench, naming, line, kept)
        }

        func write(_ count: Int) throws {
            try bench.append(String(repeating: line, count: count), to: "a.log")
            written += count
        }

        func rotate() throws {
            if naming == .dated {
                bench.rename("a.log", "a.log-\(day)")
                day += 1
                return try bench.append("", to: "a.log")
            }
            let suffix = naming == .compressed ? ".gz" : ""
            for number in (1...kept).reversed() where bench.exists("a.log.\(number)\(suffix)") {
                if number == kept {
                    bench.remove("a.log.\(number)\(suffix)")
                } else {
                    bench.rename("a.log.\(number)\(suffix)", "a.log.\(number + 1)\(suffix)")
                }
            }
            try bench.rotate("a.log", to: "a.log.1", next: "")
            if naming == .compressed { try bench.compress("a.log.1", "gzip", ".gz") }
        }
    }

    @Test("the same lines in each rotated file are told, whatever rotates while stopped", arguments: Naming.allCases)
    func rotated(naming: Naming) throws {
        for rotations in 1...3 {
            let bench = try TailingBench()
            let program = Program(bench, naming, line)
            try program.write(5)
            bench.settle()
            for count in [3, 3, 5, 2, 6, 3, 40, 40] {
                try bench.whileStopped {
                    for _ in 0..<rotations {
                        try program.rotate()
                        try program.write(count)
                    }
                }
                #expect(bench.lines.count == program.written, "\(rotations) rotations, then \(count) lines")
            }
            #expect(bench.notices.map(\.text) == [])
        }
    }

    @Test("the same where lines were written before the rotation, and at work between the stops")
    func mixed() throws {
        let bench = try TailingBench()
        let program = Program(bench, .numbered, line)
        try program.write(3)
        bench.settle()
        for count in 1...6 {
            try bench.whileStopped {
                try program.write(1)
                try program.rotate()
                try program.write(count)
            }
            #expect(bench.lines.count == program.written, "written before the rotation")
            try program.rotate()
            bench.settle()
            try program.write(3)
            bench.settle()
            #expect(bench.lines.count == program.written, "at work")
        }
    }

    @Test("the same where the oldest are removed: what was written is told")
    func removed() throws {
        let bench = try TailingBench()
        let program = Program(bench, .numbered, line, kept: 2)
        try program.write(3)
        bench.settle()
        for _ in 0..<6 {
            try bench.whileStopped {
                for _ in 0..<2 {
                    try program.rotate()
                    try program.write(3)
                }
            }
            #expect(bench.lines.count == program.written)
        }
    }

    @Test("the same where it runs, and the oldest are removed by several rotations between two looks", arguments: 1...4)
    func outrun(rotations: Int) throws {
        for kept in max(1, rotations - 1)...4 {
            let bench = try TailingBench()
            let program = Program(bench, .numbered, line, kept: kept)
            try bench.follow("", to: "a.log")
            for round in 0..<6 {
                // All that is removed unread is what was never seen.
                try program.write(2)
                bench.glance()
                for _ in 0..<(round == 0 ? 1 : rotations) {
                    try program.rotate()
                    try program.write(2)
                }
                bench.glance()
                #expect(bench.lines.count == program.written, "\(rotations) rotations, \(kept) kept, round \(round)")
            }
        }
    }

    @Test("the same where they are removed under the look")
    func outrunUnderLook() throws {
        let bench = try TailingBench()
        let program = Program(bench, .numbered, line, kept: 2)
        try bench.follow("", to: "a.log")
        for _ in 0..<4 {
            try program.write(2)
            bench.glance()
            try program.rotate()
        }
        try program.write(2)
        var isDone = false
        bench.tailer?.beforeAccounting = {
            if isDone { return }
            isDone = true
            for _ in 0..<2 {
                #expect(throws: Never.self) {
                    try program.rotate(); try program.write(2)
                }
            }
        }
        bench.glance()
        #expect(isDone && bench.lines.count == program.written)
    }

    @Test("a copy of the log that was made by hand is told once, over restarts and rotation", arguments: [false, true])
    func copied(isStopped: Bool) throws {
        let bench = try TailingBench()
        let program = Program(bench, .numbered, line)
        try program.write(30)
        bench.settle()
        if isStopped { try bench.whileStopped { try bench.copy("a.log", "a.log.old") } }
        if !isStopped { try bench.copy("a.log", "a.log.old") }
        bench.settle()
        try program.write(1)
        bench.settle()
        for _ in 0..<2 {
            try bench.whileStopped {
                try program.rotate()
                try program.write(2)
            }
        }
        #expect(bench.lines.count == program.written)
        #expect(bench.notices.map(\.text) == [])
    }

    @Test("a log that is copied and truncated is told once", arguments: [false, true])
    func truncated(isStopped: Bool) throws {
        let bench = try TailingBench()
        for round in 0..<3 {
            try bench.follow(String(repeating: line, count: 30), to: "a.log")
            if isStopped { bench.stop() }
            if round > 0 { bench.rename("a.log.1", "a.log.2") }
            try bench.copy("a.log", "a.log.1")
            bench.truncateFile("a.log")
            if isStopped { bench.start() }
            bench.settle()
        }
        #expect(bench.lines.count == 90)
        #expect(bench.notices.map(\.text) == [])
    }

    @Test("a log that is renamed, copied elsewhere and removed (renamecopy) is told once")
    func renamedAndCopied() throws {
        let bench = try TailingBench()
        #expect(mkdir(bench.path("old"), 0o700) == 0)
        for round in 1...4 {
            try bench.follow(String(repeating: line, count: 30), to: "a.log")
            try bench.rotate("a.log", to: "a.log.tmp", next: "")
            try bench.copy("a.log.tmp", "old/a.log-2026110\(round)")
            bench.remove("a.log.tmp")
            bench.settle()
        }
        #expect(bench.lines.count == 120)
        #expect(bench.notices.map(\.text) == [])
    }

    @Test(
        "a copy whose lines bear times is told once, though made and rotated while stopped",
        arguments: [
            "Nov 22 05:00:01 web1 app: failed\n", "2026-11-22T05:00:01Z failed\n",
            "{\"time\":\"2026-11-22T05:00:01Z\"}\n",
        ])
    func dated(line: String) throws {
        let bench = try TailingBench()
        try bench.follow(line, to: "a.log")
        try bench.whileStopped {
            try bench.append(line.replacing("05:00:01", with: "05:00:02"), to: "a.log")
            try bench.copy("a.log", "a.log.old")
            try bench.rotate("a.log", to: "a.log.1", next: line.replacing("05:00:01", with: "05:00:03"))
            try bench.copy("a.log", "a.log.2")
        }
        #expect(bench.lines.count == 3)
        #expect(bench.notices.map(\.text) == [])
    }

    @Test(
        "a restart soon after the oldest was removed tells nothing again", arguments: [[3, 6, 4, 5], [6, 3, 3, 9, 1]])
    func restarted(counts: [Int]) throws {
        let bench = try TailingBench()
        let program = Program(bench, .numbered, line, kept: 2)
        try bench.follow("", to: "a.log")
        func pass() {
            for _ in 0..<15 {
                bench.clock += .milliseconds(100)
                bench.read()
            }
        }
        for count in counts {
            try program.write(count)
            pass()
            try program.rotate()
            pass()
        }
        try program.write(2)
        pass()
        #expect(bench.lines.count == program.written)
        bench.restart()
        bench.settle()
        #expect(bench.lines.count == program.written)
        #expect(bench.notices.map(\.text) == [])
    }
}
