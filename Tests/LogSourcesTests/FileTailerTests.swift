import Formats
import Glibc
import LogSources
import Platform
import Records
import Testing

@Suite struct FileTailerTests {
    @Test("at the first start a file begins at its end, and one that appears later at its beginning")
    func firstStart() throws {
        let bench = try TailingBench {
            $0.startsAtEnd = true
            $0.lastLineTimeout = .seconds(3600)
        }
        try bench.append("old\nold half", to: "a.log")
        bench.settle()
        try bench.append(" ended\nnew\n", to: "a.log")
        try bench.append("first\n", to: "b.log")
        bench.settle()
        #expect(Set(bench.lines) == ["old half ended", "new", "first"])
        // And after a restart, one that appeared meanwhile too.
        bench.stop()
        try bench.append("while stopped\n", to: "c.log")
        bench.start()
        bench.settle()
        #expect(bench.lines.last == "while stopped")
    }

    @Test("nothing is told twice after a restart")
    func restart() throws {
        let bench = try TailingBench()
        try bench.append("one\ntwo\n", to: "a.log")
        bench.settle()
        bench.restart()
        bench.settle()
        try bench.append("three\n", to: "a.log")
        bench.settle()
        #expect(bench.lines == ["one", "two", "three"])
    }

    @Test("the renamed file is read to its end before its successor")
    func renamed() throws {
        let bench = try TailingBench()
        try bench.append("1\n", to: "a.log")
        bench.settle()
        let writer = try Descriptor.open(bench.path("a.log"), O_WRONLY | O_APPEND)
        bench.rename("a.log", "a.log.1")
        try bench.append("3\n", to: "a.log")
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
        try bench.append("old 1\n", to: "a.log")
        bench.settle()
        try bench.append("old 2\n", to: "a.log")
        try bench.copy("a.log", "a.log.1")
        bench.truncateFile("a.log")
        try bench.append("new line 1\nnew line 2\nnew line 3\n", to: "a.log")
        bench.settle()
        #expect(bench.lines == ["old 1", "old 2", "new line 1", "new line 2", "new line 3"])
        #expect(bench.notices.isEmpty)
    }

    @Test("truncated while the copy is looked at: the copy is not told again", arguments: ["*.log", "*.log*"])
    func truncatedDuringLook(glob: String) throws {
        let bench = try TailingBench([glob])
        try bench.append("1\n2\n", to: "a.log")
        bench.settle()
        try bench.append("3\n", to: "a.log")
        try bench.copy("a.log", "a.log.1")
        bench.tailer?.beforeComparing = {
            bench.tailer?.beforeComparing = nil
            bench.truncateFile("a.log")
        }
        bench.settle()
        bench.truncateFile("a.log")
        try bench.append("4\n", to: "a.log")
        bench.settle()
        #expect(bench.lines == ["1", "2", "3", "4"])
        #expect(bench.notices.isEmpty)
    }

    @Test("a copy that is on its way is looked at again, whatever it held", arguments: ["*.log", "*.log*"], 0...3)
    func copyOnItsWay(glob: String, lines: Int) throws {
        let bench = try TailingBench([glob])
        try bench.append("1\n2\n3\n", to: "a.log")
        bench.settle()
        let text = "1\n2\n3\n"
        try bench.append(String(text.prefix(2 * lines)), to: "a.log-20261121")
        bench.settle()
        try bench.append("4\n", to: "a.log")
        try bench.append(text.dropFirst(2 * lines) + "4\n", to: "a.log-20261121")
        bench.truncateFile("a.log")
        try bench.append("5\n", to: "a.log")
        bench.settle()
        #expect(bench.lines == ["1", "2", "3", "4", "5"])
        #expect(bench.notices.isEmpty)
    }

