// What a journal did not hand over becomes an incident and a letter: gaps, and what journald itself dropped.

import Formats
import Glibc
import Mail
import Platform
import Settings
import Testing

@testable import Watching

@Suite struct JournalIncidentTests {
    private static let writer = "/lib/systemd/systemd-journal-remote"

    /// Appends entries in the export format (systemd.io/JOURNAL_EXPORT_FORMATS).
    /// - Parameter age: how long ago they were written, by the clock of who wrote them.
    static func write(_ entries: [[String]], age: Int64 = 0, to path: String) throws {
        try #require(access(writer, X_OK) == 0, "\(writer) is missing (package systemd-journal-remote)")
        let now = SystemClock.now().microseconds - age * 1_000_000
        let text = entries.enumerated().map { index, fields in
            (["__REALTIME_TIMESTAMP=\(now + Int64(index))", "__MONOTONIC_TIMESTAMP=\(index + 1)"]
                + ["_BOOT_ID=" + String(repeating: "ab", count: 16)] + fields + ["", ""]).joined(separator: "\n")
        }
        var child = ChildProcess([writer, "--output=" + path, "--split-mode=none", "-"], deadline: .seconds(60))
        child.environment += ["SYSTEMD_LOG_LEVEL=err"]
        #expect(try child.run(input: Array(text.joined().utf8)).ending == .exited(0))
    }

    private func settings(_ folder: WatcherFolder) throws -> Settings {
        let text = """
            report: {to_email: admin@example.org, group_wait: 0s}
            smtp: {accounts: [{name: a, server: localhost, security: none}]}
            watch:
              journal: {enabled: false, directories: [\(folder.path)/one, \(folder.path)/two]}
              rules: [\(folder.path)/rules]
            paths: {state: \(folder.path)/state, spool: \(folder.path)/spool, run: \(folder.path)/run}
            """
        let file = ConfigurationFile(path: "test.yaml", bytes: Array(text.utf8))
        let (settings, faults) = Settings.load([file], host: Settings.Host(mailName: "web1.example.org"))
        return try #require(settings, "\(faults)")
    }

    @Test func `An entry wakes the watcher, and is a letter without a look by the timer`() throws {
        let folder = try WatcherFolder()
        for name in ["one", "two"] { try Files.makeDirectories(folder.path + "/" + name) }
        let path = folder.path + "/two/a.journal"
        try Self.write([["MESSAGE=one"]], to: path)
        let watcher = try folder.watcher(try settings(folder))
        watcher.settle(folder)
        #expect(try Poller.wait(watcher.sources.interests, timeout: .zero).isEmpty)
        try Self.write([["MESSAGE=\(WatcherTests.oom)"]], to: path)
        #expect(try !Poller.wait(watcher.sources.interests, timeout: .seconds(5)).isEmpty)
        // The watcher's clock stands still.
        watcher.settle(folder)
        #expect(try folder.newHits() == 1)
    }

    private func titles(_ watcher: Watcher) -> [String] { watcher.book.openIncidents.map(\.rule.id).sorted() }

    @Test func `What a host tells whose clock is slow goes at once; what came while nobody read is told as late`()
        throws
    {
        let folder = try WatcherFolder()
        for name in ["one", "two"] { try Files.makeDirectories(folder.path + "/" + name) }
        let watcher = try folder.watcher(try settings(folder))
        try Self.write([["MESSAGE=one", "_HOSTNAME=web7"]], age: 1200, to: folder.path + "/one/a.journal")
        watcher.settle(folder)
        for (number, process) in ["mysqld", "nginx"].enumerated() {
            let oom = "MESSAGE=Out of memory: Killed process 812 (\(process)) total-vm:1kB"
            try Self.write([[oom, "_HOSTNAME=web7"]], age: 1200, to: folder.path + "/one/a.journal")
            folder.pass(.seconds(20))
            watcher.settle(folder)
            #expect(try folder.letters().count == number + 1)
        }
        let kinds = try folder.letters().map { ParsedMessage($0.message).header("X-Herald-Report") }
        #expect(kinds == ["first", "first"])
        let unread = "MESSAGE=Out of memory: Killed process 812 (postgres) total-vm:1kB"
        try Self.write([[unread, "_HOSTNAME=web8"]], age: 1200, to: folder.path + "/one/b.journal")
        folder.pass(.seconds(400))
        watcher.settle(folder)
        folder.pass(.seconds(400))
        watcher.settle(folder)
        let late = try folder.letters().map { ParsedMessage($0.message) }.filter {
            $0.header("X-Herald-Report") == "late"
        }
        #expect(late.count == 1)
        #expect(late.first?.text.contains("postgres") == true)
    }

