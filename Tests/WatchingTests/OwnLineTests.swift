// What Herald's own daemons log is no incident, and what only looks like it is one.

import Testing

@testable import Watching

@Suite struct OwnLineTests {
    @Test func `Lines of our own daemons are no incidents; those that only resemble them are`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher(hostName: { "web1.example.org" })
        watcher.settle(folder)
        try folder.append("Nov 21 12:41:14 web1 herald-mailer[7]: cannot send")
        watcher.settle(folder)
        #expect(try folder.letters().isEmpty)
        // Anyone can write under the name: without a process of ours behind it, it is a line like any other.
        try folder.append("Nov 21 12:41:14 web1 herald-mailer[8]: cannot send")
        watcher.settle(folder)
        #expect(try folder.letters().count == 1)
        // The number of a process of ours, on a host whose lines come here.
        for (count, host) in [(2, "web2"), (3, "web1.example.net")] {
            try folder.append("Nov 21 12:41:14 \(host) herald-mailer[7]: cannot send")
            watcher.settle(folder)
            #expect(try folder.letters().count == count, "\(host)")
        }
    }
}
