// A state that cannot be written, or was written by a newer version, or is damaged; an incoming/ that takes nothing.

import Control
import Database
import Formats
import Glibc
import Incidents
import Mail
import Platform
import Testing

@testable import Watching

@Suite struct StateFaultTests {
    @Test func `A file system that fills stops the reading; with room again it goes on by itself, and nothing is lost`()
        throws
    {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher()
        watcher.settle(folder)
        let database = watcher.store.database
        let pages = try database.query("PRAGMA page_count").first?[0].int ?? 0
        try database.script("PRAGMA max_page_count = \(pages)")
        for index in 0..<40 {
            try folder.append("Out of memory: Killed process 8 (p\(index))")
        }
        _ = watcher.round(at: folder.time)
        #expect(watcher.storeFault?.contains("full") == true)
        let problems = (watcher.status["problems"]?.array ?? []).compactMap(\.string)
        #expect(problems.contains { $0.contains("cannot be written") })
        #expect(try folder.letters().isEmpty)
        // What comes meanwhile is not read.
        let read = watcher.book.run.records
        try folder.append(WatcherTests.oom)
        for _ in 0..<5 {
            folder.pass(.seconds(31))
            _ = watcher.round(at: folder.time)
        }
        #expect(watcher.book.run.records == read)
        // What waits, and why, is said.
        let status = watcher.status
        #expect(status["standstill"]?["reason"]?.string?.contains("full") == true)
        #expect(status["standstill"]?["records"]?.int == 40 && status["standstill"]?["hits"]?.int == 40)
        let source = status["sources"]?.array?.first
        #expect(source?["behind_bytes"]?.int == Int64(WatcherTests.oom.utf8.count + 1), "\(source?.text ?? "")")
        #expect(source?["at_end"]?.bool == false)
        try database.script("PRAGMA max_page_count = 1000000")
        folder.pass(.seconds(31))
        watcher.settle(folder)
        #expect(watcher.storeFault == nil && watcher.status["standstill"]?.isNull == true)
        folder.pass(.seconds(7200))
        watcher.settle(folder)
        #expect(watcher.book.tally.hits == 41, "\(watcher.book.run.records) lines were read, \(read) before")
        let told = try folder.newHits()
        #expect(told == 41, "\(watcher.book.openIncidents.filter { $0.newHits > 0 }.count) are not told")
    }

    @Test(arguments: [false, true])
    func `What people ask for while the file system is full is refused at once, with the reason, and not made`(
        isKnown: Bool
    ) throws {
        let folder = try WatcherFolder()
        let desk = try WatcherDesk()
        let watcher = try folder.watcher(desk: desk)
        watcher.settle(folder)
        try folder.append("md0: disk failure")
        watcher.settle(folder)
        func ask(_ command: String, _ arguments: JSON, uid: UInt32 = 0) throws -> ControlResponse? {
            let peer = ControlPeer(pid: 1, uid: uid, gid: uid)
            let call = try desk.put(ControlRequest(command: command, arguments: arguments, peer: peer))
            _ = watcher.answerRequests()
            return call.wait(.zero)
        }
        let database = watcher.store.database
        let pages = try database.query("PRAGMA page_count").first?[0].int ?? 0
        try database.script("PRAGMA max_page_count = \(pages)")
        if isKnown {
            for index in 0..<40 { try folder.append("Out of memory: Killed process 8 (p\(index))") }
            _ = watcher.round(at: folder.time)
            #expect(watcher.storeFault != nil)
        }
        let before = watcher.book.silences.count
        // More than the pages that are there can hold.
        let silence: JSON = ["rule": "raid", "for": "1h", "comment": .string(String(repeating: "x", count: 290))]
        var refusal: ControlResponse?
        for _ in 0..<200 where refusal?.error == nil { refusal = try ask("silence-add", silence) }
        #expect(refusal?.kind == .later)
        let words = refusal?.error ?? ""
        #expect(words.hasPrefix("nothing was changed: the state cannot be written: "), "\(words)")
        #expect(words.contains("the file system is full: ") && words.contains("make room there"), "\(words)")
        if isKnown {
            #expect(watcher.book.silences.count == before)
            #expect(try ask("incident-resolve", ["ids": [1]])?.error == words)
            #expect(watcher.book.incident(1)?.state == .open)
        }
        // What is wrong or not allowed is said as ever.
        #expect(try ask("incident-resolve", ["ids": [999]])?.kind == .wrong)
        #expect(try ask("incident-resolve", ["ids": [1]], uid: 4_000_000)?.kind == .denied)
        #expect(try ask("incident-list", [:])?.error == nil)
        // Whoever has made room does not wait until the watcher tries again.
        try database.script("PRAGMA max_page_count = 1000000")
        let count = watcher.book.silences.count
        #expect(try ask("silence-add", silence)?.error == nil)
        #expect(try ask("incident-resolve", ["ids": [1]])?.error == nil)
        #expect(watcher.storeFault == nil && watcher.book.silences.count == count + 1)
        let stored = try watcher.store.book(policy: watcher.book.policy).0
        #expect(stored.silences.count == count + 1 && stored.incident(1)?.state != .open)
    }

    @Test func `State of a newer version is set aside, kept and told; the status says so`() throws {
        let folder = try WatcherFolder()
        do {
            let watcher = try folder.watcher()
            watcher.settle(folder)
            try watcher.store.database.script("PRAGMA user_version = 99")
        }
        let watcher = try folder.watcher()
        watcher.settle(folder)
        #expect(try FileStatus.of(folder.database + ".set-aside-1") != nil)
        let letter = try #require(try folder.letters().first)
        #expect(ParsedMessage(letter.message).text.contains("newer version"))
        let problems = (watcher.status["problems"]?.array ?? []).compactMap(\.string)
        #expect(problems.contains { $0.contains("set aside") })
    }

    @Test func `Damage in the middle of the state is found at the start, not met later`() throws {
        let folder = try WatcherFolder()
        do {
            let watcher = try folder.watcher()
            watcher.settle(folder)
            for index in 0..<200 { try folder.append("Out of memory: Killed process 8 (p\(index))") }
            watcher.settle(folder)
            try watcher.store.database.script("PRAGMA wal_checkpoint(TRUNCATE)")
        }
        let size = try #require(try FileStatus.of(folder.database)?.size)
        let file = try Descriptor.open(folder.database, O_RDWR)
        let junk = [UInt8](repeating: 0x5a, count: Int(size / 2))
        #expect(pwrite(file.number, junk, junk.count, off_t(size / 4)) == junk.count)
        let watcher = try folder.watcher()
        watcher.settle(folder)
        #expect(try FileStatus.of(folder.database + ".set-aside-1") != nil)
    }

    @Test func `While incoming takes nothing the letters wait, and go when it does`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher()
        watcher.settle(folder)
        let incoming = folder.path + "/spool/incoming"
        try? Files.removeTree(incoming)
        try Files.makeDirectories(folder.path + "/spool")
        try Files.write([], to: incoming)  // a file where the folder should be
        try folder.append(WatcherTests.oom)
        watcher.settle(folder)
        let problems = (watcher.status["problems"]?.array ?? []).compactMap(\.string)
        #expect(problems.contains { $0.contains("cannot be handed over") }, "\(problems)")
        unlink(incoming)
        folder.pass(.seconds(61))
        watcher.settle(folder)
        #expect(try folder.newHits() == 1)
        #expect(watcher.status["problems"]?.array?.isEmpty == true)
    }
}
