// Logs whose names read like those of another log's generations: both are read, and rotation goes on.

import Glibc
import LogSources
import Platform
import Records
import Testing

@Suite struct FileNamesakeTests {
    struct Pair: Sendable, CustomStringConvertible {
        var base: String
        var other: String
        var globs: [String]
        var description: String { "\(base) and \(other) by \(globs)" }
    }

    enum Coming: CaseIterable { case first, together, later, whileStopped }

    static let pairs: [Pair] =
        [
            ("worker.log", "worker-1.log"), ("worker1.log", "worker1-1.log"), ("app.log", "app.1.log"),
            ("node.log", "node_2.log"), ("pool.log", "pool-1048576.log"), ("job.log", "job-old.log"),
            ("web.log", "web-2026-11-22.log"), ("db.log", "db-2026-11-22_000000.log"), ("day.log", "day-20261122.log"),
        ].flatMap { base, other in
            [["*.log"], ["*.log*"], [base, other], ["*.log", other]].map { Pair(base: base, other: other, globs: $0) }
        } + [
            Pair(base: "mail", other: "mail.1", globs: ["mail", "mail.1"]),
            Pair(base: "web.log", other: "web-2026-11-22.log", globs: ["web.log", "web-*.log"]),
        ]

    @Test(
        "a live log whose name reads like another's generation is read, whenever it comes", arguments: pairs,
        Coming.allCases)
    func live(pair: Pair, coming: Coming) throws {
        let bench = try TailingBench(pair.globs) { $0.missingGrace = .seconds(1_000_000) }
        var expected: [String] = []
        func write(_ count: Int = 2) throws {
            for _ in 0..<count {
                for name in [pair.base, pair.other] {
                    expected.append("\(name) line \(expected.count)")
                    try bench.append((expected.last ?? "") + "\n", to: name)
                }
            }
        }
        switch coming {
        case .first: try bench.follow("", to: pair.other)
        case .together: break
        case .later: try bench.follow("", to: pair.base)
        case .whileStopped:
            try bench.follow("", to: pair.base)
            try bench.whileStopped { try write() }
        }
        for _ in 0..<3 {
            try write()
            bench.settle()
        }
        try bench.whileStopped { try write() }
        // And over the rotation of both, at work and at rest.
        for name in [pair.base, pair.other] { bench.rename(name, name + "-20261121") }
        try write()
        bench.settle()
        try bench.whileStopped {
            for name in [pair.base, pair.other] {
                bench.rename(name, name + "-20261122")
                try bench.compress(name + "-20261121", "gzip", ".gz")
            }
            try write()
        }
        try bench.follow("", to: pair.base)
        #expect(Set(bench.lines) == Set(expected))
        #expect(
            bench.records.allSatisfy { record in
                record.raw.starts(with: (record.source.name.dropFirst(bench.folder.path.count + 1) + " ").utf8)
            })
        bench.notices.removeAll { $0.kind != .gap }
        bench.expectTold(inAnyOrder: expected.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    @Test("logs that begin equally are told apart when they go on", arguments: [["*.log"], ["w.log", "w-1.log"]])
    func equalBeginnings(globs: [String]) throws {
        let bench = try TailingBench(globs) { $0.missingGrace = .seconds(1_000_000) }
        try bench.follow("started\n", to: "w.log")
        try bench.append("started\n", to: "w-1.log")
        bench.settle()
        try bench.append("second of the one\n", to: "w-1.log")
        bench.read()
        bench.clock += .milliseconds(60)
        bench.read()
        bench.read()
        #expect(bench.lines.contains("second of the one"), "not before a timer's look")
        try bench.follow("second of the other\n", to: "w.log")
        bench.notices.removeAll { $0.kind != .gap }
        bench.expectTold(inAnyOrder: ["second of the one", "second of the other", "started", "started"])
    }

    @Test(
        "of a text of which only some bytes were seen no other log is the copy, though it begins with them",
        arguments: [false, true], [false, true])
    func halfLine(isOlder: Bool, isKnown: Bool) throws {
        let bench = try TailingBench { $0.lastLineTimeout = .seconds(1_000_000) }
        if isKnown { try bench.follow("once\n", to: "a-1.log") }
        try bench.follow("a", to: "a.log")
        try bench.append(" line\n", to: "a.log")
        try bench.copy("a.log", "a.log.1")
        bench.truncateFile("a.log")
        if isKnown {
            try bench.copy("a-1.log", "a-1.log.1")
            bench.truncateFile("a-1.log")
        }
        try bench.append("a line of the other\n", to: "a-1.log")
        bench.setAge("a-1.log", .seconds(isOlder ? 3600 : -3600))
        bench.settle()
        try bench.append("two\n", to: "a-1.log")
        bench.rename("a-1.log", "a-1.log.2")
        try bench.follow("three\n", to: "a-1.log")
        let other = bench.records.filter { $0.source == .file(bench.path("a-1.log")) }.map {
            String(decoding: $0.raw, as: UTF8.self)
        }
        #expect(other == (isKnown ? ["once"] : []) + ["a line of the other", "two", "three"])
        let all = (isKnown ? ["once"] : []) + ["a line", "a line of the other", "three", "two"]
        bench.expectTold(inAnyOrder: all.sorted())
    }

    @Test(
        "an archive that is a generation of two logs by its name is told once, over a restart",
        arguments: [false, true])
    func archiveOfTwo(isBaseFirst: Bool) throws {
        let bench = try TailingBench()
        bench.settle()
        try bench.whileStopped {
            try bench.append("1\n2\n", to: "a-1.2.log")
            try bench.compress("a-1.2.log", "xz", ".xz")
        }
        let names = isBaseFirst ? ["a.log", "a-1.log"] : ["a-1.log", "a.log"]
        try bench.follow("3\n", to: names[0])
        try bench.whileStopped { try bench.append("4\n", to: names[1]) }
        bench.expectTold(["1", "2", "3", "4"])
    }

    @Test("what copytruncate makes under such a name is told once", arguments: [false, true], 0...3)
    func copied(isStopped: Bool, onItsWay lines: Int) throws {
        let bench = try TailingBench()
        let text = "1\n2\n3\n"
        try bench.follow(text, to: "a.log")
        try bench.append(String(text.prefix(2 * lines)), to: "a.1.log")
        bench.glance()
        if isStopped { bench.stop() }
        try bench.append("4\n", to: "a.log")
        try bench.append(text.dropFirst(2 * lines) + "4\n", to: "a.1.log")
        bench.truncateFile("a.log")
        try bench.append("5\n", to: "a.log")
        if isStopped { bench.start() }
        bench.glance()
        bench.settle()
        bench.rename("a.1.log", "a.2.log")
        try bench.copy("a.log", "a.1.log")
        bench.truncateFile("a.log")
        try bench.follow("6\n", to: "a.log")
        bench.expectTold(["1", "2", "3", "4", "5", "6"])
    }
}
