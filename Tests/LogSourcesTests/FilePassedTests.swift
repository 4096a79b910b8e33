// What was there at the first look: it is noted file by file, and told only as far as it grows.

import Glibc
import LogSources
import Platform
import Records
import Testing

@Suite struct FilePassedTests {
    @Test("archives that are copied to another disk are not told, nor what they are made of", arguments: [1, 2])
    func copied(passed: Int) throws {
        let bench = try TailingBench(["a.log"])
        let line = "2026-11-22T05:00:00Z 1"
        // The first is of before the first look, the second was read.
        if passed == 1 {
            try bench.append("old\n", to: "a.log.1")
            try bench.compress("a.log.1", "gzip", ".gz")
            try bench.follow(line + "\n", to: "a.log")
        } else {
            try bench.follow(line + "\n", to: "a.log")
            try bench.rotate("a.log", to: "a.log.1", next: "")
            try bench.compress("a.log.1", "gzip", ".gz")
            bench.settle()
        }
        try bench.whileStopped {
            try bench.copy("a.log.1.gz", "copied")
            bench.remove("a.log.1.gz")
            bench.rename("copied", "a.log.2.gz")
            try bench.rotate("a.log", to: "a.log.1", next: "2\n")
        }
        bench.expectTold([line, "2"])
    }

    @Test("an archive in the inode of one that was read is read, though it begins equally", arguments: [false, true])
    func inodeUsedAgain(wasRead: Bool) throws {
        let banner = String(repeating: "# the same in each file\n", count: 20)
        let bench = try TailingBench(["a.log"])
        if wasRead { try bench.follow(banner + "1\n", to: "a.log") }
        if wasRead { bench.rename("a.log", "a.log.1") } else { try bench.append(banner + "1\n", to: "a.log.1") }
        try bench.compress("a.log.1", "gzip", ".gz")
        try bench.follow("0\n", to: "a.log")
        try bench.whileStopped {
            try bench.append(banner + "2\n", to: "other")
            try bench.compress("other", "gzip", ".gz")
            // As rm and gzip do on a file system that gives the inode that has become free.
            bench.truncateFile("a.log.1.gz")
            try bench.append(try Files.read(bench.path("other.gz")), to: "a.log.1.gz")
        }
        #expect(bench.lines.filter { !$0.hasPrefix("#") }.sorted() == (wasRead ? ["0", "1", "2"] : ["0", "2"]))
    }

    @Test(
        "what a generation of before the first look grows by is told, from the next whole line on",
        arguments: [("old\n", "late\n"), ("old\nhalf", " line\nlate\n")])
    func grown(old: String, new: String) throws {
        let bench = try TailingBench(["a.log"])
        try bench.append(old, to: "a.log.1")
        try bench.follow("1\n", to: "a.log")
        try bench.follow(new, to: "a.log.1")
        bench.expectTold(["1", "late"])
    }

    @Test("after an update, generations are passed over of which only the newest was noted", arguments: [false, true])
    func updated(isCompressed: Bool) throws {
        let bench = try TailingBench(["a.log"])
        for number in 1...4 { try bench.append("old \(number)\n", to: "a.log.\(number)") }
        try bench.follow("1\n", to: "a.log")
        var output = SourceOutput()
        for (key, checkpoint) in bench.stored {
            guard case .file(var row) = checkpoint, row.isPassedOver else { continue }
            let status = try #require(try FileStatus.of(bench.path("a.log.1")))
            if row.inode == status.inode {
                row.passesOlder = true
                output.move(.file(row))
            } else {
                output.forget(key)
            }
        }
        bench.commit(output)
        try bench.whileStopped {
            if isCompressed { try bench.compress("a.log.2", "gzip", ".gz") }
            for number in (1...4).reversed() {
                let suffix = number == 2 && isCompressed ? ".gz" : ""
                bench.rename("a.log.\(number)\(suffix)", "a.log.\(number + 1)\(suffix)")
            }
            try bench.rotate("a.log", to: "a.log.1", next: "2\n")
        }
        try bench.whileStopped {
            for number in (1...5).reversed() {
                let suffix = number == 3 && isCompressed ? ".gz" : ""
                bench.rename("a.log.\(number)\(suffix)", "a.log.\(number + 1)\(suffix)")
            }
            try bench.rotate("a.log", to: "a.log.1", next: "3\n")
        }
        bench.expectTold(["1", "2", "3"])
    }

    @Test("an older copy written over a log while stopped is read again, and the gap says so")
    func olderCopy() throws {
        let bench = try TailingBench(["a.log"])
        let line = String(repeating: "-", count: 80) + "\n"
        try bench.follow("1" + line, to: "a.log")
        try bench.copy("a.log", "backup")
        try bench.follow("2" + line, to: "a.log")
        try bench.whileStopped {
            let bytes = try Files.read(bench.path("backup"))
            bench.truncateFile("a.log")
            try bench.append(bytes, to: "a.log")
        }
        #expect(bench.lines.map { $0.prefix(1) } == ["1", "2", "1"])
        #expect(bench.notices.count == 1)
        #expect(bench.notices.first?.text.contains("replaced by an older copy of itself") ?? false)
    }
}