    @Test("lines that were read between copy and truncation do not make the copy new")
    func readBeforeTruncation() throws {
        let bench = try TailingBench()
        try bench.append("1\n2\n", to: "a.log")
        bench.settle()
        try bench.copy("a.log", "a.log.1")
        try bench.append("3\n", to: "a.log")
        bench.read()
        bench.truncateFile("a.log")
        try bench.append("4\n", to: "a.log")
        bench.settle()
        bench.restart()
        bench.settle()
        #expect(bench.lines == ["1", "2", "3", "4"])
        #expect(bench.notices.isEmpty)
    }

    @Test("truncation with an equal beginning is noticed by the bytes before the offset")
    func equalBeginning() throws {
        let head = String(repeating: "#", count: 400) + "\n"
        let bench = try TailingBench()
        try bench.append(head + "old 1\n", to: "a.log")
        bench.settle()
        bench.truncateFile("a.log")
        try bench.append(head + "new 1\nnew 2\n", to: "a.log")
        bench.settle()
        #expect(bench.lines.filter { !$0.hasPrefix("#") } == ["old 1", "new 1", "new 2"])
    }

    @Test("text that was known and truncated away unread is a gap")
    func truncatedUnread() throws {
        let bench = try TailingBench {
            $0.readLimit = 4096; $0.blockSize = 4096; $0.lineLimit = 1000
        }
        try bench.append(String(repeating: "0123456789\n", count: 2000), to: "a.log")
        bench.read()
        bench.truncateFile("a.log")
        try bench.append("new\n", to: "a.log")
        bench.settle()
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
        try bench.append("first file, line one\n", to: "a.log")
        bench.settle()
        bench.stop()
        // The same inode with other content is what truncation makes too; file systems hand inodes out as they like.
        bench.truncateFile("a.log")
        try bench.append("second file, which is longer than the first one was\n", to: "a.log")
        bench.start()
        bench.settle()
        #expect(bench.lines.last == "second file, which is longer than the first one was")
        #expect(bench.notices.map(\.kind) == [.gap])
    }

    @Test(
        "several rotations while stopped: each generation from where it was left, in order",
        arguments: [".1", "-20261121"])
    func rotatedWhileStopped(suffix: String) throws {
        let bench = try TailingBench()
        try bench.append("1\n", to: "a.log")
        bench.settle()
        bench.stop()
        try bench.append("2\n", to: "a.log")
        bench.rename("a.log", suffix == ".1" ? "a.log.2" : "a.log-20261120")
        try bench.append("3\n4\n", to: "a.log")
        bench.rename("a.log", "a.log" + suffix)
        try bench.append("5\n", to: "a.log")
        bench.start()
        bench.settle()
        #expect(bench.lines == ["1", "2", "3", "4", "5"])
        bench.restart()
        bench.settle()
        #expect(bench.lines.count == 5)
        #expect(bench.notices.isEmpty)
    }

    @Test("copytruncate while stopped: the rest is read from the copy")
    func copiedWhileStopped() throws {
        let bench = try TailingBench()
        try bench.append("1\n", to: "a.log")
        bench.settle()
        bench.stop()
        try bench.append("2\n", to: "a.log")
        try bench.copy("a.log", "a.log.1")
        bench.truncateFile("a.log")
        try bench.append("3\n", to: "a.log")
        bench.start()
        bench.settle()
        #expect(bench.lines == ["1", "2", "3"])
        #expect(bench.notices.isEmpty)
    }

    @Test("what was rotated away and compressed or deleted while stopped is a gap, said once")
    func goneWhileStopped() throws {
        let bench = try TailingBench()
        try bench.append("1\n", to: "a.log")
        bench.settle()
        bench.stop()
        bench.remove("a.log")
        try bench.append("9\n", to: "a.log")
        bench.start()
        bench.settle()
        bench.restart()
        bench.settle()
        #expect(bench.lines == ["1", "9"])
        #expect(bench.notices.map(\.kind) == [.gap])
    }

