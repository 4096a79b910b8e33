// `herald scan --journal`: whose entry was hit, and when.

import Formats
import Glibc
import Platform
import TestSupport
import Testing

@Suite struct ScanJournalTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["rules", "journal"] { try Files.makeDirectories(folder(name)) }
        let rule = "rules:\n  - {id: fault, title: A fault, severity: critical, match: FAULT}\n"
        try Files.write(rule.utf8, to: folder("rules/own.yaml"))
    }

    private func scan(_ arguments: [String], zone: String = "UTC") throws -> HeraldRun {
        let environment = ["XDG_CACHE_HOME=\(folder("cache"))", "TZ=\(zone)"]
        return try HeraldRun(
            ["scan", "--rules", folder("rules"), "--journal", folder("journal")] + arguments, environment: environment)
    }

    /// At 2026-11-18 11:06:40 UTC and so many seconds later.
    private func entry(_ message: String, at second: Int64, _ fields: [(String, String)]) -> ExportedEntry {
        ExportedEntry(message, at: second, [("PRIORITY", "5")] + fields)
    }

    @Test("a folder without a journal file is exit 2, and so is one that is not there") func nothing() throws {
        try Files.write("no journal".utf8, to: folder("journal/system.journal.txt"))
        for more in [[], ["--count"], ["--json"]] {
            let run = try scan(more)
            #expect(run.code == .exited(2) && run.output.isEmpty)
            #expect(run.errors == "no journal file in \(folder("journal"))\n")
        }
        try Files.removeTree(folder("journal"))
        let gone = try scan([])
        #expect(gone.code == .exited(2) && gone.errors.contains("No such file"), "\(gone.errors)")
        try Files.makeDirectories(folder("journal"))
        try ExportedEntry.write([entry("well", at: 0, [])], to: folder("journal/a.journal"))
        #expect(try scan([]).output == "No line is hit (1 source, 1 line).\n")
    }

    @Test("a hit bears its time, host and program; programs get them as members") func whose() throws {
        try ExportedEntry.write(
            [
                entry(
                    "FAULT one", at: 0,
                    [
                        ("_HOSTNAME", "web1"), ("SYSLOG_IDENTIFIER", "app"), ("_PID", "77"),
                        ("_SYSTEMD_UNIT", "app.service"),
                    ]),
                entry("FAULT two", at: 1, [("_HOSTNAME", "web\u{1b}2"), ("SYSLOG_IDENTIFIER", "cron")]),
                entry("FAULT three", at: 2, []),
            ], to: folder("journal/a.journal"))
        let run = try scan([], zone: "Europe/Berlin")
        #expect(run.code == .exited(0), "\(run.errors)")
        #expect(
            run.lines.filter { $0.hasPrefix("    ") } == [
                "    Nov 18 12:06:40 web1 app[77]: FAULT one", "    Nov 18 12:06:41 web\\u{1b}2 cron: FAULT two",
                "    Nov 18 12:06:42 unknown: FAULT three",
            ], "\(run.output)")
        let first = try #require(try scan(["--json"], zone: "Europe/Berlin").objects().first)
        #expect(first["time"]?.string == "2026-11-18T11:06:40.000Z")
        #expect(first["host"]?.string == "web1" && first["unit"]?.string == "app.service")
        #expect(first["identifier"]?.string == "app" && first["text"]?.string == "FAULT one")
    }

    @Test(
        "times bound what is told, as `silence add --until` takes them, by the host's clock",
        arguments: [
            (["--since", "2026-11-18 12:06:42"], 8), (["--until", "2026-11-18 12:06:42"], 2),
            (["--since", "2026-11-18T11:06:41Z", "--until", "2026-11-18T12:06:43+01:00"], 2),
            (["--since", "2026-11-20"], 0), (["--since", "1h", "--until", "2h"], 0), ([], 10),
        ] as [([String], Int)])
    func times(options: [String], count: Int) throws {
        try ExportedEntry.write(
            (0..<10).map { entry("FAULT \($0)", at: $0, []) }, to: folder("journal/a.journal"))
        #expect(try scan(options + ["--count"], zone: "Europe/Berlin").output == "\(count)\n")
        #expect(try scan(options + ["--json"], zone: "Europe/Berlin").lines.count == count)
    }

    @Test("lines of files are bounded too; one without a time may be of any") func files() throws {
        let text = "2026-11-18T23:06:40Z web1 app: FAULT\n2026-11-18T23:06:50Z web1 app: FAULT\nFAULT\n"
        let run = try HeraldRun(
            ["scan", "--rules", folder("rules"), "--count", "--since", "2026-11-18T23:06:45Z", "-"],
            input: Array(text.utf8), environment: ["XDG_CACHE_HOME=\(folder("cache"))"])
        #expect(run.output == "2\n", "\(run.errors)")
        let wrong = try scan(["--since", "yesterday"])
        #expect(wrong.code == .exited(2) && wrong.errors.contains("'yesterday' is no time"), "\(wrong.errors)")
    }
}
