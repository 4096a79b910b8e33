import Formats
import Glibc
import LogSources
import Platform
import Records
import TestSupport
import Testing

@Suite(.serialized) struct JournalReaderTests {
    private func numbered(_ range: Range<Int64>) -> [ExportedEntry] {
        range.map { ExportedEntry("entry \($0)", at: $0) }
    }

    @Test(
        "all entries arrive in order, in bounded batches, and nothing twice after a restart", arguments: [false, true])
    func order(byFile: Bool) throws {
        let bench = try JournalBench(byFile: byFile) { $0.batchEntries = 100 }
        try bench.follow(numbered(0..<1000))
        #expect(bench.messages == (0..<1000).map { "entry \($0)" })
        #expect(bench.batches == 10)
        bench.restart()
        bench.settle()
        #expect(bench.records.count == 1000)
        try bench.follow(numbered(1000..<1003))
        #expect(bench.messages.suffix(4) == ["entry 999", "entry 1000", "entry 1001", "entry 1002"])
        #expect(bench.notices.isEmpty)
    }

    @Test(
        "what comes is followed, into new files and across a reboot, without a filter by boot",
        arguments: [false, true]
    )
    func follow(byFile: Bool) throws {
        let bench = try JournalBench(byFile: byFile)
        try bench.follow(numbered(0..<2))
        var reboot = ExportedEntry("after the reboot", at: 10)
        reboot.boot = String(repeating: "cd", count: 16)
        try bench.follow([reboot], to: "b.journal")
        try bench.follow([ExportedEntry("in the old file", at: 20)])
        #expect(bench.messages == ["entry 0", "entry 1", "after the reboot", "in the old file"])
    }

    @Test(
        "started at the end, nothing old is told, and everything new", arguments: [JournalReader.Start.now, .boot],
        [false, true])
    func atTheEnd(start: JournalReader.Start, byFile: Bool) throws {
        let bench = try JournalBench(byFile: byFile) { $0.start = start }
        try bench.follow(numbered(0..<50))
        #expect(bench.records.isEmpty && !bench.stored.isEmpty)
        // The position is kept before anything comes: also over a restart.
        bench.restart()
        try bench.follow(numbered(50..<52))
        #expect(bench.messages == ["entry 50", "entry 51"])
    }

    @Test("a journal in the midst of being caught up with is not at its end", arguments: [false, true])
    func behind(byFile: Bool) throws {
        let bench = try JournalBench(byFile: byFile) { $0.batchEntries = 100 }
        try bench.write(numbered(0..<1000))
        bench.start()
        bench.read()
        #expect(bench.records.count == 100)
        #expect(bench.reader?.status.isAtEnd == false)
        #expect(bench.reader?.status.entriesBehind == (byFile ? 900 : nil))
        bench.settle()
        #expect(bench.reader?.status.isAtEnd == true)
        #expect(bench.reader?.status.entriesBehind == (byFile ? 0 : nil))
    }

    @Test("a folder without a journal file is not there, whatever else is in it, until one comes")
    func noJournal() throws {
        let bench = try JournalBench(byFile: true)
        #expect(mkdir(bench.path("hostA"), 0o700) == 0)
        try bench.write(numbered(0..<1), to: "hostA/a.journal")
        bench.start()
        #expect(bench.reader?.status.isThere == true, "nobody looked yet")
        bench.settle()
        #expect(bench.reader?.status.isThere == false)
        try bench.follow(numbered(0..<1))
        #expect(bench.reader?.status.isThere == true && bench.messages == ["entry 0"])
    }

    @Test("a journal that was empty at the first start is read from its first entry", arguments: [false, true])
    func empty(byFile: Bool) throws {
        let bench = try JournalBench(byFile: byFile) { $0.start = .now }
        bench.start()
        bench.settle()
        try bench.follow(numbered(0..<2))
        #expect(bench.messages == ["entry 0", "entry 1"])
    }

    @Test("what comes to an empty journal while nobody reads it is read after the restart", arguments: [false, true])
    func emptyOverRestart(byFile: Bool) throws {
        let bench = try JournalBench(byFile: byFile) { $0.start = .now }
        bench.start()
        bench.settle()
        bench.restart()
        bench.settle()
        #expect(bench.stored.count == 1)
        bench.stop()
        try bench.follow(numbered(0..<2))
        #expect(bench.messages == ["entry 0", "entry 1"])
        bench.restart()
        bench.settle()
        #expect(bench.records.count == 2 && bench.notices.isEmpty)
    }

