import Formats
import Glibc
import LogSources
import Platform
import Records
import Testing

@Suite struct FileRotationTests {
    @Test("the renamed file is read to its end before its successor")
    func renamed() throws {
        let bench = try TailingBench()
        try bench.follow("1\n", to: "a.log")
        let writer = try Descriptor.open(bench.path("a.log"), O_WRONLY | O_APPEND)
        try bench.rotate("a.log", to: "a.log.1", next: "3\n")
        try writer.write("2\n".utf8)
        bench.settle()
        #expect(bench.lines == ["1", "2", "3"])
        #expect(bench.records.allSatisfy { $0.source == .file(bench.path("a.log")) })
        try writer.write("late\n".utf8)
        bench.settle()
        #expect(bench.lines.last == "late")
    }

    @Test("copytruncate is noticed when the file has grown past the old offset before the look")
    func copyTruncateRegrown() throws {
        let bench = try TailingBench()
        try bench.follow("old 1\n", to: "a.log")
        try bench.append("old 2\n", to: "a.log")
        try bench.copy("a.log", "a.log.1")
        bench.truncateFile("a.log")
        try bench.follow("new line 1\nnew line 2\nnew line 3\n", to: "a.log")
        bench.expectTold(["old 1", "old 2", "new line 1", "new line 2", "new line 3"])
    }

    @Test("truncated while the copy is looked at: the copy is not told again", arguments: ["*.log", "*.log*"])
    func truncatedDuringLook(glob: String) throws {
        let bench = try TailingBench([glob])
        try bench.follow("", to: "a.log")
        try bench.append("1\n2\n3\n", to: "a.log")
        try bench.copy("a.log", "a.log.1")
        bench.tailer?.beforeAccounting = {
            bench.tailer?.beforeAccounting = nil
            bench.truncateFile("a.log")
        }
        bench.settle()
        try bench.follow("4\n", to: "a.log")
        bench.expectTold(["1", "2", "3", "4"])
    }

    @Test("a copy that is on its way is looked at again, whatever it held", arguments: ["*.log", "*.log*"], 0...3)
    func copyOnItsWay(glob: String, lines: Int) throws {
        let bench = try TailingBench([glob])
        try bench.follow("1\n2\n3\n", to: "a.log")
        let text = "1\n2\n3\n"
        try bench.follow(String(text.prefix(2 * lines)), to: "a.log-20261121")
        try bench.append("4\n", to: "a.log")
        try bench.append(text.dropFirst(2 * lines) + "4\n", to: "a.log-20261121")
        bench.truncateFile("a.log")
        try bench.follow("5\n", to: "a.log")
        bench.expectTold(["1", "2", "3", "4", "5"])
    }

    @Test("lines that were read between copy and truncation do not make the copy new")
    func readBeforeTruncation() throws {
        let bench = try TailingBench()
        try bench.follow("1\n2\n", to: "a.log")
        try bench.copy("a.log", "a.log.1")
        try bench.append("3\n", to: "a.log")
        bench.read()
        bench.truncateFile("a.log")
        try bench.follow("4\n", to: "a.log")
        bench.expectTold(["1", "2", "3", "4"])
    }

    @Test("truncation with an equal beginning is noticed by the bytes before the offset")
    func equalBeginning() throws {
        let head = String(repeating: "#", count: 400) + "\n"
        let bench = try TailingBench()
        try bench.follow(head + "old 1\n", to: "a.log")
        bench.truncateFile("a.log")
        try bench.follow(head + "new 1\nnew 2\n", to: "a.log")
        #expect(bench.lines.filter { !$0.hasPrefix("#") } == ["old 1", "new 1", "new 2"])
    }

    @Test("text that was known and truncated away unread is a gap")
    func truncatedUnread() throws {
        let bench = try TailingBench {
            $0.readLimit = 4096; $0.blockSize = 4096; $0.setLineLimit(1000)
        }
        try bench.append(String(repeating: "0123456789\n", count: 2000), to: "a.log")
        bench.read()
        bench.truncateFile("a.log")
        try bench.follow("new\n", to: "a.log")
        #expect(bench.lines.last == "new")
        #expect(bench.notices.map(\.kind) == [.gap])
    }

    @Test("a writer that does not append leaves a hole of zeros, and its lines behind it are read")
    func hole() throws {
        let bench = try TailingBench()
        let writer = try Descriptor.open(bench.path("a.log"), O_WRONLY | O_CREAT)
        try writer.write((String(repeating: "x", count: 99) + "\n").utf8)
        for _ in 0..<20_000 { try writer.write("0123456789\n".utf8) }
        bench.settle()
        try bench.copy("a.log", "a.log.1")
        bench.truncateFile("a.log")
        try writer.write("after the hole\n".utf8)
        bench.settle()
        #expect(bench.lines.count == 20_002)
        #expect(bench.lines.last == "after the hole")
    }

