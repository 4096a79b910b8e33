// Generations that were compressed while the watcher stood still, by the real programs.

import Formats
import Glibc
import LogSources
import Platform
import Records
import Testing

@Suite struct ArchiveTests {
    static let programs = [("gzip", ".gz"), ("xz", ".xz"), ("zstd", ".zst"), ("bzip2", ".bz2")]

    @Test("compressed generations are read in their order, before the newer ones", arguments: programs)
    func catchUp(program: String, suffix: String) throws {
        let bench = try TailingBench()
        try bench.follow("1\n", to: "a.log")
        try bench.whileStopped {
            try bench.append("2\n", to: "a.log")
            bench.rename("a.log", "a.log.3")
            try bench.append("3\n4\n", to: "a.log.2")
            try bench.append("5\n", to: "a.log.1")
            for name in ["a.log.3", "a.log.2"] { try bench.compress(name, program, suffix) }
            try bench.append("6\n", to: "a.log")
        }
        bench.expectTold(["1", "2", "3", "4", "5", "6"])
    }

    @Test("stopped in the middle of an archive, it is read on from there")
    func resumed() throws {
        let bench = try TailingBench { $0.readLimit = 70_000 }
        let lines = (0..<40_000).map { "line \($0)" }
        try bench.follow("first\n", to: "a.log")
        bench.stop()
        try bench.append(lines.joined(separator: "\n") + "\n", to: "a.log")
        bench.rename("a.log", "a.log.1")
        try bench.compress("a.log.1", "gzip", ".gz")
        try bench.append("last\n", to: "a.log")
        bench.start()
        while bench.lines.count < 10_000 { bench.read() }
        #expect(bench.lines.count < 40_000)
        bench.restart()
        bench.settle()
        bench.expectTold(["first"] + lines + ["last"])
    }

    @Test("a damaged archive is a gap that names the file, and all that can be read of it is")
    func damaged() throws {
        let bench = try TailingBench()
        try bench.follow("1\n", to: "a.log")
        try bench.whileStopped {
            try bench.append((0..<20_000).map { "\($0 &* 2_654_435_761)\n" }.joined(), to: "a.log")
            bench.rename("a.log", "a.log.1")
            try bench.compress("a.log.1", "gzip", ".gz")
            let size = try #require(try FileStatus.of(bench.path("a.log.1.gz"))).size
            #expect(truncate(bench.path("a.log.1.gz"), off_t(size / 2)) == 0)
            try bench.append("last\n", to: "a.log")
        }
        #expect(bench.lines.count > 1000 && bench.lines.last == "last")
        #expect(bench.notices.map(\.kind) == [.gap])
        #expect(bench.notices.first?.text.contains("a.log.1.gz is damaged") == true)
        bench.restart()
        bench.settle()
        #expect(bench.notices.count == 1)
    }

    @Test("a bomb takes turns: other files are read, and memory stays as it is")
    func bomb() throws {
        let bench = try TailingBench()
        try bench.follow("1\n", to: "a.log")
        bench.stop()
        bench.rename("a.log", "a.log.2")
        #expect(truncate(bench.path("a.log.2"), 2) == 0)
        let zeros = try Descriptor.open(bench.path("a.log.1"), O_WRONLY | O_CREAT)
        #expect(ftruncate(zeros.number, 1 << 25) == 0)
        try bench.compress("a.log.1", "gzip", ".gz")
        try bench.append("2\n", to: "a.log")
        try bench.append("other\n", to: "b.log")
        bench.start()
        for _ in 0..<20 { bench.read() }
        #expect(bench.lines.contains("other"))
        bench.settle()
        #expect(bench.lines.last == "2")
    }

    @Test("a program that is slow to begin is waited for by other looks: nothing is lost, nothing told again")
    func slow() throws {
        let bench = try TailingBench { $0.archivePatience = .zero }
        for round in 1...3 {
            try bench.follow("\(round)\n", to: "a.log")
            for number in stride(from: 3, to: 0, by: -1) where bench.exists("a.log.\(number).gz") {
                bench.rename("a.log.\(number).gz", "a.log.\(number + 1).gz")
            }
            bench.rename("a.log", "a.log.1")
            try bench.compress("a.log.1", "gzip", ".gz")
        }
        try bench.follow("4\n", to: "a.log")
        try bench.whileStopped {
            try bench.append("5\n", to: "a.log")
            bench.rename("a.log.3.gz", "a.log.4.gz")
            bench.rename("a.log.2.gz", "a.log.3.gz")
            bench.rename("a.log.1.gz", "a.log.2.gz")
            bench.rename("a.log", "a.log.1")
            try bench.compress("a.log.1", "gzip", ".gz")
            try bench.append("6\n", to: "a.log")
        }
        bench.expectTold(["1", "2", "3", "4", "5", "6"])
    }

    @Test("generations in another folder are found: logrotate's olddir", arguments: ["old", "archive", "elsewhere"])
    func elsewhere(folder: String) throws {
        let bench = try TailingBench { $0.patterns[0].rotated = ["elsewhere"] }
        #expect(mkdir(bench.path(folder), 0o700) == 0)
        try bench.follow("1\n", to: "a.log")
        try bench.whileStopped {
            try bench.append("2\n", to: "a.log")
            bench.rename("a.log", "\(folder)/a.log.2")
            try bench.append("3\n", to: "\(folder)/a.log.1")
            try bench.compress("\(folder)/a.log.2", "gzip", ".gz")
            try bench.append("4\n", to: "a.log")
        }
        bench.expectTold(["1", "2", "3", "4"])
    }

    @Test("compressed at once while it is watched, nothing is told again")
    func compressedAtOnce() throws {
        let bench = try TailingBench()
        for round in 1...4 {
            try bench.follow("\(round)\n", to: "a.log")
            for number in stride(from: 3, to: 0, by: -1) where bench.exists("a.log.\(number).gz") {
                bench.rename("a.log.\(number).gz", "a.log.\(number + 1).gz")
            }
            bench.rename("a.log", "a.log.1")
            try bench.compress("a.log.1", "gzip", ".gz")
        }
        try bench.follow("5\n", to: "a.log")
        bench.expectTold(["1", "2", "3", "4", "5"])
    }
}
