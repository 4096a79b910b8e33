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
        try bench.append("", to: "empty.log")
        try bench.follow("old\nold half", to: "a.log")
        #expect(bench.tailer?.beganAtEnd == 1)
        try bench.append(" ended\nnew\n", to: "a.log")
        try bench.follow("first\n", to: "b.log")
        #expect(Set(bench.lines) == ["old half ended", "new", "first"])
        // And after a restart, one that appeared meanwhile too.
        try bench.whileStopped {
            try bench.append("while stopped\n", to: "c.log")
        }
        #expect(bench.lines.last == "while stopped")
    }

    @Test("nothing is told twice after a restart")
    func restart() throws {
        let bench = try TailingBench()
        try bench.follow("one\ntwo\n", to: "a.log")
        bench.restart()
        bench.settle()
        try bench.follow("three\n", to: "a.log")
        #expect(bench.lines == ["one", "two", "three"])
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
        try bench.follow("\nnext\n", to: "a.log")
        #expect(bench.lines == ["half", "next"])
        try bench.follow("again", to: "a.log")
        bench.clock += .seconds(6)
        bench.settle()
        try bench.follow(" rest\n", to: "a.log")
        #expect(bench.lines.suffix(2) == ["again", " rest"])
    }

    @Test("a line of 10 MB is cut at the limit, matched, skipped to its newline, and nothing after it is lost")
    func overlong() throws {
        let bench = try TailingBench()
        try bench.append("before\n", to: "a.log")
        try bench.follow([UInt8](repeating: 0x79, count: 10 << 20) + Array("\nafter\n".utf8), to: "a.log")
        #expect(bench.lines.count == 3)
        #expect(bench.lines.map(\.utf8.count) == [6, 64 << 10, 5])
        #expect(bench.notices.map(\.kind) == [.skipped])
        // And when the daemon stops within it.
        try bench.follow([UInt8](repeating: 0x7a, count: 1 << 20), to: "a.log")
        bench.restart()
        try bench.follow("rest of it\nlast\n", to: "a.log")
        #expect(bench.lines.suffix(1) == ["last"] && bench.lines.count == 5)
    }

    @Test("a line of exactly the limit is whole")
    func atTheLimit() throws {
        let bench = try TailingBench { $0.setLineLimit(100) }
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
        try bench.follow(line + [0x0a], to: "a.log")
        #expect(bench.records.map(\.raw) == [line])
    }

    @Test("a path named by two patterns, by a link and by a hard link is read once")
    func namedTwice() throws {
        let bench = try TailingBench(["a.log", "*.log", "l?nk"])
        try bench.append("1\n", to: "a.log")
        #expect(symlink(bench.path("a.log"), bench.path("link")) == 0)
        #expect(link(bench.path("a.log"), bench.path("b.log")) == 0)
        bench.settle()
        try bench.follow("2\n", to: "a.log")
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
        try bench.follow("1\n", to: "sub/app.log")
        #expect(bench.lines == ["1"])
        #expect(bench.notices.map(\.kind) == [.unreadable, .readable])
        #expect(bench.tailer?.status.first?.fault == nil)
    }

    @Test("excluded names are left out")
    func excluded() throws {
        let bench = try TailingBench { $0.patterns[0].exclude = ["debug*"] }
        try bench.append("1\n", to: "debug.log")
        try bench.follow("2\n", to: "app.log")
        #expect(bench.lines == ["2"])
    }

    @Test("no time passes at rest: the next deadline lies ahead, and an append wakes the descriptor")
    func noBusyLoop() throws {
        let bench = try TailingBench()
        try bench.follow("1\n", to: "a.log")
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

    @Test("JSON lines are decoded, by the look of the file or as the settings say")
    func json() throws {
        let bench = try TailingBench()
        try bench.follow(#"{"level":"error","msg":"no \"space\""}"# + "\n", to: "a.log")
        #expect(bench.records.map { String(decoding: $0.message, as: UTF8.self) } == [#"no "space""#])
        #expect(bench.records.first?.priority == 3)
    }

    @Test("a pattern that is watched no more is forgotten with its files")
    func unwatched() throws {
        let bench = try TailingBench(["a.log", "b.log"])
        try bench.append("1\n", to: "a.log")
        try bench.follow("1\n", to: "b.log")
        bench.options.patterns.removeLast()
        bench.restart()
        bench.settle()
        #expect(bench.stored.count == 2)
    }

    @Test("a name that is not UTF-8 is watched like any other, over rotation and restart")
    func anyBytes() throws {
        let bench = try TailingBench()
        let name: [UInt8] = Array("caf".utf8) + [0xe9] + Array(".log".utf8)
        let path = Array((bench.folder.path + "/").utf8) + name
        func write(_ text: String) throws {
            let number = path.map { CChar(bitPattern: $0) }
            let descriptor = Descriptor(owning: open(number + [0], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600))
            try descriptor.write(text.utf8)
        }
        try write("1\n")
        bench.settle()
        try bench.whileStopped {
            try write("2\n")
            let from = path.map { CChar(bitPattern: $0) } + [0]
            let to = path.map { CChar(bitPattern: $0) } + [0x2e, 0x31, 0]
            #expect(rename(from, to) == 0)
            try write("3\n")
        }
        #expect(bench.lines == ["1", "2", "3"])
        #expect(bench.records.first?.source.name.hasSuffix("/caf\\xe9.log") == true)
        #expect(bench.notices.isEmpty)
    }
}
