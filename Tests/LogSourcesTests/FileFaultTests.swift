// Files that cannot be read: said once, taken back when it is over, and never more of it than a person can read.

import Formats
import Glibc
import LogSources
import Platform
import TestSupport
import Testing

@Suite struct FileFaultTests {
    @Test("a file that may not be read is said once, with the group to join, and read when it may")
    func permission() throws {
        try Unprivileged.run {
            let bench = try TailingBench()
            try bench.append("1\n", to: "a.log")
            #expect(chmod(bench.path("a.log"), 0o040) == 0)
            for _ in 0..<3 { bench.settle() }
            #expect(bench.notices.map(\.kind) == [.unreadable])
            #expect(bench.notices.first?.text.contains("adduser") == true)
            #expect(chmod(bench.path("a.log"), 0o600) == 0)
            bench.settle()
            #expect(bench.lines == ["1"])
            #expect(bench.notices.map(\.kind) == [.unreadable, .readable])
        }
    }

    @Test(
        "a log in UTF-16 is said once, and taken back when it is begun anew in another encoding",
        arguments: [[0xff, 0xfe, 0x46, 0, 0x0a, 0], [0xfe, 0xff, 0, 0x46, 0, 0x0a]] as [[UInt8]])
    func wideCharacters(bytes: [UInt8]) throws {
        let bench = try TailingBench()
        try bench.follow(bytes, to: "a.log")
        try bench.follow(Array(bytes[2...]), to: "a.log")
        #expect(bench.notices.map(\.kind) == [.unreadable])
        let fault = bench.tailer?.status.first?.fault ?? ""
        let command = "`iconv -f UTF-16 -t UTF-8 < \(bench.path("a.log")) | herald scan -`"
        #expect(fault.contains("a.log: it is UTF-16: \(command)"), "\(fault)")
        bench.truncateFile("a.log")
        try bench.follow("1\n", to: "a.log")
        #expect(bench.lines.last == "1")
        #expect(bench.notices.map(\.kind) == [.unreadable, .readable])
    }

    @Test("a folder in the place of a file is said once, and stays said while the file that is gone is read to its end")
    func folderInItsPlace() throws {
        let bench = try TailingBench(["a.log"])
        let writer = try Descriptor.open(bench.path("a.log"), O_WRONLY | O_CREAT | O_APPEND)
        try writer.write("1\n".utf8)
        bench.settle()
        bench.remove("a.log")
        #expect(mkdir(bench.path("a.log"), 0o700) == 0)
        for number in 2..<5 {
            try writer.write("\(number)\n".utf8)
            bench.clock += .seconds(16)
            bench.read()
        }
        #expect(bench.lines == ["1", "2", "3", "4"])
        #expect(bench.notices.map(\.kind) == [.unreadable], "\(bench.notices.map(\.text))")
        #expect(bench.tailer?.status.first?.fault?.contains("a folder") == true)
        #expect(rmdir(bench.path("a.log")) == 0)
        try bench.append("5\n", to: "a.log")
        bench.settle()
        #expect(bench.lines.last == "5")
        #expect(bench.notices.map(\.kind) == [.unreadable, .readable])
    }

