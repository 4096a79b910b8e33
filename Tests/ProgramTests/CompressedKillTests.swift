// Random kills of the real watcher while its log is rotated and compressed, as logrotate(8) does it.

import Glibc
import Platform
import TestSupport
import Testing

@Suite(.serialized) struct CompressedKillTests {
    /// logrotate's `compress` and `delaycompress`, with its programs (`compresscmd`).
    enum Way: String, CaseIterable {
        case gzip
        case gzipDelayed
        case zstd
        case xzDelayed

        var isDelayed: Bool { self == .gzipDelayed || self == .xzDelayed }
        var command: String {
            switch self {
            case .gzip, .gzipDelayed: "gzip -c"
            case .zstd: "zstd -qc"
            case .xzDelayed: "xz -c"
            }
        }
        var suffix: String {
            switch self {
            case .gzip, .gzipDelayed: ".gz"
            case .zstd: ".zst"
            case .xzDelayed: ".xz"
            }
        }
    }

    @Test(
        "rotated and compressed while the watcher is killed and started at random: 120 hits are told, each once",
        arguments: Way.allCases)
    func compressed(way: Way) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        let site = try TestSite(settings: KillTests.settings, rules: KillTests.rules)
        let rotation = CompressingRotation(path: site.folder + "/log/app.log", way)
        for name in ["mailer", "watcher"] {
            try site.start(name)
            try site.awaitReady(name)
        }
        func pause(_ most: UInt64) throws {
            _ = try Poller.wait([], timeout: .milliseconds(Int64(random.next() % most)))
        }
        var (isRunning, kills) = (true, 0)
        for chunk in 0..<60 {
            try rotation.write(KillTests.lines(chunk))
            guard chunk % 3 == 2 else { continue }
            // Sometimes the watcher has read all of it, sometimes not; sometimes it is down over several rotations.
            try pause(150)
            if isRunning {
                site.kill("watcher")
                (isRunning, kills) = (false, kills + 1)
            }
            let startsBetween = random.next() % 3
            func start(_ step: UInt64) throws {
                guard startsBetween == step, !isRunning else { return }
                try site.start("watcher")
                isRunning = true
                try pause(80)
            }
            try rotation.begin()
            try start(0)
            try rotation.end()
            try start(1)
        }
        if !isRunning { try site.start("watcher") }
        try site.awaitReady("watcher")
        _ = try site.eventually(within: .seconds(300)) { site.letters.newHits >= 120 }
        for name in ["watcher", "mailer"] { #expect(site.stop(name) == 0, "\(site.log(name))") }
        #expect(kills > 5, "seed \(seed)")
        #expect(site.letters.newHits == 120, "seed \(seed)\n\(site.log("watcher"))\n\(site.log("mailer"))")
        let subjects = site.letters.all.compactMap { $0.header("Subject") }
        for token in 0..<60 {
            let telling = subjects.filter { $0.hasSuffix("Single fault t\(token)") }
            #expect(telling.count == 1, "token \(token), seed \(seed)")
        }
        #expect(!subjects.contains { $0.contains("not read") }, "\(subjects)")
        let archives = try Files.list(site.folder + "/log").filter { $0.hasSuffix(way.suffix) }
        #expect(archives.count >= 19, "\(archives)")
    }
}

/// A log, and its rotation in two steps, between which anything may happen. Used by one test.
private final class CompressingRotation {
    private let path: String
    private let way: CompressedKillTests.Way
    private var writer: Descriptor?
    /// That of the generation before: a daemon goes on writing to it until it is told.
    private var old: Descriptor?

    init(path: String, _ way: CompressedKillTests.Way) {
        self.path = path
        self.way = way
    }

    func write(_ text: String) throws {
        if writer == nil { writer = try Descriptor.open(path, O_WRONLY | O_APPEND | O_CREAT) }
        // A daemon that was not told yet: half of it goes to the renamed file, which is not compressed before the next
        // rotation.
        let half = text.utf8.index(text.utf8.startIndex, offsetBy: text.utf8.count / 2)
        let middle = text.utf8[half...].firstIndex(of: 0x0a).map { text.utf8.index(after: $0) } ?? half
        try (old ?? writer)?.write(text.utf8[..<middle])
        old = nil
        try writer?.write(text.utf8[middle...])
    }

    /// Older generations move on, the log is renamed, and a new one made.
    func begin() throws {
        if way.isDelayed { try compress() }
        for number in (1...40).reversed() {
            rename("\(path).\(number)\(way.suffix)", "\(path).\(number + 1)\(way.suffix)")
        }
        try retrying("rotate") { rename(path, path + ".1") }
        old = way.isDelayed ? writer : nil
        writer = try Descriptor.open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL)
    }

    func end() throws { if !way.isDelayed { try compress() } }

    /// The archive grows beside the file, gets its time, and the file goes.
    private func compress() throws {
        guard access(path + ".1", F_OK) == 0 else { return }
        let script = "\(way.command) <\"$0\" >\"$0\(way.suffix)\" && touch -r \"$0\" \"$0\(way.suffix)\" && rm \"$0\""
        let result = try ChildProcess(["/bin/sh", "-c", script, path + ".1"], deadline: .seconds(60)).run()
        try #require(result.ending == .exited(0), "\(String(decoding: result.errors, as: UTF8.self))")
    }
}
