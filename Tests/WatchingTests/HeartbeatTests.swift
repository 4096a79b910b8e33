// The letter that all is well: at its time, once, across restarts, with what was watched.

import Formats
import Mail
import Platform
import Testing

@testable import Watching

@Suite struct HeartbeatTests {
    private static let report = "group_wait: 0s, heartbeat: daily 07:00"

    private func beats(_ folder: WatcherFolder) throws -> [ParsedMessage] {
        try folder.letters().map { ParsedMessage($0.message) }.filter { $0.header("X-Herald-Report") == "heartbeat" }
    }

    @Test func `Once a day it says what was watched, and nothing before its time`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher(try folder.settings(Self.report))
        watcher.settle(folder)
        try folder.append("a line", WatcherTests.oom)
        watcher.settle(folder)
        #expect(try beats(folder).isEmpty)
        for day in 1...3 {
            folder.pass(.seconds(86400))
            watcher.settle(folder)
            #expect(try beats(folder).count == day)
            watcher.settle(folder)
        }
        let first = try #require(try beats(folder).min { ($0.header("Date") ?? "") < ($1.header("Date") ?? "") })
        #expect(first.header("Subject")?.hasSuffix("All is well") == true)
        let texts = try beats(folder).map(\.text)
        #expect(texts.contains { $0.contains("app.log") && $0.contains("Read to its end") })
        #expect(texts.contains { $0.contains("Hits") && $0.contains("Log entries read") })
    }

    @Test func `What was due while the watcher was away goes once`() throws {
        let folder = try WatcherFolder()
        let settings = try folder.settings(Self.report)
        do {
            let watcher = try folder.watcher(settings)
            watcher.settle(folder)
            watcher.keep(at: folder.time, evenCheckpointsAlone: true)
        }
        folder.pass(.seconds(10 * 86400))
        let watcher = try folder.watcher(settings)
        watcher.settle(folder)
        #expect(try beats(folder).count == 1)
        folder.pass(.seconds(86400))
        watcher.settle(folder)
        #expect(try beats(folder).count == 2)
    }

    @Test func `What is not well is said in it`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher(try folder.settings(Self.report))
        watcher.settle(folder)
        watcher.reloadSettings()  // invalid ones
        folder.pass(.seconds(86400))
        watcher.settle(folder)
        let letter = try #require(try beats(folder).first)
        #expect(letter.header("Subject")?.hasSuffix("Not all is well") == true)
        #expect(letter.text.contains("earlier settings stay in force"))
    }

    @Test func `A clock that is set by a year brings no letter before its time`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher(try folder.settings(Self.report))
        watcher.settle(folder)
        folder.setClock(by: .seconds(365 * 86400))
        watcher.settle(folder)
        #expect(try beats(folder).isEmpty)
    }
}
