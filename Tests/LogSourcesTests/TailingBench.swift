// A folder of logs, a tailer over it, and a store that keeps what the tailer's owner would: the checkpoints.

import Formats
import Glibc
import LogSources
import Platform
import Records
import TestSupport
import Testing

/// A folder of this test, removed with it.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/herald-sources-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw SystemError("make a folder in", "/tmp") }
        path = String(cString: made)
    }

    deinit { try? Files.removeTree(path) }
}

final class TailingBench {
    let folder: TemporaryFolder
    var options: FileTailer.Options
    private(set) var tailer: FileTailer?
    private(set) var stored: [String: SourceCheckpoint] = [:]
    private(set) var records: [Record] = []
    var notices: [SourceNotice] = []
    var clock = Duration.seconds(1000)

    init(_ patterns: [String] = ["*.log"], _ adjust: (inout FileTailer.Options) -> Void = { _ in }) throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        options = FileTailer.Options(patterns: patterns.map { FilePattern(folder.path + "/" + $0) })
        options.startsAtEnd = false
        adjust(&options)
        start()
    }

    var lines: [String] { records.map { String(decoding: $0.raw, as: UTF8.self) } }

    func path(_ name: String) -> String { folder.path + "/" + name }

    func start() {
        tailer = FileTailer(options, checkpoints: stored.values.compactMap { SourceCheckpoint(text: $0.text) })
    }

    func stop() { tailer = nil }

    func restart() {
        stop()
        start()
    }

    /// One read; `committing: false` is a crash before the transaction's end.
    func read(committing: Bool = true) {
        guard let tailer else { return }
        let output = tailer.read(at: now)
        if committing { commit(output) }
    }

    /// How far the wall clock is ahead of the one that stamps files.
    var clockError = Duration.zero

    var now: SourceTime { SourceTime(monotonic: clock, wall: SystemClock.now() + clockError) }

    func commit(_ output: SourceOutput) {
        for delivery in output.deliveries {
            for index in 0..<delivery.batch.count { records.append(delivery.batch.record(at: index)) }
            stored[delivery.checkpoint.key] = delivery.checkpoint
        }
        for checkpoint in output.checkpoints { stored[checkpoint.key] = checkpoint }
        for key in output.forgotten { stored[key] = nil }
        notices += output.notices
    }

    /// Reads until everything that is there was handed over, a timer's rescan included.
    func settle() {
        for _ in 0..<2 {
            clock += options.rescanInterval + .seconds(1)
            read()
            var rounds = 0
            while tailer?.isIdle == false {
                // What a slow program of an archive has to say is waited for, and no time passes meanwhile.
                var isWaiting = false
                if let tailer, tailer.descriptors.count > 1, tailer.nextDeadline > clock {
                    let waiting = tailer.descriptors.map { (number: $0, interest: Interest.readable) }
                    isWaiting = (try? Poller.wait(waiting, timeout: .milliseconds(20)))?.isEmpty ?? true
                }
                if !isWaiting || rounds % 50 == 49 { clock += .milliseconds(60) }
                read()
                rounds += 1
                if rounds > 50_000 {
                    Issue.record("the tailer does not come to rest")
                    return
                }
            }
        }
    }

    /// A few looks within a second.
    func glance() {
        for _ in 0..<5 {
            clock += .milliseconds(100)
            read()
        }
    }

    /// What happens while the tailer does not run; then it reads everything.
    func whileStopped(_ happen: () throws -> Void) throws {
        stop()
        try happen()
        start()
        settle()
    }

    /// That these lines were told, each once, after a restart too, and nothing is missing.
    func expectTold(_ expected: [String], sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(lines == expected, sourceLocation: sourceLocation)
        restart()
        settle()
        #expect(lines.count == expected.count, "told again after a restart", sourceLocation: sourceLocation)
        #expect(notices.map(\.text) == [], sourceLocation: sourceLocation)
    }

    /// The same, in whatever order; `expected` is sorted.
    func expectTold(inAnyOrder expected: [String], sourceLocation: SourceLocation = #_sourceLocation) {
        records.sort { $0.raw.lexicographicallyPrecedes($1.raw) }
        expectTold(expected, sourceLocation: sourceLocation)
    }

    /// Appends, and everything is read.
    func follow(_ text: String, to name: String) throws { try follow(Array(text.utf8), to: name) }

    func follow(_ bytes: [UInt8], to name: String) throws {
        try append(bytes, to: name)
        settle()
    }

    /// As logrotate does without `copytruncate`: the log is renamed, and its next file is begun.
    func rotate(_ name: String, to generation: String, next text: String) throws {
        rename(name, generation)
        try append(text, to: name)
    }

    func append(_ text: String, to name: String) throws { try append(Array(text.utf8), to: name) }

    func append(_ bytes: [UInt8], to name: String) throws {
        try Descriptor.open(path(name), O_WRONLY | O_CREAT | O_APPEND, mode: 0o644).write(bytes)
    }

    func rename(_ from: String, _ to: String) { #expect(Glibc.rename(path(from), path(to)) == 0) }

    func copy(_ from: String, _ to: String) throws {
        let bytes = try Files.read(path(from))
        _ = unlink(path(to))
        try append(bytes, to: to)
    }

    /// As logrotate does: the archive beside it, with its time, then the file is gone.
    func compress(_ name: String, _ program: String, _ suffix: String) throws {
        let times = try #require(try FileStatus.of(path(name)))
        var child = ChildProcess(["/usr/bin/" + program, "-c", path(name)], deadline: .seconds(60))
        child.outputLimit = 1 << 28
        let result = try child.run()
        #expect(result.ending == .exited(0))
        try append(result.output, to: name + suffix)
        let stamp = timespec(
            tv_sec: Int(times.modified.seconds), tv_nsec: Int(times.modified.microseconds % 1_000_000) * 1000)
        #expect(utimensat(AT_FDCWD, path(name + suffix), [stamp, stamp], 0) == 0)
        remove(name)
    }

    /// As if it had been written last so long ago; negative: as if it will be.
    func setAge(_ name: String, _ age: Duration) {
        let then = SystemClock.now() - age
        let stamp = timespec(tv_sec: Int(then.seconds), tv_nsec: Int(then.microseconds % 1_000_000) * 1000)
        #expect(utimensat(AT_FDCWD, path(name), [stamp, stamp], 0) == 0)
    }

    func truncateFile(_ name: String) { #expect(truncate(path(name), 0) == 0) }

    func remove(_ name: String) { #expect(unlink(path(name)) == 0) }

    func exists(_ name: String) -> Bool { access(path(name), F_OK) == 0 }
}

extension Duration {
    static func hours(_ count: Int) -> Duration { .seconds(count * 3600) }
}

extension FileTailer.Options {
    /// Of all patterns.
    mutating func setLineLimit(_ limit: Int) {
        for index in patterns.indices { patterns[index].lineLimit = limit }
    }
}
