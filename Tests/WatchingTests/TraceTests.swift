// A stack trace becomes one hit, whatever happens while its lines are written.

import Database
import Formats
import Platform
import Records
import Testing

@testable import Watching

@Suite struct TraceTests {
    static let rules = """
        rules:
          - id: java
            title: "A Java program did not catch {exception}"
            severity: critical
            match: ['Exception in thread "[^"]+" (?<exception>[\\w.]+)(?:[^\\n]*\\n)+?Caused by: (?<cause>[\\w.]+)']
            group_by: [exception, cause]
          - id: oom
            title: "Out of memory"
            severity: critical
            match: ['Out of memory']
        """
    static let trace = [
        "Exception in thread \"main\" java.lang.IllegalStateException: closed", "\tat org.example.A.a(A.java:1)",
        "\tat org.example.B.b(B.java:2)", "Caused by: java.io.IOException: disk full", "\tat org.example.C.c(C.java:3)",
        "\t... 2 more",
    ]

    private let folder: WatcherFolder

    init() throws {
        folder = try WatcherFolder(rules: Self.rules)
        try folder.watcher().settle(folder)
    }

    private func held() throws -> Int {
        try Database(path: folder.database).query("SELECT count(*) FROM held").first?[0].int.map { Int($0) } ?? -1
    }

    @Test func `Lines that come one by one are one hit, after a second of quiet`() throws {
        let watcher = try folder.watcher()
        for line in Self.trace {
            try folder.append(line)
            folder.pass(.milliseconds(500))
            watcher.settle(folder)
        }
        #expect(try folder.letters().isEmpty)
        folder.pass(.milliseconds(1100))
        watcher.settle(folder)
        #expect(try folder.newHits() == 1)
    }

    @Test func `A kill after every line loses nothing and doubles nothing`() throws {
        for line in Self.trace {
            try folder.append(line)
            let watcher = try folder.watcher()
            watcher.settle(folder)
            // What a stop or the next checkpoint would store; the watcher is gone after it.
            watcher.keep(at: folder.time, evenCheckpointsAlone: true)
            #expect(try held() == 1)
        }
        let last = try folder.watcher()
        last.settle(folder)
        folder.pass(.seconds(2))
        last.settle(folder)
        #expect(try folder.newHits() == 1)
        #expect(try held() == 0)
    }

    @Test func `A kill at any instant, stored or not, tells the trace once`() throws {
        for seed in 1...12 {
            let folder = try WatcherFolder(rules: Self.rules)
            try folder.watcher().settle(folder)
            var random = SystemRandom(seed: UInt64(seed))
            for line in Self.trace {
                try folder.append(line)
                let watcher = try folder.watcher()
                if random.coin() { _ = watcher.round(at: folder.time) }
                if random.coin() { watcher.settle(folder) }
                if random.coin() { watcher.keep(at: folder.time, evenCheckpointsAlone: true) }
            }
            try folder.append("Out of memory")
            let last = try folder.watcher()
            last.settle(folder)
            folder.pass(.seconds(2))
            last.settle(folder)
            #expect(try folder.newHits() == 2, "seed \(seed)")
        }
    }

    @Test func `The commit of a trace that fails is tried again with all of it`() throws {
        let database = try Database(path: folder.database)
        try database.script("CREATE TRIGGER broken BEFORE INSERT ON incidents BEGIN SELECT RAISE(ABORT, 'full'); END")
        let watcher = try folder.watcher()
        for line in Self.trace { try folder.append(line) }
        watcher.settle(folder)
        folder.pass(.seconds(2))
        watcher.settle(folder)
        #expect(try folder.letters().isEmpty)
        try database.script("DROP TRIGGER broken")
        folder.pass(.seconds(60))
        watcher.settle(folder)
        #expect(try folder.newHits() == 1 && held() == 0)
    }

    @Test func `Rotation in the middle does not split it`() throws {
        let watcher = try folder.watcher()
        for line in Self.trace.prefix(3) { try folder.append(line) }
        watcher.settle(folder)
        try Files.renameExclusively(folder.log, to: folder.log + ".1")
        try Files.write([], to: folder.log)
        for line in Self.trace.dropFirst(3) { try folder.append(line) }
        for _ in 0..<3 {
            folder.pass(.milliseconds(100))
            watcher.settle(folder)
        }
        folder.pass(.seconds(12))
        watcher.settle(folder)
        folder.pass(.seconds(12))
        watcher.settle(folder)
        #expect(try folder.newHits() == 1)
    }

    @Test func `Until idle nothing is waited for`() throws {
        for line in Self.trace { try folder.append(line) }
        try folder.watcher(untilIdle: true).run()
        #expect(try folder.newHits() == 1)
    }
}

private struct SystemRandom {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }
    mutating func coin() -> Bool {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return (state &* 0x2545_f491_4f6c_dd1d) >> 63 == 1
    }
}
