// Real journal files, written by systemd-journal-remote from the export format (systemd.io/JOURNAL_EXPORT_FORMATS).

import Formats
import Glibc
import LogSources
import Platform
import Records
import Testing

/// One entry in the making.
struct ExportedEntry {
    var time: Int64
    var monotonic: Int64?
    var boot = String(repeating: "ab", count: 16)
    var fields: [(name: String, value: [UInt8])] = []

    init(_ message: String?, at second: Int64, _ more: [(String, String)] = []) {
        time = (1_795_000_000 + second) * 1_000_000
        if let message { fields.append(("MESSAGE", Array(message.utf8))) }
        fields += more.map { ($0.0, Array($0.1.utf8)) }
    }

    /// Values with a newline, or not text, go with their length in eight bytes.
    var exported: [UInt8] {
        var out = Array(
            "__REALTIME_TIMESTAMP=\(time)\n__MONOTONIC_TIMESTAMP=\(monotonic ?? time % 1_000_000_000_000)\n_BOOT_ID=\(boot)\n"
                .utf8)
        for (name, value) in fields {
            out += Array(name.utf8)
            if value.contains(where: { $0 < 0x20 || $0 > 0x7e }) {
                out.append(0x0a)
                out += withUnsafeBytes(of: UInt64(value.count).littleEndian) { Array($0) }
            } else {
                out.append(0x3d)
            }
            out += value + [0x0a]
        }
        return out + [0x0a]
    }
}

/// A folder of journal files, a reader over it, and what its owner would keep.
final class JournalBench {
    static let writer = "/lib/systemd/systemd-journal-remote"
    let folder: TemporaryFolder
    var options: JournalReader.Options
    private(set) var reader: (any JournalSource)?
    /// Whether the folder is read file by file, as the watcher does, or through one handle.
    private let byFile: Bool
    private(set) var stored: [String: SourceCheckpoint] = [:]
    private(set) var records: [Record] = []
    private(set) var notices: [SourceNotice] = []
    private(set) var batches = 0
    private var clock = Duration.seconds(1000)

    init(byFile: Bool = false, _ adjust: (inout JournalReader.Options) -> Void = { _ in }) throws {
        self.byFile = byFile
        try #require(
            access(Self.writer, X_OK) == 0,
            "\(Self.writer) is missing: these tests need Debian's package systemd-journal-remote")
        folder = try TemporaryFolder()
        options = JournalReader.Options(place: folder.path)
        options.start = .beginning
        adjust(&options)
    }

    var messages: [String] { records.map { String(decoding: $0.message, as: UTF8.self) } }

    func path(_ name: String) -> String { folder.path + "/" + name }

    /// Appends, and everything is read, by a reader that is started if there is none.
    func follow(_ entries: [ExportedEntry], to name: String = "a.journal") throws {
        try write(entries, to: name)
        if reader == nil { start() }
        settle()
    }

    /// Appends to the journal file, which is made if it is not there.
    func write(_ entries: [ExportedEntry], _ environment: [String] = [], to name: String = "a.journal") throws {
        var child = ChildProcess(
            [Self.writer, "--output=" + path(name), "--split-mode=none", "-"], deadline: .seconds(60))
        child.environment += ["SYSTEMD_LOG_LEVEL=err"] + environment
        let result = try child.run(input: entries.flatMap(\.exported))
        try #require(
            result.ending == .exited(0),
            "systemd-journal-remote: \(result.ending) \(String(decoding: result.errors, as: UTF8.self))")
    }

    /// From what was stored, as text, as the watcher's database keeps it.
    func start() {
        let checkpoints = stored.values.compactMap { SourceCheckpoint(text: $0.text) }
        #expect(checkpoints.count == stored.count)
        reader =
            byFile
            ? JournalFolder(options, checkpoints: checkpoints) : JournalReader(options, checkpoints: checkpoints)
    }

    func stop() { reader = nil }

    func restart() {
        stop()
        start()
    }

    func read() {
        guard let reader else { return }
        clock += .milliseconds(1)
        let output = reader.read(at: SourceTime(monotonic: clock, wall: SystemClock.now()))
        for delivery in output.deliveries {
            batches += 1
            for index in 0..<delivery.batch.count { records.append(delivery.batch.record(at: index)) }
            stored[delivery.checkpoint.key] = delivery.checkpoint
        }
        for checkpoint in output.checkpoints { stored[checkpoint.key] = checkpoint }
        for key in output.forgotten { stored[key] = nil }
        notices += output.notices
    }

    /// Lets time pass without reading.
    func pass(_ duration: Duration) { clock += duration }

    /// Reads until the end, the retry of a journal that could not be opened included.
    func settle() {
        clock += .seconds(60)
        for _ in 0..<10_000 {
            read()
            if reader?.isIdle != false { return }
            if let next = reader?.nextDeadline, next > clock { clock = next }
        }
        Issue.record("the reader does not come to rest")
    }
}