    @Test("a used-again inode is another file")
    func inodeReuse() throws {
        let bench = try TailingBench()
        try bench.follow("first file, line one\n", to: "a.log")
        try bench.whileStopped {
            // The same inode with other content is what truncation makes too; file systems hand inodes out as they like.
            bench.truncateFile("a.log")
            try bench.append("second file, which is longer than the first one was\n", to: "a.log")
        }
        #expect(bench.lines.last == "second file, which is longer than the first one was")
        #expect(bench.notices.map(\.kind) == [.gap])
    }

    @Test(
        "several rotations while stopped: each generation from where it was left, in order",
        arguments: [".1", "-20261121"])
    func rotatedWhileStopped(suffix: String) throws {
        let bench = try TailingBench()
        try bench.follow("1\n", to: "a.log")
        try bench.whileStopped {
            try bench.append("2\n", to: "a.log")
            bench.rename("a.log", suffix == ".1" ? "a.log.2" : "a.log-20261120")
            try bench.append("3\n4\n", to: "a.log")
            try bench.rotate("a.log", to: "a.log" + suffix, next: "5\n")
        }
        bench.expectTold(["1", "2", "3", "4", "5"])
    }

    @Test("copytruncate while stopped: the rest is read from the copy")
    func copiedWhileStopped() throws {
        let bench = try TailingBench()
        try bench.follow("1\n", to: "a.log")
        try bench.whileStopped {
            try bench.append("2\n", to: "a.log")
            try bench.copy("a.log", "a.log.1")
            bench.truncateFile("a.log")
            try bench.append("3\n", to: "a.log")
        }
        bench.expectTold(["1", "2", "3"])
    }

    @Test("what was rotated away and deleted while stopped is a gap, said once")
    func goneWhileStopped() throws {
        let bench = try TailingBench()
        try bench.follow("1\n", to: "a.log")
        try bench.whileStopped {
            bench.remove("a.log")
            try bench.append("9\n", to: "a.log")
        }
        bench.restart()
        bench.settle()
        #expect(bench.lines == ["1", "9"])
        #expect(bench.notices.map(\.kind) == [.gap])
    }

    @Test("a thousand files rotate at once, and none of their lines is missing")
    func thousand() throws {
        let bench = try TailingBench()
        let names = (0..<1000).map { "s\($0).log" }
        for round in 0..<3 {
            for name in names {
                if round > 0 {
                    if bench.exists(name + ".1") { bench.rename(name + ".1", name + ".2") }
                    bench.rename(name, name + ".1")
                }
                try bench.append((0..<20).map { "\(name) \(round) \($0)\n" }.joined(), to: name)
            }
            if round != 1 { bench.settle() }
        }
        #expect(bench.lines.count == 60_000)
        #expect(Set(bench.lines).count == 60_000)
    }

    @Test(
        "the names of rotated generations",
        arguments: [
            ("app.log.1", true), ("app.log-20261121", true), ("app-20261121.log", true), ("app.log.old", true),
            ("app.log.2026-11-21_120000", true), ("app.log.1.gz", false), ("app.log", false), ("app.logger", false),
            ("app.log.d", false), ("other.log.1", false),
        ])
    func generationNames(name: String, isOne: Bool) throws {
        let bench = try TailingBench(["app.log"])
        try bench.follow("1\n", to: "app.log")
        try bench.whileStopped {
            try bench.append("2\n", to: "app.log")
            if name != "app.log" { bench.rename("app.log", name) } else { bench.remove(name) }
        }
        #expect(bench.lines == (isOne ? ["1", "2"] : ["1"]))
    }

    @Test("a copy written over a generation that is still open (cp keeps its inode) is told once")
    func copiedOverGeneration() throws {
        let bench = try TailingBench()
        try bench.follow("1\n", to: "a.log")
        try bench.rotate("a.log", to: "a.log.1", next: "2\n")
        bench.settle()
        bench.truncateFile("a.log.1")
        try bench.append("2\n3\n", to: "a.log.1")
        try bench.follow("3\n", to: "a.log")
        bench.truncateFile("a.log")
        try bench.follow("4\n", to: "a.log")
        bench.expectTold(["1", "2", "3", "4"])
    }

    @Test("a rotated file whose log is not there is of that log when it appears")
    func adopted() throws {
        let bench = try TailingBench(["*.log*"])
        try bench.follow("1\n", to: "a.log.1")
        try bench.follow("2\n", to: "a.log")
        bench.expectTold(["1", "2"])
    }
}
