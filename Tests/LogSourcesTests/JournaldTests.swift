// Following a journal that a real systemd-journald writes, rotates and vacuums at the same time.

import Formats
import Glibc
import LogSources
import Platform
import Records
import TestSupport
import Testing

@Suite(.serialized) struct JournaldTests {
    private func journald(settings: String = "") throws -> JournaldPeer {
        do {
            return try JournaldPeer(settings: settings)
        } catch let fault as JournaldPeer.Fault where fault.isUnavailable {
            try Test.cancel("\(fault)")
        }
    }

    private func bench(_ peer: JournaldPeer, byFile: Bool) throws -> JournalBench {
        try JournalBench(byFile: byFile) {
            $0.place = peer.journals
            if !byFile, let machine = (try? Files.list(peer.journals))?.first { $0.place += "/" + machine }
        }
    }

    /// What the test wrote; journald writes of itself too.
    private func numbers(_ bench: JournalBench) -> [Int] {
        bench.messages.compactMap { $0.hasPrefix("number ") ? Int($0.dropFirst(7)) : nil }
    }

    @Test(
        "a journal that is written and rotated under its reader: none is missing, none comes twice",
        arguments: [false, true])
    func rotation(byFile: Bool) throws {
        let peer = try journald(settings: "RateLimitIntervalSec=0")
        let bench = try self.bench(peer, byFile: byFile)
        bench.start()
        for number in 0..<3000 {
            try peer.send("number \(number)", ["PRIORITY=6", "N=\(number)"])
            if number % 500 == 250 { try peer.journalctl("--rotate") }
            if number % 97 == 0 { bench.read() }
            if number == 1600 { bench.restart() }
        }
        try peer.journalctl("--sync")
        bench.settle()
        bench.settle()
        #expect(numbers(bench) == Array(0..<3000))
        #expect(bench.notices.isEmpty)
    }

    @Test("each entry is there when journald has it, without a further one", arguments: [false, true])
    func live(byFile: Bool) throws {
        let peer = try journald()
        let bench = try self.bench(peer, byFile: byFile)
        bench.start()
        bench.settle()
        for number in 0..<5 {
            try peer.send("number \(number)")
            try peer.journalctl("--sync")
            bench.settle()
            #expect(numbers(bench) == Array(0...number))
        }
    }

    @Test("what journald vacuums unread is a gap, and the first survivor is read", arguments: [false, true])
    func vacuum(byFile: Bool) throws {
        let peer = try journald(settings: "RateLimitIntervalSec=0")
        let bench = try self.bench(peer, byFile: byFile)
        for number in 0..<10 { try peer.send("number \(number)") }
        try peer.journalctl("--sync")
        bench.start()
        bench.settle()
        bench.stop()
        for number in 10..<20 { try peer.send("number \(number)") }
        try peer.journalctl("--rotate")
        for number in 20..<30 { try peer.send("number \(number)") }
        try peer.journalctl("--sync")
        try peer.journalctl("--vacuum-files=1")
        bench.start()
        bench.settle()
        bench.settle()
        #expect(numbers(bench) == Array(0..<10) + Array(20..<30))
        #expect(bench.notices.map(\.kind) == [.gap], "\(bench.notices.map(\.text))")
        bench.restart()
        bench.settle()
        #expect(numbers(bench).count == 20 && bench.notices.count == 1)
    }

