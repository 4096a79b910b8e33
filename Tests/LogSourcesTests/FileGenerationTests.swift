// What the model test found once, each in its shortest form.

import Glibc
@testable import LogSources
import Platform
import Records
import Testing

@Suite struct FileGenerationTests {
    @Test(
        "a generation that was read, written to once more and compressed within the same second: the rest is told once")
    func grownThenCompressed() throws {
        let bench = try TailingBench()
        try bench.follow("1\n", to: "a.log")
        try bench.rotate("a.log", to: "a.log.1", next: "3\n")
        bench.settle()
        try bench.whileStopped {
            try bench.append("2\n", to: "a.log.1")
            try bench.compress("a.log.1", "gzip", ".gz")
        }
        bench.expectTold(inAnyOrder: ["1", "2", "3"])
    }

    /// A log that was rotated, and its generation compressed while nobody looked.
    private func compressedWhileStopped() throws -> TailingBench {
        let bench = try TailingBench()
        try bench.follow("1\n", to: "a.log")
        try bench.rotate("a.log", to: "a.log.1", next: "2\n")
        bench.settle()
        bench.stop()
        try bench.compress("a.log.1", "gzip", ".gz")
        return bench
    }

    @Test("an archive that goes away before it was seen to hold nothing more is no gap")
    func archiveRemoved() throws {
        let bench = try compressedWhileStopped()
        // Another time than that of the file which was compressed: it is looked into.
        #expect(utimensat(AT_FDCWD, bench.path("a.log.1.gz"), nil, 0) == 0)
        bench.start()
        bench.read()
        try bench.whileStopped {
            bench.remove("a.log.1.gz")
        }
        bench.expectTold(["1", "2"])
    }

    private let half = "2026-11-22T05:00:00Z half"

    /// A log that was rotated, and a half line of its present file was seen.
    private func halfLineSeen() throws -> TailingBench {
        let bench = try TailingBench { $0.lastLineTimeout = .seconds(1000) }
        try bench.follow("0\n", to: "a.log")
        try bench.rotate("a.log", to: "a.log-20261101", next: half)
        bench.settle()
        return bench
    }

    @Test("of a text of which only a half line was seen, copy and successor are read, though they begin equally")
    func equalHalfLines() throws {
        let bench = try halfLineSeen()
        try bench.whileStopped {
            try bench.append(" 1\n", to: "a.log")
            try bench.copy("a.log", "a.log-20261102")
            bench.truncateFile("a.log")
            try bench.append(half + " 2\n", to: "a.log")
            bench.rename("a.log", "a.log-20261103")
        }
        bench.expectTold(["0", half + " 1", half + " 2"])
    }

    @Test("a copy of the present file is not taken for a half line that begins equally, and was compressed")
    func halfLineAndCopy() throws {
        let bench = try halfLineSeen()
        try bench.whileStopped {
            try bench.append(" 1\n", to: "a.log")
            bench.rename("a.log", "a.log-20261102")
            try bench.compress("a.log-20261102", "xz", ".xz")
            try bench.append(half + " 2\n", to: "a.log")
            try bench.copy("a.log", "a.log-20261103")
        }
        bench.expectTold(["0", half + " 1", half + " 2"])
    }

    @Test("while a log is not there, its generations are logs of their own, and stay the same when rotation goes on")
    func generationsOfTheirOwn() throws {
        let bench = try TailingBench(["*.log*"]) { $0.keepRotated = .seconds(30) }
        try bench.append("1\n", to: "a.log.2")
        try bench.follow("2\n", to: "a.log.1")
        bench.rename("a.log.2", "a.log.3")
        bench.rename("a.log.1", "a.log.2")
        try bench.append("3\n", to: "a.log.1")
        for _ in 0..<4 { bench.settle() }
        try bench.compress("a.log.3", "xz", ".xz")
        for _ in 0..<2 { bench.settle() }
        try bench.follow("4\n", to: "a.log")
        bench.expectTold(inAnyOrder: ["1", "2", "3", "4"])
    }

