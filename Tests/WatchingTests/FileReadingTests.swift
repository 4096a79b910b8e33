// Which of several patterns says how a file's lines become records: the first that names it and does not exclude it.

import Glibc
import Platform
import Settings
import Testing

@testable import Watching

@Suite struct FileReadingTests {
    private static let rules = """
        rules:
          - id: boom
            title: "Boom {n}"
            severity: critical
            match: ['^BOOM (?<n>\\w+)']
            group_by: [n]
        """

    /// How many hits of six lines `BOOM`, in two files, are told: all where each line is a record.
    private func hits(_ patterns: [String]) throws -> Int {
        let folder = try WatcherFolder(rules: Self.rules)
        let files = patterns.map { "{path: \(folder.path)/more/\($0)}" }.joined(separator: ", ")
        try Files.makeDirectories(folder.path + "/more")
        let watcher = try folder.watcher(try folder.settings(more: files))
        watcher.settle(folder)
        for round in 0..<2 {
            for name in ["a.log", "b.log"] {
                let path = folder.path + "/more/" + name
                if round == 1 { #expect(rename(path, path + ".1") == 0) }
                let lines = ["BEGIN"] + (1...3).map { "BOOM \(name.prefix(1))\(round)x\($0)" }
                try Descriptor.open(path, O_WRONLY | O_CREAT | O_APPEND, mode: 0o644)
                    .write(lines.map { $0 + "\n" }.joined().utf8)
            }
            folder.pass(.seconds(16))
            watcher.settle(folder)
            folder.pass(.seconds(16))
            watcher.settle(folder)
        }
        return Int(watcher.book.tally.hits)
    }

    @Test(
        "a file that a pattern excludes is joined as the pattern says that names it",
        arguments: [
            (["*.log, multiline: {start: '^BEGIN'}"], 0),
            (["*.log, exclude: [b.log], multiline: {start: '^BEGIN'}", "b.log"], 6),
            (["b.log", "*.log, multiline: {start: '^BEGIN'}"], 6),
            (["*.log, exclude: ['/**/b.log', '/*/*/*/b.log'], multiline: {start: '^BEGIN'}", "?.log"], 6),
            (["a.log, multiline: none", "b.log, multiline: java"], 12),
            (["*.log, exclude: [a.log], multiline: java", "?.log, multiline: {continue: '^BOOM'}"], 6),
            (["*.log, format: docker", "b.log, multiline: {start: '^BEGIN'}"], 12),
        ] as [([String], Int)])
    func excluded(patterns: [String], expected: Int) throws { #expect(try hits(patterns) == expected) }
}