    @Test("a deleted file is read to its end while it is held open, and let go then")
    func deleted() throws {
        let bench = try TailingBench()
        let writer = try Descriptor.open(bench.path("a.log"), O_WRONLY | O_CREAT | O_APPEND)
        try writer.write("1\n".utf8)
        bench.settle()
        bench.remove("a.log")
        try writer.write("2\n".utf8)
        bench.settle()
        #expect(bench.lines == ["1", "2"])
        bench.clock += .seconds(60)
        bench.settle()
        #expect(bench.stored.keys.filter { $0.hasPrefix("file:") }.isEmpty)
    }

    @Test("the last line waits for its newline, is taken once after the time-out, and its rest is a line of its own")
    func unterminated() throws {
        let bench = try TailingBench { $0.rescanInterval = .seconds(1) }
        try bench.append("half", to: "a.log")
        bench.read()
        #expect(bench.lines.isEmpty)
        #expect(bench.tailer?.isIdle == true)
        bench.clock += .seconds(6)
        for _ in 0..<5 { bench.read() }
        #expect(bench.lines == ["half"])
        bench.restart()
        bench.clock += .seconds(6)
        for _ in 0..<5 { bench.read() }
        try bench.append("\nnext\n", to: "a.log")
        bench.settle()
        #expect(bench.lines == ["half", "next"])
        try bench.append("again", to: "a.log")
        bench.settle()
        bench.clock += .seconds(6)
        bench.settle()
        try bench.append(" rest\n", to: "a.log")
        bench.settle()
        #expect(bench.lines.suffix(2) == ["again", " rest"])
    }

    @Test("a line of 10 MB is cut at the limit, matched, skipped to its newline, and nothing after it is lost")
    func overlong() throws {
        let bench = try TailingBench()
        try bench.append("before\n", to: "a.log")
        try bench.append([UInt8](repeating: 0x79, count: 10 << 20) + Array("\nafter\n".utf8), to: "a.log")
        bench.settle()
        #expect(bench.lines.count == 3)
        #expect(bench.lines.map(\.utf8.count) == [6, 64 << 10, 5])
        #expect(bench.notices.map(\.kind) == [.skipped])
        // And when the daemon stops within it.
        try bench.append([UInt8](repeating: 0x7a, count: 1 << 20), to: "a.log")
        bench.settle()
        bench.restart()
        try bench.append("rest of it\nlast\n", to: "a.log")
        bench.settle()
        #expect(bench.lines.suffix(1) == ["last"] && bench.lines.count == 5)
    }

    @Test("a line of exactly the limit is whole")
    func atTheLimit() throws {
        let bench = try TailingBench { $0.lineLimit = 100 }
        try bench.append(
            String(repeating: "a", count: 100) + "\n" + String(repeating: "b", count: 101) + "\nc\n", to: "a.log")
        bench.settle()
        #expect(bench.lines.map(\.count) == [100, 100, 1])
        #expect(bench.notices.map(\.kind) == [.skipped])
    }

    @Test("NUL and invalid UTF-8 are data")
    func bytes() throws {
        let bench = try TailingBench()
        let line: [UInt8] = [0x61, 0, 0xff, 0xfe, 0x80, 0x62]
        try bench.append(line + [0x0a], to: "a.log")
        bench.settle()
        #expect(bench.records.map(\.raw) == [line])
    }

    @Test("a path named by two patterns, by a link and by a hard link is read once")
    func namedTwice() throws {
        let bench = try TailingBench(["a.log", "*.log", "l?nk"])
        try bench.append("1\n", to: "a.log")
        #expect(symlink(bench.path("a.log"), bench.path("link")) == 0)
        #expect(link(bench.path("a.log"), bench.path("b.log")) == 0)
        bench.settle()
        try bench.append("2\n", to: "a.log")
        bench.settle()
        #expect(bench.lines == ["1", "2"])
    }