    /// A log that came while nobody watched: its generations are there, one of them compressed, and not itself.
    private func generationsOfUnseenLog() throws -> TailingBench {
        let bench = try TailingBench(["*.log*"])
        bench.settle()
        try bench.whileStopped {
            try bench.append("1\n", to: "a.log.2")
            try bench.compress("a.log.2", "zstd", ".zst")
            try bench.append("2\n", to: "a.log.1")
        }
        return bench
    }

    @Test(
        "a log that came, was rotated and compressed while nobody watched is read, though only its generations are there"
    )
    func compressedUnseen() throws {
        let bench = try generationsOfUnseenLog()
        #expect(bench.lines == ["2"])
        try bench.follow("3\n", to: "a.log")
        bench.expectTold(inAnyOrder: ["1", "2", "3"])
    }

    @Test("the same, where the log comes while the watcher does not run")
    func compressedUnseenOverRestart() throws {
        let bench = try generationsOfUnseenLog()
        try bench.whileStopped {
            try bench.append("3\n", to: "a.log")
        }
        bench.expectTold(inAnyOrder: ["1", "2", "3"])
    }

    @Test("a log that is renamed and compressed between the look at its path and that at its generations is told once")
    func renamedUnderTheLook() throws {
        let bench = try TailingBench()
        let old = (1...8).map { "2026-11-22 05:00:00 web1 before the watcher was stopped \($0)\n" }.joined()
        let new = (1...20).map { "2026-11-22 05:00:00 web1 while it was stopped \($0)\n" }.joined()
        try bench.follow(old, to: "a.log")
        bench.stop()
        try bench.copy("a.log", "a.log.1")
        bench.truncateFile("a.log")
        try bench.append(new, to: "a.log")
        bench.start()
        let tailer = try #require(bench.tailer)
        var output = SourceOutput()
        tailer.scan(bench.now, &output)
        bench.rename("a.log.1", "a.log.2")
        try bench.rotate("a.log", to: "a.log.1", next: "last\n")
        try bench.compress("a.log.1", "gzip", ".gz")
        let log = try #require(tailer.logs[bench.path("a.log")])
        #expect(!tailer.account(for: log, bench.now, &output))
        bench.commit(output)
        bench.settle()
        bench.expectTold((old + new + "last").split(separator: "\n").map(String.init))
    }

    @Test("a file that leaves its path before what came before it is known goes on being read")
    func leftUnaccounted() throws {
        let bench = try compressedWhileStopped()
        bench.start()
        let tailer = try #require(bench.tailer)
        // The archive is yet to be looked into.
        var output = SourceOutput()
        tailer.scan(bench.now, &output)
        bench.commit(output)
        bench.rename("a.log.1.gz", "a.log.2.gz")
        bench.rename("a.log", "a.log.1")
        bench.settle()
        try bench.follow("3\n", to: "a.log.1")
        try bench.follow("4\n", to: "a.log")
        bench.expectTold(["1", "2", "3", "4"])
    }

    @Test("a text is found by its inode, though many others had that inode before")
    func inodeOfMany() throws {
        let bench = try TailingBench()
        try bench.follow("1\n", to: "a.log")
        let status = try #require(try FileStatus.of(bench.path("a.log")))
        bench.stop()
        var output = SourceOutput()
        for number in 0..<20 {
            var other = FileCheckpoint(
                path: bench.path("\(number).log"), device: status.device, inode: status.inode)
            other.marks.noteHead(Array("another text \(number)\n".utf8))
            (other.offset, other.isRotated, other.isFinished) = (16, true, true)
            output.move(.file(other))
        }
        bench.commit(output)
        bench.rename("a.log", "b.log")
        try bench.append("2\n", to: "b.log")
        bench.start()
        bench.settle()
        bench.expectTold(["1", "2"])
    }
}