    @Test(
        "a vacuumed cursor is a gap, and reading goes on with the first entry that survives", arguments: [false, true])
    func vacuumed(byFile: Bool) throws {
        let bench = try JournalBench(byFile: byFile)
        try bench.follow(numbered(0..<10), to: "a.journal")
        try bench.write(numbered(10..<20), to: "a.journal")
        try bench.write(numbered(20..<30), to: "b.journal")
        try Files.remove(bench.path("a.journal"))
        bench.restart()
        bench.settle()
        #expect(bench.messages == ((0..<10).map { "entry \($0)" } + (20..<30).map { "entry \($0)" }))
        #expect(bench.notices.map(\.kind) == [.gap])
        bench.restart()
        bench.settle()
        #expect(bench.records.count == 20 && bench.notices.count == 1)
    }

    @Test(
        "a journal file truncated under its reader does not end the program: a gap, and reading goes on",
        arguments: [false, true])
    func truncated(byFile: Bool) throws {
        let bench = try JournalBench(byFile: byFile) { $0.batchEntries = 50 }
        let padding = String(repeating: "x", count: 300)
        try bench.write((0..<20_000).map { ExportedEntry("entry \($0) \(padding)", at: $0) }, to: "a.journal")
        try bench.write(numbered(30_000..<30_010), to: "b.journal")
        bench.start()
        for _ in 0..<5 { bench.read() }
        // File by file the writers take turns, and the short file is done.
        #expect(bench.messages.filter { $0.hasSuffix(padding) }.count >= 200)
        #expect(truncate(bench.path("a.journal"), 128 << 10) == 0)
        for _ in 0..<4 { bench.settle() }
        #expect(bench.notices.contains { $0.kind == .gap })
        #expect(bench.messages.filter { !$0.hasSuffix(padding) } == (30_000..<30_010).map { "entry \($0)" })
        #expect(Set(bench.messages).count == bench.messages.count)
        #expect(bench.messages.allSatisfy { $0.hasPrefix("entry ") })
    }

    @Test(
        "MESSAGE of 200 kB, with newlines, binary, missing, more than once: each entry is one record",
        arguments: [false, true])
    func messages(byFile: Bool) throws {
        let bench = try JournalBench(byFile: byFile)
        let long = String(repeating: "0123456789", count: 20_000)
        var binary = ExportedEntry(nil, at: 3)
        binary.fields = [("MESSAGE", [0, 0xff, 0x0a, 0x80]), ("BLOB", [UInt8](repeating: 7, count: 200_000))]
        var twice = ExportedEntry("one", at: 5)
        twice.fields.append(("MESSAGE", Array("two".utf8)))
        try bench.write([
            ExportedEntry(long, at: 1), ExportedEntry("a\nb\n\nc", at: 2), binary,
            ExportedEntry(nil, at: 4, [("MESSAGE_ID", "0123"), ("PRIORITY", "2")]), twice,
        ])
        bench.start()
        bench.settle()
        try #require(bench.records.count == 5)
        #expect(bench.messages[0] == long)
        #expect(bench.messages[1] == "a\nb\n\nc")
        #expect(bench.records[2].message == [0, 0xff, 0x0a, 0x80])
        #expect(bench.records[2].values(of: "BLOB").first?.count == bench.options.fieldLimit - 5)
        #expect(bench.records[3].message.isEmpty && bench.records[3].messageID == "0123")
        #expect(bench.records[3].priority == 2)
        #expect(Set(bench.messages[4].split(separator: "\n")) == ["one", "two"])
        #expect(bench.notices.isEmpty)
    }

    @Test("a MESSAGE over the limit is cut, matched, and said", arguments: [false, true])
    func overlong(byFile: Bool) throws {
        let bench = try JournalBench(byFile: byFile) { $0.messageLimit = 1000 }
        try bench.follow([ExportedEntry(String(repeating: "x", count: 100_000), at: 1), ExportedEntry("next", at: 2)])
        #expect(bench.messages.map(\.count) == [1000, 4])
        #expect(bench.notices.map(\.kind) == [.skipped])
    }