    @Test(
        "a folder that may not be looked into is said once, with its group, and its logs are read when it may",
        arguments: ["priv/*.log", "priv/*/x.log"])
    func closedFolder(glob: String) throws {
        try Unprivileged.run {
            let bench = try TailingBench([glob])
            let name = glob == "priv/*.log" ? "priv/a.log" : "priv/d/x.log"
            for folder in ["priv", "priv/d"] { #expect(mkdir(bench.path(folder), 0o700) == 0) }
            try bench.append("1\n", to: name)
            #expect(chmod(bench.path("priv"), 0o050) == 0)
            for _ in 0..<3 { bench.settle() }
            #expect(bench.notices.map(\.kind) == [.unreadable])
            #expect(bench.notices.first?.text.contains("\(bench.path("priv")): Permission denied") == true)
            #expect(bench.notices.first?.text.contains("adduser") == true)
            #expect(bench.tailer?.status.map(\.source) == [.file(bench.path("priv"))])
            #expect(chmod(bench.path("priv"), 0o700) == 0)
            bench.settle()
            #expect(bench.lines == ["1"])
            #expect(bench.notices.map(\.kind) == [.unreadable, .readable])
            #expect(bench.notices.last?.text.hasSuffix("is read again.") == true)
            // Taken away at work, for longer than a rotated file is held open, and over a restart.
            try bench.append("2\n", to: name)
            #expect(chmod(bench.path("priv"), 0o050) == 0)
            for _ in 0..<60 { bench.settle() }
            bench.restart()
            bench.settle()
            #expect(chmod(bench.path("priv"), 0o700) == 0)
            try bench.follow("3\n", to: name)
            #expect(bench.lines == ["1", "2", "3"])
            #expect(bench.notices.allSatisfy { $0.kind != .gap }, "\(bench.notices.map(\.text))")
        }
    }

    @Test("a folder that is excluded is not asked for")
    func excludedFolder() throws {
        try Unprivileged.run {
            for exclude in ["private", "/*/*/private/*"] {
                let bench = try TailingBench(["*/x.log"]) { $0.patterns[0].exclude = [exclude] }
                #expect(mkdir(bench.path("private"), 0) == 0)
                bench.settle()
                #expect(bench.notices.isEmpty, "\(bench.notices.map(\.text))")
            }
        }
    }

    @Test("the fault of a file that is gone goes with it, and is not said to be mended")
    func gone() throws {
        try Unprivileged.run {
            let bench = try TailingBench()
            try bench.append("1\n", to: "a.log")
            #expect(chmod(bench.path("a.log"), 0) == 0)
            bench.settle()
            #expect(bench.tailer?.status.count == 1)
            bench.remove("a.log")
            bench.settle()
            #expect(bench.tailer?.status.allSatisfy { $0.fault == nil } == true)
            #expect(bench.notices.last?.text.hasSuffix("is not there any more.") == true)
        }
    }

    @Test("of a thousand files that cannot be read a hundred are named, and the rest is one sentence")
    func many() throws {
        try Unprivileged.run {
            let bench = try TailingBench()
            for number in 0..<1000 {
                try bench.append("1\n", to: "\(number).log")
                #expect(chmod(bench.path("\(number).log"), 0) == 0)
            }
            bench.settle()
            #expect(bench.notices.count == 101)
            #expect(bench.tailer?.status.count == 101)
            for number in 0..<1000 { bench.remove("\(number).log") }
            bench.settle()
            #expect(bench.tailer?.status.allSatisfy { $0.fault == nil } == true)
            #expect(bench.notices.count == 202)
        }
    }

    @Test("more files than may be open: what is beyond is said with the remedy, and read when others are gone")
    func tooMany() throws {
        let bench = try TailingBench {
            $0.descriptorLimit = 64; $0.keepDeleted = .seconds(1)
        }
        for number in 0..<52 { try bench.append("\(number)\n", to: "\(number).log") }
        bench.settle()
        #expect(bench.lines.count == 32)
        #expect(bench.notices.map(\.kind) == [_](repeating: .unreadable, count: 20))
        #expect(bench.notices.allSatisfy { $0.text.contains("LimitNOFILE=") })
        for name in bench.lines { bench.remove("\(name).log") }
        for _ in 0..<3 { bench.settle() }
        #expect(Set(bench.lines) == Set((0..<52).map(String.init)))
        #expect(bench.lines.count == 52)
        #expect(bench.notices.suffix(20).map(\.kind) == [_](repeating: .readable, count: 20))
    }

    @Test("as many files as may be open, all rotated at once: those that are held make room, without a word")
    func rotatedAtTheLimit() throws {
        let bench = try TailingBench { $0.descriptorLimit = 64 }
        for number in 0..<32 { try bench.append("a\(number)\n", to: "\(number).log") }
        bench.settle()
        for number in 0..<32 {
            bench.rename("\(number).log", "\(number).log.1")
            try bench.append("b\(number)\n", to: "\(number).log")
        }
        let before = bench.clock
        while bench.lines.count < 64, bench.clock - before < .seconds(3) {
            if let next = bench.tailer?.nextDeadline, next > bench.clock { bench.clock += .milliseconds(60) }
            bench.read()
        }
        #expect(bench.lines.sorted() == (0..<32).flatMap { ["a\($0)", "b\($0)"] }.sorted())
        // One daemon was not told yet, and goes on writing to what it has open.
        try bench.append("late\n", to: "7.log.1")
        bench.settle()
        #expect(bench.lines.last == "late" && bench.lines.count == 65)
        #expect(bench.notices.isEmpty, "\(bench.notices.map(\.text))")
    }

    @Test("when the kernel's queue of hints overflows, everything is looked at again, without waiting for a timer")
    func overflow() throws {
        let bench = try TailingBench()
        try bench.append("1\n", to: "a.log")
        try bench.append("1\n", to: "b.log")
        bench.settle()
        // Appending in turns makes a hint of each: more than the queue takes.
        let limit =
            Int(
                String(decoding: try Files.read("/proc/sys/fs/inotify/max_queued_events"), as: UTF8.self)
                    .prefix { $0.isNumber }) ?? 16384
        let writers = try ["a.log", "b.log"].map { try Descriptor.open(bench.path($0), O_WRONLY | O_APPEND) }
        for number in 0..<limit + 10 { try writers[number % 2].write("2\n".utf8) }
        try bench.append("3\n", to: "c.log")
        let before = bench.clock
        for _ in 0..<20 where !bench.lines.contains("3") {
            bench.clock += .milliseconds(60)
            bench.read()
        }
        #expect(bench.lines.contains("3"))
        #expect(bench.clock - before < bench.options.rescanInterval)
        bench.settle()
        #expect(bench.lines.count == 2 + limit + 10 + 1)
    }

    @Test(
        "at rest only folders are looked at; a name that comes, and a link that leads elsewhere, is found all the same")
    func atRest() throws {
        let bench = try TailingBench(["*.log", "links/*", "more/*/x.log"])
        for name in ["links", "more", "far"] { #expect(mkdir(bench.path(name), 0o700) == 0) }
        try bench.append("1\n", to: "a.log")
        try bench.append("2\n", to: "far/one")
        try bench.append("3\n", to: "far/two")
        #expect(symlink(bench.path("far/current"), bench.path("links/l")) == 0)
        #expect(symlink("one", bench.path("far/current")) == 0)
        bench.settle()
        #expect(bench.lines == ["1", "2"])
        // Where the link of the link leads no folder tells that is watched.
        #expect(unlink(bench.path("far/current")) == 0 && symlink("two", bench.path("far/current")) == 0)
        bench.settle()
        #expect(bench.lines == ["1", "2", "3"])
        #expect(mkdir(bench.path("more/new"), 0o700) == 0)
        try bench.append("4\n", to: "more/new/x.log")
        bench.settle()
        #expect(bench.lines.last == "4")
    }

    @Test("a log whose folder was away at a start goes on where it was read to", arguments: [0, 1, 2])
    func folderAway(restarts: Int) throws {
        let bench = try TailingBench(["d/a.log", "d/*.log", "d/*.txt"])
        #expect(mkdir(bench.path("d"), 0o700) == 0)
        for name in ["d/a.log", "d/b.log", "d/c.txt"] { try bench.follow("1\n2\n", to: name) }
        try bench.whileStopped { bench.rename("d", "away") }
        for _ in 0..<restarts {
            bench.restart()
            bench.settle()
        }
        #expect(!bench.notices.contains { $0.kind == .gap })
        bench.rename("away", "d")
        try bench.append("3\n", to: "d/b.log")
        bench.settle()
        bench.notices = []
        bench.expectTold(inAnyOrder: ["1", "1", "1", "2", "2", "2", "3"])
    }

    @Test("a log that could not be read at a start goes on where it was read to", arguments: ["a.log", "*.log"])
    func unreadableAtStart(pattern: String) throws {
        try Unprivileged.run {
            let bench = try TailingBench([pattern])
            try bench.follow("1\n2\n", to: "a.log")
            try bench.whileStopped { #expect(chmod(bench.path("a.log"), 0) == 0) }
            bench.restart()
            bench.settle()
            #expect(chmod(bench.path("a.log"), 0o600) == 0)
            try bench.append("3\n", to: "a.log")
            bench.settle()
            #expect(!bench.notices.contains { $0.kind == .gap })
            bench.notices = []
            bench.expectTold(["1", "2", "3"])
        }
    }
}
