// Real journal files, written by systemd-journal-remote from the export format (systemd.io/JOURNAL_EXPORT_FORMATS).

import Formats
import Glibc
import LogSources
import Platform
import Records
import TestSupport
import Testing

/// A folder of journal files, a reader over it, and what its owner would keep.
final class JournalBench {
    let folder: TemporaryFolder
    var options: JournalReader.Options
    private(set) var reader: (any JournalSource)?
    /// Whether the folder is read file by file, as the watcher does, or through one handle.
    private let byFile: Bool
    private(set) var stored: [String: SourceCheckpoint] = [:]
    private(set) var records: [Record] = []
    /// Of each record, whether its age says that it is read late.
    private(set) var trusted: [Bool] = []
    private(set) var notices: [SourceNotice] = []
    private(set) var batches = 0
    private var clock = Duration.seconds(1000)

    init(byFile: Bool = false, _ adjust: (inout JournalReader.Options) -> Void = { _ in }) throws {
        self.byFile = byFile
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
        try ExportedEntry.write(entries, environment, to: path(name))
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
            trusted += [Bool](repeating: delivery.isAgeTrusted, count: delivery.batch.count)
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
