// The pipeline with real files and a real database: from the line to the letter in incoming/.

import Control
import Database
import Formats
import Glibc
import Incidents
import Mail
import Platform
import Settings
import Synchronization
import Testing

@testable import Watching

@Suite struct WatcherTests {
    static let oom = "Out of memory: Killed process 812 (mysqld) total-vm:1kB"

    @Test func `A line becomes a letter in incoming`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher()
        watcher.settle(folder)
        try folder.append("before", Self.oom, "after")
        watcher.settle(folder)
        let letter = try #require(try folder.letters().first)
        #expect(letter.origin == "watcher")
        #expect(letter.priority == .critical)
        #expect(letter.envelope.recipients.map(\.text) == ["admin@example.org"])
        let message = ParsedMessage(letter.message)
        #expect(message.header("Subject")?.hasSuffix(" Out of memory: mysqld was killed") == true)
        #expect(message.header("X-Herald-New-Hits") == "1")
        #expect(message.text.contains("  > Out of memory"))
        #expect(message.text.contains("    before\n") && message.text.contains("    after\n"))
    }

    @Test func `Letters of one instant are in the order in which their incidents are told`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher(try folder.settings("group_wait: 0s, heartbeat: off"))
        watcher.settle(folder)
        try folder.append("cannot send", "md0: disk failure", Self.oom, "md1: disk failure", "md2: disk failure")
        watcher.settle(folder)
        let letters = try folder.letters().sorted { $0.created < $1.created }
        #expect(Set(letters.map(\.created)).count == letters.count && letters.count > 3)
        let store = try Database(path: folder.database)
        let told = try store.query("SELECT letter FROM reports ORDER BY rowid").compactMap { $0[0].string }
        #expect(letters.map(\.id) == told)
    }

    @Test func `Restarts and rotation lose and repeat nothing`() throws {
        let folder = try WatcherFolder()
        var watcher: Watcher? = try folder.watcher()
        watcher?.settle(folder)
        for step in 0..<6 {
            for index in 0..<5 { try folder.append("x \(step)-\(index)", Self.oom) }
            if step == 2 {
                try Files.write([], to: folder.path + "/log/new")
                #expect(rename(folder.log, folder.path + "/log/app.log.1") == 0)
                #expect(rename(folder.path + "/log/new", folder.log) == 0)
            }
            watcher?.settle(folder)
            folder.pass(.seconds(301))
            watcher?.settle(folder)
            if step % 2 == 0 {
                watcher = nil
                watcher = try folder.watcher()
                watcher?.settle(folder)
            }
        }
        #expect(try folder.newHits() == 30)
        let letters = try folder.letters()
        #expect(Set(letters.map(\.messageID)).count == letters.count)
    }

    @Test func `With until-idle what is due is handed over, what waits is kept`() throws {
        let folder = try WatcherFolder()
        try folder.watcher(untilIdle: true).run()
        try folder.append(Self.oom)
        let waiting = try folder.settings("group_wait: 10s")
        try folder.watcher(waiting, untilIdle: true).run()
        #expect(try folder.letters().isEmpty)
        folder.pass(.seconds(10))
        try folder.watcher(waiting, untilIdle: true).run()
        #expect(try folder.newHits() == 1)
    }

    @Test func `With reports off incidents are recorded, and that nobody is told is known`() throws {
        let folder = try WatcherFolder()
        let settings = try folder.settings("enabled: false, group_wait: 0s")
        let watcher = try folder.watcher(settings)
        watcher.settle(folder)
        try folder.append(Self.oom)
        watcher.settle(folder)
        #expect(try folder.letters().isEmpty)
        let rows = try Database(path: folder.database, access: .readOnly).query(
            "SELECT rule, hits, told FROM incidents")
        #expect(rows == [[.text("oom"), .integer(1), .integer(0)]])
        #expect(watcher.status["unaddressed"]?.int == 1)
    }

    @Test func `Less severe than min_severity is recorded only`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher()
        watcher.settle(folder)
        try folder.append("noise", Self.oom)
        watcher.settle(folder)
        #expect(try folder.letters().count == 1)
        #expect(watcher.book.openIncidents.map(\.rule.id) == ["noise", "oom"])
    }

    @Test func `A recovery is told, and only in its own group`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher()
        watcher.settle(folder)
        try folder.append("md0: disk failure", "md1: disk failure")
        watcher.settle(folder)
        try folder.append("md0: recovery done")
        watcher.settle(folder)
        let subjects = try folder.letters().compactMap { ParsedMessage($0.message).header("Subject") }
        #expect(subjects.count == 3)
        #expect(subjects.filter { $0.hasPrefix("[recovered]") && $0.hasSuffix("md0 is degraded") }.count == 1)
        #expect(watcher.book.openIncidents.map(\.title) == ["RAID md1 is degraded"])
    }

    @Test func `Lines that come after a hit are shown when they come before the letter`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher(try folder.settings("group_wait: 10s, context_lines: 2"))
        watcher.settle(folder)
        try folder.append("one", "two", "three")
        watcher.settle(folder)
        try folder.append(Self.oom)
        watcher.settle(folder)
        try folder.append("four", "five", "six")
        watcher.settle(folder)
        folder.pass(.seconds(10))
        watcher.settle(folder)
        let text = ParsedMessage(try #require(try folder.letters().first).message).text
        #expect(text.contains("    two\n    three\n  > Out of memory"))
        #expect(text.contains("    four\n    five\n"))
        #expect(!text.contains("    one\n") && !text.contains("    six\n"))
    }

    @Test func `A second watcher on the same state is refused`() throws {
        let folder = try WatcherFolder()
        let first = try folder.watcher()
        #expect(throws: SystemError.self) { try folder.watcher() }
        first.settle(folder)
    }

    @Test func `State that is damaged is set aside, kept, and told`() throws {
        let folder = try WatcherFolder()
        try Files.makeDirectories(folder.path + "/state/watcher")
        try Files.write(Array(repeating: UInt8(ascii: "x"), count: 8192), to: folder.database)
        let watcher = try folder.watcher()
        watcher.settle(folder)
        #expect(try FileStatus.of(folder.database + ".set-aside-1") != nil)
        let letter = try #require(try folder.letters().first)
        #expect(ParsedMessage(letter.message).header("X-Herald-Rule") == "herald-state-set-aside")
    }

    /// The settings that the next reload finds; nil: invalid ones.
    private final class NextSettings: Sendable {
        let settings = Mutex<Settings?>(nil)
    }

    @Test func `Invalid settings at a reload leave the old ones in force; valid ones lose no line`() throws {
        let folder = try WatcherFolder()
        let next = NextSettings()
        let watcher = try folder.watcher(reload: { next.settings.withLock { $0 } })
        watcher.settle(folder)
        watcher.reloadSettings()
        #expect(watcher.reloadFault != nil)
        try folder.append(Self.oom)
        var settings = try folder.settings(more: "{path: \(folder.path)/other/*.log}")
        settings.report.subject = "now {title}"
        next.settings.withLock { [settings] in $0 = settings }
        watcher.reloadSettings()
        watcher.settle(folder)
        #expect(watcher.reloadFault == nil)
        let letter = try #require(try folder.letters().first)
        #expect(ParsedMessage(letter.message).header("Subject") == "now Out of memory: mysqld was killed")
        #expect(try folder.newHits() == 1)
    }

    @Test func `The status names sources, rules, incidents and the last letter`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher()
        watcher.settle(folder)
        try folder.append(Self.oom)
        watcher.settle(folder)
        let status = watcher.status
        #expect(status["rules"]?.int == 4)
        #expect(status["open_incidents"]?.int == 1)
        #expect(status["sources"]?.array?.compactMap { $0["name"]?.string }.contains(folder.log) == true)
        #expect(status["last_letter"]?["subject"]?.string?.contains("mysqld") == true)
        #expect(status["problems"]?.array?.isEmpty == true)
    }

    @Test func `What the settings name and is not there stands in the status, and is no fault at once`() throws {
        let folder = try WatcherFolder()
        let more =
            "{path: \(folder.path)/none/*.txt}, {path: \(folder.path)/log/late*.txt}, {path: \(folder.path)/log/app.*}"
        let watcher = try folder.watcher(folder.settings(more: more))
        func states() -> [String] {
            (watcher.status["sources"]?.array ?? []).map {
                "\($0["name"]?.string?.split(separator: "/").last ?? "") \($0["state"]?.string ?? "")"
            }
        }
        watcher.settle(folder)
        #expect(states() == ["late*.txt not there", "*.txt not there", "app.log well"])
        #expect(watcher.status["problems"]?.array?.isEmpty == true)
        try Files.write([], to: folder.path + "/log/late.txt")
        folder.pass(.seconds(30))
        watcher.settle(folder)
        #expect(states() == ["*.txt not there", "app.log well", "late.txt well"])
    }

    @Test func `A host that gets its name after the start is called by it from then on`() throws {
        let folder = try WatcherFolder()
        let name = Mutex("localhost")
        let watcher = try folder.watcher(hostName: { name.withLock { $0 } })
        watcher.settle(folder)
        try folder.append("md0: disk failure")
        watcher.settle(folder)
        name.withLock { $0 = "web1" }
        try folder.append("md1: disk failure", Self.oom)
        watcher.settle(folder)
        #expect(watcher.book.openIncidents.map(\.origin.host) == ["localhost", "web1", "web1"])
        // In whichever order the letters lie in the folder.
        let hosts = try folder.letters().map { ParsedMessage($0.message).header("X-Herald-Host") ?? "" }
        #expect(hosts.sorted() == ["localhost", "web1", "web1"])
    }

    @Test func `A line of which a rule cannot tell is told as severely as the rule, and shown`() throws {
        let folder = try WatcherFolder(
            rules: """
                rules:
                  - {id: slow, title: t, severity: emergency, match: 'x(a+)+$'}
                """)
        let watcher = try folder.watcher(folder.settings("group_wait: 10s"))
        watcher.settle(folder)
        let line = "2026-11-21 12:41:14 the line x" + String(repeating: "a", count: 60) + "b"
        try folder.append(line)
        watcher.settle(folder)
        let incident = try #require(watcher.book.openIncidents.first)
        #expect(incident.rule.id == "herald-pattern-limit")
        #expect(incident.severity == .emergency)
        // Told at once, as an emergency is.
        let letter = try #require(try folder.letters().first)
        let shown = ParsedMessage(letter.message)
        #expect(shown.header("X-Herald-Severity") == "emergency")
        #expect(shown.header("Importance") == "high")
        #expect(incident.shownSamples.first?.text == line)
        #expect(incident.advice?.contains("gave up on a line") == true)
    }

    @Test func `More groups than a rule can wait for are an incident`() throws {
        let folder = try WatcherFolder(
            rules: """
                rules:
                  - {id: backup, title: 'No {name}', severity: alert, match: 'backup of (?<name>\\w+) done', expect: {every: 26h}, group_by: [name]}
                """)
        let watcher = try folder.watcher()
        watcher.settle(folder)
        try folder.append((0..<210).map { "backup of db\($0) done" }.joined(separator: "\n"))
        watcher.settle(folder)
        let incident = try #require(watcher.book.openIncidents.first)
        #expect(incident.rule.id == "herald-expect-limit" && incident.severity == .alert && incident.hits == 10)
        #expect(incident.shownSamples.first?.text == "backup of db200 done")
    }

    @Test func `A silence put in by request holds its letter, and ends`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher()
        watcher.settle(folder)
        let me = ControlPeer(pid: 1, uid: 0, gid: 0)
        let stranger = ControlPeer(pid: 1, uid: 4_000_000, gid: 4_000_000)
        let arguments: JSON = ["rule": "oom", "for": "1h", "comment": "tests"]
        #expect(watcher.answer(to: "silence-add", arguments, from: stranger).kind == .denied)
        #expect(watcher.answer(to: "silence-add", arguments, from: me).result?["id"]?.int == 1)
        try folder.append(Self.oom)
        watcher.settle(folder)
        #expect(try folder.letters().isEmpty)
        folder.pass(.seconds(3600))
        watcher.settle(folder)
        #expect(try folder.newHits() == 1)
    }
}
