// The letter that all is well: at its time, once, across restarts, with what was watched.

import Formats
import Incidents
import LogSources
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
        #expect(first.header("Subject")?.hasSuffix(": All is well") == true)
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

    @Test func `With an incident open, all is not well, and the subject says how many there are`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher(try folder.settings(Self.report))
        watcher.settle(folder)
        // What is not severe enough to be told does not count, what is silenced does.
        watcher.book.add(
            Silence(id: 1, host: watcher.host, until: folder.time.wall + .seconds(30 * 86400), comment: "move"))
        try folder.append("md0: disk failure", "md1: disk failure", "noise")
        watcher.settle(folder)
        folder.pass(.seconds(86400))
        try folder.append("noise")
        watcher.settle(folder)
        let letter = try #require(try beats(folder).first)
        #expect(letter.header("Subject")?.hasSuffix(": Herald is well, 2 incidents open") == true)
        let text = letter.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(text.contains("2 incidents are open, the most severe of them critical."))
        #expect(text.contains("Open incidents: 2, and 1 less severe than is told"), "\(text)")
        #expect(text.contains("everything on \(watcher.host) until"))
    }

    @Test func `A heartbeat that the mailer would refuse is said, and does not lie in the outbox`() throws {
        let folder = try WatcherFolder()
        var settings = try folder.settings(Self.report)
        settings.aliases[0].description = String(repeating: "x", count: 2000)
        let watcher = try folder.watcher(settings)
        watcher.settle(folder)
        folder.pass(.seconds(86400))
        watcher.settle(folder)
        #expect(try beats(folder).isEmpty)
        #expect(watcher.problems.contains { $0.contains("the heartbeat of") && $0.contains("was not sent") })
        let waiting = try watcher.store.database.query("SELECT count(*) FROM outbox")
        #expect(waiting.first?[0].int == 0)
    }

    @Test func `Only a source that is read to its end is said to be`() {
        var sources = [nil, 12, 0].map { SourceStatus(source: .journal(""), behind: $0) }
        var journal = SourceStatus(source: .journal("/far"))
        journal.isAtEnd = false
        sources.append(journal)
        journal.entriesBehind = 900
        sources.append(journal)
        #expect(
            sources.map { HeartbeatLetter.state($0) + HeartbeatLetter.fault($0) } == [
                "Read to its end", "Not yet read, 12 bytes", "Read to its end", "Not yet read",
                "Not yet read, 900 entries",
            ])
    }
}