    @Test("only regular files: a fifo, a folder and a device are left alone, and nothing hangs")
    func notRegular() throws {
        let bench = try TailingBench(["*.log", "pipe"])
        #expect(mkfifo(bench.path("pipe"), 0o600) == 0)
        #expect(mkdir(bench.path("d.log"), 0o700) == 0)
        #expect(symlink("/dev/zero", bench.path("zero.log")) == 0)
        bench.settle()
        bench.settle()
        #expect(bench.lines.isEmpty)
        #expect(bench.notices.map(\.kind) == [.unreadable])
    }

    @Test("a file that is not there is said once, and read when it comes")
    func missing() throws {
        let bench = try TailingBench(["sub/app.log"])
        for _ in 0..<3 { bench.settle() }
        #expect(bench.notices.map(\.kind) == [.unreadable])
        #expect(bench.tailer?.status.first?.fault?.isEmpty == false)
        #expect(mkdir(bench.path("sub"), 0o700) == 0)
        try bench.append("1\n", to: "sub/app.log")
        bench.settle()
        #expect(bench.lines == ["1"])
        #expect(bench.notices.map(\.kind) == [.unreadable, .readable])
        #expect(bench.tailer?.status.first?.fault == nil)
    }

    @Test("excluded names are left out")
    func excluded() throws {
        let bench = try TailingBench { $0.patterns[0].exclude = ["debug*"] }
        try bench.append("1\n", to: "debug.log")
        try bench.append("2\n", to: "app.log")
        bench.settle()
        #expect(bench.lines == ["2"])
    }

    @Test("no time passes at rest: the next deadline lies ahead, and an append wakes the descriptor")
    func noBusyLoop() throws {
        let bench = try TailingBench()
        try bench.append("1\n", to: "a.log")
        bench.settle()
        let tailer = try #require(bench.tailer)
        #expect(tailer.nextDeadline > bench.clock)
        let waiting = tailer.descriptors.map { (number: $0, interest: Interest.readable) }
        #expect(try Poller.wait(waiting, timeout: .zero).isEmpty)
        try bench.append("2\n", to: "a.log")
        #expect(try Poller.wait(waiting, timeout: .seconds(5)).isEmpty == false)
        bench.read()
        #expect(bench.lines == ["1", "2"])
    }

    @Test("a busy file does not make the others wait: a read takes turns, and is bounded")
    func fairness() throws {
        let bench = try TailingBench { $0.readLimit = 1 << 20 }
        try bench.append(String(repeating: String(repeating: "x", count: 99) + "\n", count: 100_000), to: "busy.log")
        try bench.append("quiet\n", to: "quiet.log")
        bench.read()
        #expect(bench.lines.contains("quiet"))
        #expect(bench.lines.count < 20_000)
        bench.settle()
        #expect(bench.lines.count == 100_001)
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

    @Test("JSON lines are decoded, by the look of the file or as the settings say")
    func json() throws {
        let bench = try TailingBench()
        try bench.append(#"{"level":"error","msg":"no \"space\""}"# + "\n", to: "a.log")
        bench.settle()
        #expect(bench.records.map { String(decoding: $0.message, as: UTF8.self) } == [#"no "space""#])
        #expect(bench.records.first?.priority == 3)
    }

    @Test("a pattern that is watched no more is forgotten with its files")
    func unwatched() throws {
        let bench = try TailingBench(["a.log", "b.log"])
        try bench.append("1\n", to: "a.log")
        try bench.append("1\n", to: "b.log")
        bench.settle()
        bench.options.patterns.removeLast()
        bench.restart()
        bench.settle()
        #expect(bench.stored.count == 2)
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
        try bench.append("1\n", to: "app.log")
        bench.settle()
        bench.stop()
        try bench.append("2\n", to: "app.log")
        if name != "app.log" { bench.rename("app.log", name) } else { bench.remove(name) }
        bench.start()
        bench.settle()
        #expect(bench.lines == (isOne ? ["1", "2"] : ["1"]))
    }
}
