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

    /// The clocks of Berlin go from 2 to 3 on 2026-03-29, and from 3 to 2 on 2026-10-25, both at 01:00 UTC.
    @Test(
        "a time of the host's clock is the right one around the hour in which that clock is set",
        arguments: [
            ("2026-03-28 23:30", "2026-03-28T22:30:00Z"), ("2026-03-29 01:30", "2026-03-29T00:30:00Z"),
            ("2026-03-29 03:30", "2026-03-29T01:30:00Z"), ("2026-03-29 05:00", "2026-03-29T03:00:00Z"),
            ("2026-10-25 01:30", "2026-10-24T23:30:00Z"), ("2026-10-25 03:30", "2026-10-25T02:30:00Z"),
            ("2026-10-25", "2026-10-24T22:00:00Z"), ("2026-10-26 00:00:01", "2026-10-25T23:00:01Z"),
        ])
    func clockChange(written: String, meant: String) throws {
        let time = try #require(Timestamp(rfc3339: meant))
        let lines = [time - .seconds(1), time].map { "\($0.rfc3339()) web1 app: FAULT\n" }.joined()
        let run = try HeraldRun(
            ["scan", "--rules", folder("rules"), "--count", "--since", written, "-"], input: Array(lines.utf8),
            environment: ["XDG_CACHE_HOME=\(folder("cache"))", "TZ=Europe/Berlin"])
        #expect(run.output == "1\n", "\(run.errors)")
    }

    @Test("entries that are gone are said, and what is left is told") func damaged() throws {
        let path = folder("journal/a.journal")
        try ExportedEntry.write((0..<3).map { entry("FAULT \($0)", at: $0, []) }, to: path)
        try ExportedEntry.write([entry("FAULT whole", at: 9, [])], to: folder("journal/b.journal"))
        // Behind the header, which promises three entries.
        #expect(truncate(path, 6000) == 0)
        let run = try scan(["--json"])
        #expect(try run.objects().compactMap { $0["text"]?.string } == ["FAULT whole"])
        #expect(run.errors.contains(path) && run.errors.contains("3 entries cannot be read"), "\(run.errors)")
        #expect(run.code == .exited(2))
    }

    @Test("an entry whose message is damaged is said, and the exit code tells of it", arguments: [[], ["--count"]])
    func damagedMessage(arguments: [String]) throws {
        let path = folder("journal/a.journal")
        try ExportedEntry.write((0..<3).map { entry("FAULT \($0)", at: $0, []) }, to: path)
        var objects = try JournalObjects(path)
        #expect(try objects.destroy("MESSAGE=FAULT 1"))
        let run = try scan(arguments)
        #expect(arguments.isEmpty ? run.output.contains("FAULT 2") : run.output == "2\n", "\(run.output)")
        #expect(run.errors.contains("The journal file \(path) is damaged: parts of 1 entry cannot be read."))
        #expect(run.code == .exited(2))
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