    @Test("numbers that are in a file which may not be read are no gap", arguments: [false, true])
    func denied(byFile: Bool) throws {
        let peer = try journald(settings: "RateLimitIntervalSec=0")
        func rights(_ mode: String, _ path: String) throws {
            let result = try ChildProcess(["/bin/chmod", "-R", mode, path], deadline: .seconds(10)).run()
            #expect(result.ending == .exited(0))
        }
        func write(_ range: Range<Int>) throws {
            for number in range { try peer.send("number \(number)") }
            try peer.journalctl("--sync")
        }
        try write(0..<5)
        try rights("a+rX", peer.journals)
        let bench = try self.bench(peer, byFile: byFile)
        try Unprivileged.run {
            bench.start()
            bench.settle()
            #expect(numbers(bench) == Array(0..<5))
            try peer.journalctl("--rotate")
            let before = Set(try archived(peer))
            try write(5..<10)
            try peer.journalctl("--rotate")
            try rights("a+rX", peer.journals)
            for path in try archived(peer) where !before.contains(path) { try rights("0", path) }
            try write(10..<15)
            try rights("a+r", try #require(archived(peer).first).split(separator: "@")[0] + ".journal")
            for _ in 0..<3 { bench.settle() }
            #expect(numbers(bench) == Array(0..<5) + Array(10..<15))
            #expect(!bench.notices.contains { $0.kind == .gap }, "\(bench.notices.map(\.text))")
            #expect(bench.notices.contains { $0.kind == .unreadable })
            bench.stop()
        }
    }

    @Test(
        "rights that are missing are said once, with the group to join, and what is read then",
        arguments: [false, true])
    func saidOnce(byFile: Bool) throws {
        let peer = try journald(settings: "RateLimitIntervalSec=0")
        try peer.send("number 0")
        try peer.journalctl("--sync")
        func rights(_ mode: String) throws {
            let result = try ChildProcess(["/bin/chmod", "-R", mode, peer.journals], deadline: .seconds(10)).run()
            #expect(result.ending == .exited(0))
        }
        try rights("a+rX")
        let bench = try self.bench(peer, byFile: byFile)
        for name in try Files.list(peer.journals).flatMap({ machine in
            try Files.list(peer.journals + "/" + machine).map { peer.journals + "/" + machine + "/" + $0 }
        }) { #expect(chmod(name, 0) == 0) }
        Unprivileged.run {
            bench.start()
            for _ in 0..<5 { bench.settle() }
            #expect(bench.notices.map(\.kind) == [.unreadable])
            #expect(bench.notices.first?.text.contains("adduser") == true, "\(bench.notices.map(\.text))")
            #expect(numbers(bench).isEmpty)
            bench.stop()
        }
        try rights("a+rX")
        Unprivileged.run {
            bench.start()
            for _ in 0..<3 { bench.settle() }
            #expect(numbers(bench) == [0])
            bench.stop()
        }
    }

    @Test("a user's own journal beside the system's is read", arguments: [false, true])
    func userJournal(byFile: Bool) throws {
        let peer = try journald(settings: "RateLimitIntervalSec=0")
        try peer.send("number 1")
        try peer.journalctl("--sync")
        let machine = try #require(try Files.list(peer.journals).first)
        try ExportedEntry.write(
            [ExportedEntry("number 2", at: 5, [("_UID", "1000")])],
            to: peer.journals + "/" + machine + "/user-1000.journal")
        let bench = try self.bench(peer, byFile: byFile)
        bench.start()
        bench.settle()
        #expect(numbers(bench).sorted() == [1, 2])
    }

    @Test(
        "a file that journald writes, truncated under its reader: a gap, and what comes after is read",
        arguments: [false, true], [false, true])
    func truncated(byFile: Bool, isMadeLongAgain: Bool) throws {
        let peer = try journald(settings: "RateLimitIntervalSec=0")
        let bench = try self.bench(peer, byFile: byFile)
        let padding = String(repeating: "x", count: 500)
        for number in 0..<2000 { try peer.send("number \(number)", ["PADDING=\(number)\(padding)"]) }
        try peer.journalctl("--sync")
        try peer.journalctl("--rotate")
        bench.options.batchEntries = 50
        bench.start()
        bench.read()
        bench.read()
        let file = try #require(try archived(peer).first)
        let size = try #require(try FileStatus.of(file)).size
        #expect(truncate(file, 256 << 10) == 0)
        // As journald does when its archiving is still on the way: zeros stand behind what was left.
        if isMadeLongAgain { #expect(truncate(file, off_t(size)) == 0) }
        for number in 3000..<3010 { try peer.send("number \(number)") }
        try peer.journalctl("--sync")
        for _ in 0..<6 { bench.settle() }
        #expect(bench.notices.contains { $0.kind == .gap }, "\(bench.notices.map(\.text))")
        #expect(numbers(bench).suffix(10) == ArraySlice(3000..<3010))
        #expect(Set(numbers(bench)).count == numbers(bench).count)
    }

    private func archived(_ peer: JournaldPeer) throws -> [String] {
        try Files.list(peer.journals).flatMap { machine in
            try Files.list(peer.journals + "/" + machine).filter { $0.hasPrefix("system@") }
                .map { peer.journals + "/" + machine + "/" + $0 }
        }
    }
}
