// `herald scan` reads what the watcher reads, and never says that all is clear of what it did not look at.

import Formats
import Glibc
import Platform
import TestSupport
import Testing

@Suite struct ScanTests {
    private let folder: TemporaryFolder
    private static let rules = #"""
        rules:
          - {id: fault, title: "A fault", severity: critical, match: 'FAULT', group_by: [file]}
          - {id: block, title: "A block", severity: critical, match: '(?s)BEGIN.*FAULT', group_by: [file]}
          - {id: dated, title: "Dated", severity: critical, match: '^Nov 21', group_by: [file]}
          - {id: frame, title: "A frame", severity: critical, match: 'at com\.example', group_by: [file]}
        """#

    init() throws {
        folder = try TemporaryFolder()
        for name in ["rules", "log"] { try Files.makeDirectories(folder(name)) }
        try Files.write(Self.rules.utf8, to: folder("rules/own.yaml"))
    }

    private func herald(_ arguments: [String], input: [UInt8] = []) throws -> HeraldRun {
        try HeraldRun(arguments, input: input, environment: ["XDG_CACHE_HOME=\(folder("cache"))", "TZ=UTC"])
    }

    private var own: [String] { ["--rules", folder("rules")] }

    /// Text that no program has compressed to nothing, with a line in a hundred that is hit.
    private static func log(lines: Int) -> [UInt8] {
        return (0..<lines).flatMap { number in
            Array(
                "Nov 21 12:41:14 web1 app[7]: \(number % 100 == 7 ? "FAULT" : "well") \(UInt64(number) &* 0x9e37_79b9_7f4a_7c15)\n"
                    .utf8)
        }
    }

    private func compress(_ program: String, _ bytes: [UInt8]) throws -> [UInt8] {
        let result = try ChildProcess(["/usr/bin/" + program, "-c"], deadline: .seconds(60)).run(input: bytes)
        try #require(result.ending == .exited(0), "\(program)")
        return result.output
    }

    // MARK: Archives

    private static let noTexts: [([UInt8], String)] = {
        let zip: [UInt8] = [0x50, 0x4b, 3, 4] + [UInt8](repeating: 65, count: 60)
        let utf16: [UInt8] = [0xff, 0xfe] + Array("F\0A\0U\0L\0T\0\n\0".utf8)
        let wide = [UInt8](repeating: 0, count: 20).flatMap { _ in Array("F\0A\0U\0L\0T\0\n\0".utf8) }
        let noise = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 167 ^ $0 >> 3) }
        let noGzip: [UInt8] = [0x1f, 0x8b] + Array("no gzip at all, though it begins so".utf8)
        let journal: [UInt8] = Array("LPKSHHRH".utf8) + [UInt8](repeating: 0, count: 300)
        return [
            (journal, "is a file of the journal"), (zip, "is a zip archive: `unzip -p PATH | herald scan --rules"),
            (utf16, "is UTF-16: `iconv -f UTF-16 -t UTF-8 < PATH | herald scan --rules "),
            (wide, "is UTF-16: `iconv -f UTF-16LE -t UTF-8 < PATH | herald scan --rules "), (noise, "holds no text"),
            (noGzip, "gzip: "),
        ]
    }()

    private static let oddTexts: [[UInt8]] = {
        let hole = [UInt8](repeating: 0, count: 70_000) + Array("FAULT after a hole\n".utf8)
        let latin: [UInt8] = [0xc6, 0xe5, 0xe8, 0xeb, 0xfc, 0xf1, 0x20] + Array("FAULT in Latin-1\n".utf8)
        return [hole, latin, Array("\u{1b}[31mFAULT\u{1b}[0m in colour\n".utf8), Array("FAULT".utf8)]
    }()

    @Test(
        "an archive is read as its text, whatever its name; --count and --json too",
        arguments: ["gzip", "xz", "zstd", "bzip2"])
    func archives(program: String) throws {
        // More than a block of text and than a pipe holds.
        let text = Self.log(lines: 20_000)
        try Files.write(text, to: folder("plain.log"))
        try Files.write(try compress(program, text), to: folder("archive"))
        let plain = try herald(["scan", folder("plain.log")] + own)
        let archive = try herald(["scan", folder("archive")] + own)
        #expect(plain.output.contains("200 lines of 20000 hit, by 1 rule (1 source, 20000 lines)"), "\(plain.output)")
        #expect(archive.output == plain.output.replacing(folder("plain.log"), with: folder("archive")))
        #expect(archive.code == .exited(0), "\(archive.errors)")
        #expect(try herald(["scan", "--count", folder("archive")] + own).output == "200\n")
        let input = try herald(["scan", "--count", "-"] + own, input: try compress(program, text))
        #expect(
            input.code == .exited(2)
                && input.errors.contains("`\(program) -dc FILE | herald scan --rules \(folder("rules")) -`"))
    }

    @Test("of a damaged archive what can be read is told, and that it is damaged; exit 2") func damagedArchive() throws
    {
        let archive = try compress("gzip", Self.log(lines: 20_000))
        try Files.write(archive.prefix(archive.count / 2), to: folder("a.gz"))
        let run = try herald(["scan", folder("a.gz")] + own)
        #expect(run.code == .exited(2))
        #expect(run.errors.contains("\(folder("a.gz")) cannot be read to its end: gzip: "), "\(run.errors)")
        #expect(run.output.contains("\(folder("a.gz")):8: critical fault: A fault"))
    }

    @Test(
        "a file that holds no text is exit 2 with words, never \"no line is hit\"",
        arguments: noTexts)
    func binary(bytes: [UInt8], words: String) throws {
        try Files.write(bytes, to: folder("b.log"))
        for more in [[], ["--count"], ["--json"]] {
            let run = try herald(["scan", folder("b.log")] + more + own)
            #expect(run.code == .exited(2))
            #expect(run.errors.contains(words.replacing("PATH", with: folder("b.log"))), "\(run.errors)")
            #expect(run.errors.contains(folder("b.log")) && !run.output.contains("No line"))
        }
    }

    @Test("of a file that goes on in UTF-16 the rest is scanned, and that is said: exit 2")
    func wideInPart() throws {
        let wide = (0..<300).flatMap { _ in Array("F\0A\0U\0L\0T\0\n\0".utf8) }
        let bytes = Self.log(lines: 2000) + wide
        try Files.write(bytes, to: folder("w.log"))
        try Files.write(try compress("gzip", bytes), to: folder("w.gz"))
        let command = "`tr -d '\\000' < \(folder("w.log")) | herald scan --rules \(folder("rules")) -`"
        for more in [[], ["--count"]] {
            for (name, input) in [("w.log", []), ("w.gz", []), ("-", bytes)] {
                let run = try herald(["scan", name == "-" ? name : folder(name)] + more + own, input: input)
                #expect(run.code == .exited(2) && run.output.contains(more.isEmpty ? "20 lines of " : "20\n"), "\(run)")
                #expect(run.errors.contains("is UTF-16 in part: `"), "\(name): \(run.errors)")
                if name == "w.gz" {
                    #expect(run.errors.contains("`gzip -dc \(folder(name)) | tr -d '\\000' | herald "))
                }
                if name == "w.log" { #expect(run.errors.contains(command), "\(run.errors)") }
            }
        }
        // The command is to be pasted.
        let line = command.dropFirst().dropLast().replacing("| herald ", with: "| \(TestSite.programs)/herald ")
        let pasted = try ChildProcess(["/bin/sh", "-c", String(line)], deadline: .seconds(60)).run()
        #expect(String(decoding: pasted.output, as: UTF8.self).contains("of 2300 hit"), "\(pasted)")
    }

    @Test(
        "what is odd and yet text is scanned",
        arguments: oddTexts)
    func oddText(bytes: [UInt8]) throws {
        try Files.write(bytes, to: folder("odd.log"))
        #expect(try herald(["scan", "--count", folder("odd.log")] + own).output == "1\n")
        #expect(try herald(["scan", "--count", "-"] + own, input: bytes).output == "1\n")
    }

    @Test("without a rule nothing is looked for: exit 2") func noRules() throws {
        try Files.makeDirectories(folder("none"))
        let run = try herald(["scan", "-", "--rules", folder("none")], input: Array("FAULT\n".utf8))
        #expect(run.code == .exited(2) && run.output.isEmpty)
        #expect(run.errors.contains("there are no rules"), "\(run.errors)")
    }

    // MARK: As the settings say

    private static let docker = """
        {"log":"part one FAU","stream":"stdout","time":"2026-11-21T12:41:14.1Z"}
        {"log":"LT and its end\\n","stream":"stdout","time":"2026-11-21T12:41:14.2Z"}
        {"log":"a FAULT of one line\\n","stream":"stderr","time":"2026-11-21T12:41:14.3Z"}

