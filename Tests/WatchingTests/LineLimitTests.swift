// Lines that are too long to be looked at whole: a fault that is recorded and told in time, and wakes nobody.

import Formats
import Glibc
import Incidents
import Mail
import Platform
import Testing

@testable import Watching

@Suite struct LineLimitTests {
    private static func long(_ count: Int) -> String { String(repeating: "x", count: count) + WatcherTests.oom }

    @Test func `What is over the line limit is recorded, and told in the next digest and the next heartbeat`() throws {
        let folder = try WatcherFolder()
        let settings = try folder.settings("group_wait: 0s, max_per_hour: 1, heartbeat: daily 07:00")
        do {
            let watcher = try folder.watcher(settings)
            watcher.settle(folder)
            try folder.append(Self.long(1 << 20), WatcherTests.oom, "md0: disk failure", "md1: disk failure")
            watcher.settle(folder)
            let incident = try #require(watcher.book.openIncidents.first { $0.rule.id == "herald-file-skipped" })
            #expect(incident.severity == .warning && incident.letters == 0)
        }
        let rules = Set(try folder.letters().compactMap { ParsedMessage($0.message).header("X-Herald-Rule") })
        #expect(!rules.isEmpty && !rules.contains { $0.contains("herald-file-skipped") })
        // Neither a restart nor its end, which comes with time, takes it away.
        let watcher = try folder.watcher(settings)
        for _ in 0..<3 {
            folder.pass(.seconds(3700))
            watcher.settle(folder)
        }
        #expect(!watcher.book.openIncidents.contains { $0.rule.id == "herald-file-skipped" })
        folder.pass(.seconds(86400))
        watcher.settle(folder)
        try folder.expectInDigestAndHeartbeat("Part of a line was too long to be looked at in")
        #expect(watcher.book.tally.notes.notes.isEmpty)
    }

    @Test func `A pattern's own line limit holds for its files, and for no others`() throws {
        let folder = try WatcherFolder()
        let other = folder.path + "/log/json.txt"
        try Files.write([], to: other)
        let watcher = try folder.watcher(try folder.settings(more: "{path: \(other), max_line: 128 KiB}"))
        watcher.settle(folder)
        try Descriptor.open(other, O_WRONLY | O_APPEND).write((Self.long(100 << 10) + "\n").utf8)
        watcher.settle(folder)
        #expect(watcher.book.openIncidents.map(\.rule.id) == ["oom"])
        try folder.append(Self.long(100 << 10))
        watcher.settle(folder)
        #expect(watcher.book.openIncidents.map(\.rule.id) == ["oom", "herald-file-skipped"])
    }
}
