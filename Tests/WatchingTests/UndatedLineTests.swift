// Lines without a time: those that were written while nobody read are as old as their file, not as their reading.

import Formats
import Glibc
import Mail
import Platform
import Testing

@testable import Watching

@Suite struct UndatedLineTests {
    @Test(arguments: [false, true])
    func `What was written while nobody read is told in one letter that says so`(isRotated: Bool) throws {
        let folder = try WatcherFolder()
        var watcher: Watcher? = try folder.watcher()
        try folder.append("begun")
        watcher?.settle(folder)
        watcher = nil
        for number in 0..<8 {
            try folder.append("Out of memory: Killed process \(number) (worker-\(number)) total-vm:1kB")
        }
        if isRotated {
            #expect(rename(folder.log, folder.log + ".1") == 0)
            try Files.write([], to: folder.log)
        }
        // By the watcher's clock the file was written to six hours ago.
        folder.pass(.seconds(6 * 3600))
        let restarted = try folder.watcher()
        restarted.settle(folder)
        folder.pass(.seconds(400))
        restarted.settle(folder)
        #expect(try folder.newHits() == 8)
        #expect(try folder.letters().map { ParsedMessage($0.message).header("X-Herald-Report") } == ["late"])
        // What comes from now on is new, once the log was read to its end.
        try folder.append("at work")
        restarted.settle(folder)
        try folder.append("Out of memory: Killed process 9 (backup) total-vm:1kB")
        let writtenAt = folder.time.wall
        restarted.settle(folder)
        let last = try #require(restarted.book.openIncidents.last)
        #expect(last.title.contains("backup"))
        #expect(last.firstSeen == writtenAt)
        #expect(try folder.letters().count == 2)
    }
}