    @Test("the fields that journald vouches for are on the record", arguments: [false, true])
    func fields(byFile: Bool) throws {
        let bench = try JournalBench(byFile: byFile)
        try bench.write([
            ExportedEntry(
                "m", at: 1,
                [
                    ("_TRANSPORT", "kernel"), ("_HOSTNAME", "web1"), ("SYSLOG_IDENTIFIER", "kernel"), ("_PID", "812"),
                    ("_UID", "33"), ("_SYSTEMD_UNIT", "a.service"), ("_EXE", "/usr/bin/a"), ("TAG", "1"), ("TAG", "2"),
                ])
        ])
        bench.start()
        bench.settle()
        let record = try #require(bench.records.first)
        #expect(record.transport == "kernel" && record.host == "web1" && record.identifier == "kernel")
        #expect(
            record.pid == 812 && record.uid == 33 && record.unit == "a.service" && record.executable == "/usr/bin/a")
        #expect(record.bootID == String(repeating: "ab", count: 16))
        #expect(record.time == Timestamp(seconds: 1_795_000_001))
        #expect(Set(record.values(of: "TAG")) == [[0x31], [0x32]])
    }

    @Test("a journal that is not there is said once, tried again, and read when it comes", arguments: [false, true])
    func missing(byFile: Bool) throws {
        let bench = try JournalBench(byFile: byFile) { $0.place += "/later" }
        bench.start()
        for _ in 0..<3 { bench.settle() }
        #expect(bench.notices.map(\.kind) == [.unreadable])
        #expect(bench.reader?.status.fault != nil)
        #expect(mkdir(bench.path("later"), 0o700) == 0)
        try bench.follow(numbered(0..<2), to: "later/a.journal")
        #expect(bench.messages == ["entry 0", "entry 1"])
        #expect(bench.notices.map(\.kind) == [.unreadable, .readable])
    }

    @Test("a damaged file beside a whole one does not stop the reading", arguments: [false, true])
    func damaged(byFile: Bool) throws {
        let bench = try JournalBench(byFile: byFile)
        try bench.write(numbered(0..<5))
        try Files.write([UInt8](repeating: 0x5a, count: 100_000), to: bench.path("broken.journal"))
        try Files.write([], to: bench.path("empty.journal"))
        bench.start()
        bench.settle()
        #expect(bench.messages.count == 5)
    }

    @Test("an entry wakes its reader, and is there without a look by the timer", arguments: [false, true])
    func promptness(byFile: Bool) throws {
        let bench = try JournalBench(byFile: byFile)
        try bench.follow(numbered(0..<1))
        for (number, name) in [(1, "a.journal"), (2, "a.journal"), (3, "b.journal"), (4, "a.journal")] {
            let reader = try #require(bench.reader)
            let waiting = [(number: try #require(reader.descriptor), interest: Interest(rawValue: reader.events))]
            #expect(try Poller.wait(waiting, timeout: .zero).isEmpty, "at rest it would never sleep")
            try bench.write([ExportedEntry("entry \(number)", at: Int64(number))], to: name)
            #expect(try Poller.wait(waiting, timeout: .seconds(5)) == [0], "entry \(number)")
            // The clock goes on by a millisecond with each; the next look of itself is seconds away.
            for _ in 0..<100 {
                bench.read()
                if bench.records.count > number, reader.isIdle { break }
            }
            #expect(bench.messages == (0...number).map { "entry \($0)" })
        }
    }

    @Test(
        "the first start takes this boot's entries, in whichever files they stand, and none of an earlier one",
        arguments: [false, true])
    func thisBoot(byFile: Bool) throws {
        let id = String(decoding: try Files.read("/proc/sys/kernel/random/boot_id"), as: UTF8.self)
        let boot = id.filter { $0.isHexDigit }
        try #require(boot.count == 32)
        func ofThisBoot(_ range: Range<Int64>) -> [ExportedEntry] {
            numbered(range).map { entry in
                var entry = entry
                entry.boot = boot
                return entry
            }
        }
        let bench = try JournalBench(byFile: byFile) { $0.start = .boot }
        try bench.write(numbered(0..<5), to: "a.journal")
        try bench.write(ofThisBoot(5..<8), to: "a.journal")
        try bench.write(ofThisBoot(8..<10), to: "b.journal")
        bench.start()
        bench.settle()
        #expect(bench.messages == (5..<10).map { "entry \($0)" })
        bench.restart()
        try bench.follow(ofThisBoot(10..<11), to: "b.journal")
        #expect(bench.messages == (5..<11).map { "entry \($0)" })
        #expect(bench.notices.isEmpty)
    }

    @Test("at rest the next look lies ahead, and there is a descriptor to poll", arguments: [false, true])
    func noBusyLoop(byFile: Bool) throws {
        let bench = try JournalBench(byFile: byFile)
        try bench.follow(numbered(0..<1))
        let reader = try #require(bench.reader)
        #expect(reader.nextDeadline > .seconds(1060))
        #expect(reader.descriptor != nil && reader.events != 0)
    }
}