    @Test func `Of a collector's hosts only this one's Herald is not reported on`() throws {
        let folder = try WatcherFolder()
        for name in ["one", "two"] { try Files.makeDirectories(folder.path + "/" + name) }
        let watcher = try folder.watcher(try settings(folder), hostName: { "web1" })
        watcher.settle(folder)
        let entry = ["MESSAGE=cannot send", "SYSLOG_IDENTIFIER=herald-mailer", "_SYSTEMD_UNIT=herald-mailer.service"]
        try Self.write([entry + ["_HOSTNAME=web1"], entry + ["_HOSTNAME=web7"]], to: folder.path + "/one/a.journal")
        folder.pass(.seconds(60))
        watcher.settle(folder)
        #expect(watcher.book.openIncidents.map(\.origin.host) == ["web7"])
    }

    @Test func `The lines around an entry are those of its unit, those of the batches before and behind it too`() throws
    {
        let folder = try WatcherFolder()
        for name in ["one", "two"] { try Files.makeDirectories(folder.path + "/" + name) }
        let watcher = try folder.watcher(try settings(folder))
        watcher.settle(folder)
        func entries(_ words: String...) -> [[String]] {
            words.flatMap { word in
                ["a", "b"].map { unit in
                    let oom = "Out of memory: Killed process 812 (mysqld) total-vm:1kB"
                    let text = word == "hit" && unit == "a" ? oom : "\(unit) says \(word)"
                    return ["MESSAGE=\(text)", "_SYSTEMD_UNIT=\(unit).service", "_HOSTNAME=web1"]
                }
            }
        }
        for batch in [entries("one"), entries("two", "hit", "three")] {
            try Self.write(batch, to: folder.path + "/one/a.journal")
            folder.pass(.seconds(60))
            watcher.settle(folder)
        }
        let text = ParsedMessage(try #require(try folder.letters().first).message).text
        #expect(text.contains("    a says one\n    a says two\n  > Out of memory"))
        #expect(text.contains("    a says three\n"))
        #expect(!text.contains("b says"))
    }

    @Test func `A gap and what journald suppressed are incidents, told by letters; two directories have a place each`()
        throws
    {
        let folder = try WatcherFolder()
        for name in ["one", "two"] { try Files.makeDirectories(folder.path + "/" + name) }
        let settings = try settings(folder)
        var watcher: Watcher? = try folder.watcher(settings)
        watcher?.settle(folder)
        let oom = "MESSAGE=Out of memory: Killed process 812 (mysqld) total-vm:1kB"
        try Self.write([["MESSAGE=one"], [oom, "_HOSTNAME=web7"]], to: folder.path + "/one/a.journal")
        try Self.write(
            [
                [
                    "MESSAGE=Suppressed 812 messages from a.service", "_TRANSPORT=driver", "_HOSTNAME=web8",
                    "MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e",
                ]
            ], to: folder.path + "/two/b.journal")
        folder.pass(.seconds(60))
        watcher?.settle(folder)
        #expect(titles(try #require(watcher)) == ["herald-journal-suppressed", "oom"])
        let texts = try folder.letters().map { ParsedMessage($0.message).text }
        #expect(texts.contains { $0.contains("web7") && $0.contains("mysqld was killed") })
        #expect(texts.contains { $0.contains("journald on web8: Suppressed 812 messages from a.service") })

        // Vacuumed while nobody watched.
        watcher = nil
        try Files.remove(folder.path + "/one/a.journal")
        watcher = try folder.watcher(settings)
        folder.pass(.seconds(60))
        watcher?.settle(folder)
        #expect(titles(try #require(watcher)) == ["herald-journal-gap", "herald-journal-suppressed", "oom"])
        #expect(try folder.newHits() == 3)
    }
}