        """
    private static let trace = """
        Exception in thread "main" java.lang.IllegalStateException: FAULT
        \tat com.example.A.run(A.java:1)
        \tat com.example.B.run(B.java:2)
        well
        \tat com.example.C.run(C.java:3)

        """
    /// Name, settings beside the path, text, and the hits of each rule.
    private static let files: [(name: String, keys: String, text: String, hits: [String: Int])] = [
        (
            "ml", "multiline: {start: '^BEGIN'}", "BEGIN a\nx\nFAULT\nBEGIN b\nBEGIN c\nFAULT\n",
            ["block": 2, "fault": 2]
        ),
        ("go-on", "multiline: {continue: '^ '}", "BEGIN a\n FAULT\nFAULT\n", ["block": 1, "fault": 2]),
        ("docker", "format: docker", docker, ["fault": 2]), ("recognised", "", docker, ["fault": 2]),
        (
            "cri", "format: cri", "2026-11-21T12:41:14.1Z stdout P FAU\n2026-11-21T12:41:14.1Z stdout F LT\n",
            ["fault": 1]
        ),
        ("json", "format: json", "{\"msg\":\"FA\\u0055LT\"}\n", ["fault": 1]),
        ("plain", "format: plain", "Nov 21 12:41:14 web1 app: FAULT\n", ["dated": 1, "fault": 1]),
        ("auto", "", "Nov 21 12:41:14 web1 app: FAULT\n" + trace, ["fault": 2, "frame": 2]),
        ("java", "multiline: java", trace, ["fault": 1, "frame": 2]),
        ("long", "", "FAULT\n" + String(repeating: "x", count: 70_000) + "FAULT\n\nFAULT\n", ["fault": 2]),
        ("none", "multiline: none", trace, ["fault": 1, "frame": 3]),
    ]

    private func hits(of name: String, _ config: [String]) throws -> [String: Int] {
        let run = try herald(["scan", "--json", name] + config)
        #expect(run.code == .exited(0), "\(name): \(run.errors)")
        #expect(run.errors.contains("1 line is longer than 65536 bytes") == name.contains("long"), "\(run.errors)")
        return Dictionary(grouping: try run.objects(), by: { $0["rule"]?.string ?? "" }).mapValues(\.count)
    }

    @Test("the hits of a scan are the watcher's, for every format and multiline, of the log and of its generations")
    func asTheWatcher() throws {
        let entries = Self.files.map { "    - {path: FOLDER/log/\($0.name).log, \($0.keys)}" }.joined(separator: "\n")
        let site = try TestSite(
            settings: """
                report: {to_email: a@example.org}
                watch:
                  journal: {enabled: false}
                  rules: [FOLDER/rules]
                  files:
                \(entries)
                """, rules: Self.rules)
        let config = ["--config", site.folder + "/herald.yaml"]
        // What comes after the first start is read from its beginning.
        try site.start("watcher", ["--until-idle"])
        #expect(site.awaitEnd("watcher") == 0, "\(site.log("watcher"))")
        for file in Self.files { try Files.write(file.text.utf8, to: "\(site.folder)/log/\(file.name).log") }
        try site.start("watcher", ["--until-idle"])
        #expect(site.awaitEnd("watcher") == 0, "\(site.log("watcher"))")
        let told = try herald(["incidents", "list", "--json"] + config).objects()
        for file in Self.files {
            let path = "\(site.folder)/log/\(file.name).log"
            let mine = told.filter { incident in
                // That a line was too long is an incident of its own.
                incident["place"]?.string == path && incident["rule"]?.string?.hasPrefix("herald-") == false
            }
            let watched = Dictionary(
                mine.map { ($0["rule"]?.string ?? "", Int($0["hits"]?.int ?? 0)) }, uniquingKeysWith: +)
            #expect(watched == file.hits, "the watcher, \(file.name)")
            #expect(try hits(of: path, config) == file.hits, "\(file.name)")
            try Files.write(try compress("gzip", Array(file.text.utf8)), to: path + ".2.gz")
            #expect(try hits(of: path + ".2.gz", config) == file.hits, "a generation of \(file.name)")
        }
    }

    @Test("what the settings do not name is read as the options say") func options() throws {
        try Files.write(Self.trace.utf8, to: folder("t.log"))
        try Files.write("Nov 21 12:41:14 web1 app: FAULT\n".utf8, to: folder("p.log"))
        #expect(try hits(of: folder("t.log"), own) == ["fault": 1, "frame": 2])
        #expect(try hits(of: folder("t.log"), own + ["--multiline", "none"]) == ["fault": 1, "frame": 3])
        #expect(try hits(of: folder("p.log"), own) == ["fault": 1])
        #expect(try hits(of: folder("p.log"), own + ["--format", "plain"]) == ["dated": 1, "fault": 1])
        for wrong in [["--format", "xml"], ["--multiline", "cobol"]] {
            let run = try herald(["scan", folder("t.log")] + wrong + own)
            #expect(run.code == .exited(2) && run.errors.contains("\(wrong[0]) is one of"), "\(run.errors)")
        }
    }
}
