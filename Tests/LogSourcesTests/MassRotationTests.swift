// Many files that rotate at once while lines are written to them, by another thread, and a watcher that is started anew
// meanwhile: every line once. HERALD_ROTATION_FILES and HERALD_ROTATION_LINES ask for more than a test run wants.

import Formats
import Glibc
import LogSources
import Platform
import Records
import Synchronization
import Testing

@Suite struct MassRotationTests {
    private static func setting(_ name: String, _ small: Int) -> Int {
        getenv(name).flatMap { Int(String(cString: $0)) } ?? small
    }

    @Test("files that rotate at once under many lines: none is missing, none is told twice")
    func massRotation() throws {
        let files = Self.setting("HERALD_ROTATION_FILES", 200)
        let rounds = 5
        let perRound = max(1, Self.setting("HERALD_ROTATION_LINES", 20_000) / files / rounds)
        let bench = try TailingBench { $0.readLimit = 256 << 10 }
        bench.settle()
        let folder = bench.folder.path
        let isDone = Atomic(false)
        try withWriter({
            Self.write(folder, files, rounds, perRound); isDone.store(true, ordering: .releasing)
        }) {
            var reads = 0
            while !isDone.load(ordering: .acquiring) {
                reads += 1
                if reads % 40 == 0 { bench.restart() }
                bench.clock += .milliseconds(20)
                bench.read()
            }
        }
        bench.settle()
        var told = [UInt8](repeating: 0, count: files * rounds * perRound)
        for line in bench.lines {
            guard let number = Int(line), told.indices.contains(number) else {
                Issue.record("a line that was not written: \(line)")
                continue
            }
            told[number] &+= 1
        }
        #expect(told.count(where: { $0 == 0 }) == 0, "missing")
        #expect(told.count(where: { $0 > 1 }) == 0, "told twice")
        #expect(bench.notices.isEmpty)
    }

    private func withWriter(_ write: @escaping @Sendable () -> Void, _ read: () -> Void) throws {
        let worker = try Worker.start("writer", write)
        read()
        worker.join()
    }

    /// Each round: lines to every file, then all of them are renamed, and the writer goes on with the renamed ones until
    /// it opens new ones, as daemons do.
    private static func write(_ folder: String, _ files: Int, _ rounds: Int, _ perRound: Int) {
        var number = 0
        var open: [Descriptor?] = (0..<files).map { Self.open(folder, $0) }
        for round in 0..<rounds {
            for line in 0..<perRound {
                if round > 0, line == perRound / 2 { open = (0..<files).map { Self.open(folder, $0) } }
                for file in 0..<files {
                    try? open[file]?.write("\(number)\n".utf8)
                    number += 1
                }
            }
            for file in 0..<files where round + 1 < rounds {
                let path = folder + "/s\(file).log"
                for older in stride(from: round, to: 0, by: -1) { rename("\(path).\(older)", "\(path).\(older + 1)") }
                rename(path, path + ".1")
            }
        }
    }

    private static func open(_ folder: String, _ file: Int) -> Descriptor? {
        try? Descriptor.open("\(folder)/s\(file).log", O_WRONLY | O_CREAT | O_APPEND, mode: 0o644)
    }
}
