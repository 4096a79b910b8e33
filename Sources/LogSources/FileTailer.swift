// Follows log files: which there are (FileTailer+Scan), which came before which (FileTailer+Rotation), and here the turn
// of each. The caller owns the loop: it polls `descriptors` until `nextDeadline` and calls `read`, which never waits.
//
// Must stay true: what `read` returns belongs into one transaction. A file's checkpoint is valid after its batch; a
// generation is read to its end before its successor; no file waits while another is read for more than a block.

import Formats
import Glibc
import Platform
import Records

/// Follows all log files that match some globs. Belongs to one thread.
package final class FileTailer {
    package struct Options: Sendable {
        package var patterns: [FilePattern]
        /// Where a file begins that is there when its pattern is looked at for the first time ever: its end (true) or
        /// its beginning. Files that appear later are always read from their beginning.
        package var startsAtEnd = true
        /// Of one line, in bytes; the rest of a longer one is skipped, and said.
        package var lineLimit = 64 << 10
        /// Of one batch.
        package var blockSize = 256 << 10
        /// Of one `read`, over all files.
        package var readLimit = 1 << 20
        /// How long the last line may lack its newline before it is taken as it is.
        package var lastLineTimeout = Duration.seconds(5)
        /// Between two looks at which files there are.
        package var rescanInterval = Duration.seconds(10)
        /// How long a rotated generation that does not grow is held open: a daemon may write to it until it is told.
        package var keepRotated = Duration.seconds(600)
        /// The same for one that was deleted, whose disk space is only free when it is closed.
        package var keepDeleted = Duration.seconds(30)
        /// How long a path without wildcard may name nothing before that is said: rotation makes it vanish for a moment.
        package var missingGrace = Duration.seconds(60)

        package init(patterns: [FilePattern]) { self.patterns = patterns }
    }

    let options: Options
    let finder: FileFinder
    var watches = FileWatches()
    /// The open files.
    var files: [FileKey: TailedFile] = [:]
    /// Files that were read and are not open now: rotated generations, and at the start all that the owner stored.
    var remembered: [FileKey: FileCheckpoint] = [:]
    /// The file that stood at each path last.
    var lastAtPath: [String: FileKey] = [:]
    /// Globs that were looked at before.
    var knownPatterns: Set<String> = []
    /// Paths with something wrong, and what was said of it.
    var faults: [String: String] = [:]
    /// Paths without wildcard that name nothing, since when.
    var missingSince: [String: Duration] = [:]
    /// When it was last looked at which files there are; over a restart, about.
    var lastLook: Timestamp?
    /// The first look at what there is was taken.
    var startedUp = false
    /// Generations that were there when their log was seen for the first time, with their times: not read.
    var ignored: [FileKey: Timestamp] = [:]
    /// Times of generations that were found to be those remembered, and read to their end.
    var verified: [FileKey: Timestamp] = [:]
    /// Copies of open files of which nothing was read yet: what tells that their originals were truncated is missing.
    var unreadCopies: Set<FileKey> = []
    /// Called before a generation is compared with the open files: for tests, which truncate them there.
    package var beforeComparing: (() -> Void)?
    var lastAccount = Duration.zero
    /// When each folder was changed last, at the last look at the generations in it.
    var folderTimes: [String: Timestamp] = [:]
    /// The generations in each folder by the log that they are of, as listed in this scan.
    var listings: [String: [String: [String]]] = [:]

    private var queue: [FileKey] = []
    private var queueHead = 0
    private var needsScan = true
    private var lastScan: Duration?
    private var lastSweep = Duration.zero

    /// `checkpoints` are those that the owner stored, those of other sources too.
    package init(_ options: Options, checkpoints: [SourceCheckpoint]) {
        self.options = options
        finder = FileFinder(patterns: options.patterns)
        for checkpoint in checkpoints {
            switch checkpoint {
            case .file(let file):
                let key = FileKey(file)
                remembered[key] = file
                lastLook = max(lastLook ?? file.seen, file.seen)
                guard let other = lastAtPath[file.path].flatMap({ remembered[$0] }) else {
                    lastAtPath[file.path] = key
                    break
                }
                if other.isRotated != file.isRotated ? other.isRotated : other.seen < file.seen {
                    lastAtPath[file.path] = key
                }
            case .pattern(let pattern): knownPatterns.insert(pattern)
            case .journal, .journalFile: break
            }
        }
        DescriptorLimit.raise()
    }

    /// To be polled for reading; a hint only.
    package var descriptors: [Int32] { watches.descriptors }

    /// When `read` must be called though no descriptor is ready, on the monotonic clock; in the past: at once.
    package var nextDeadline: Duration {
        guard let lastScan, !hasQueued else { return .zero }
        var next = lastScan + (needsScan ? Self.scanSpacing : options.rescanInterval)
        for file in files.values {
            if let due = file.unterminatedDeadline(options.lastLineTimeout) { next = min(next, due) }
            if file.watch == nil { next = min(next, lastSweep + .seconds(1)) }
        }
        return next
    }

    /// Folders where names come and go all the time are not listed each time.
    private static let scanSpacing = Duration.milliseconds(50)

    private var hasQueued: Bool { queueHead < queue.count }

    /// Whether everything that was there at the last `read` was handed over, but for unterminated lines.
    package var isIdle: Bool { lastScan != nil && !hasQueued && !needsScan }

    /// Reads what is there, up to the limits. Never waits.
    package func read(at time: SourceTime) -> SourceOutput {
        var output = SourceOutput()
        takeHints(time)
        if isScanDue(time) {
            needsScan = false
            lastScan = time.monotonic
            scan(time, &output)
            for file in files.values { enqueue(file) }
        }
        var left = options.readLimit
        // The file that waits for its predecessor goes to the end of the queue, so the turns are counted too.
        var turns = queue.count - queueHead + 64
        while left > 0, turns > 0, let file = dequeue() {
            turns -= 1
            left -= turn(of: file, limit: min(left, options.blockSize), time, &output)
        }
        return output
    }

    private func isScanDue(_ time: SourceTime) -> Bool {
        guard let lastScan else { return true }
        return time.monotonic >= lastScan + (needsScan ? Self.scanSpacing : options.rescanInterval)
    }

    private func takeHints(_ time: SourceTime) {
        let hints = watches.hints()
        if hints.rescan { needsScan = true }
        for key in hints.changed { if let file = files[key] { enqueue(file) } }
        let sweeping = time.monotonic >= lastSweep + .seconds(1)
        if sweeping { lastSweep = time.monotonic }
        for file in files.values {
            let due = file.unterminatedDeadline(options.lastLineTimeout).map { time.monotonic >= $0 } ?? false
            if due || hints.overflowed || sweeping && file.watch == nil { enqueue(file) }
        }
    }

    func enqueue(_ file: TailedFile) {
        if file.isQueued { return }
        file.isQueued = true
        queue.append(file.key)
    }

    private func dequeue() -> TailedFile? {
        while queueHead < queue.count {
            let key = queue[queueHead]
            queueHead += 1
            if queueHead > 1024, queueHead * 2 > queue.count {
                queue.removeFirst(queueHead)
                queueHead = 0
            }
            if let file = files[key] {
                file.isQueued = false
                return file
            }
        }
        queue.removeAll(keepingCapacity: true)
        queueHead = 0
        return nil
    }

    /// One block of one file; returns how many bytes were handed over, at least one for any work done.
    private func turn(of file: TailedFile, limit: Int, _ time: SourceTime, _ output: inout SourceOutput) -> Int {
        if let predecessor = file.predecessor, let before = files[predecessor], !before.isDrained {
            enqueue(before)
            enqueue(file)
            return 0
        }
        file.predecessor = nil
        do throws(SystemError) {
            let piece = try file.next(
                limit: max(limit, options.lineLimit + 1), lineLimit: options.lineLimit, time: time,
                lastLineTimeout: options.lastLineTimeout)
            clearFault(file.placedAt, file.path, &output)
            return hand(over: piece, of: file, time, &output)
        } catch {
            say(.unreadable, file.placedAt, file.path, error.description, &output)
            // What cannot be read does not hold its successor up.
            file.isDrained = true
            return 1
        }
    }

    private func hand(
        over piece: TailedFile.Piece, of file: TailedFile, _ time: SourceTime, _ output: inout SourceOutput
    ) -> Int {
        defer { tellCutLines(file, &output) }
        switch piece {
        case .lines(let bytes):
            file.isDrained = false
            enqueue(file)
            let context = LineContext(format: file.format ?? .auto, readAt: time.wall, utcOffset: time.utcOffset)
            let batch = RecordBatch(lines: bytes, source: .file(file.path), context: context)
            output.deliver(batch, .file(file.checkpoint))
            return bytes.count
        case .moved:
            file.isDrained = false
            enqueue(file)
            note(file.checkpoint, &output)
            return 1
        case .end:
            file.isDrained = true
            // Deleted and read to its end: its row would only be missed at the next start.
            if !file.isCurrent, file.links == 0 { output.forget(file.key.text) }
            return 1
        case .replaced:
            replaced(file, time, &output)
            enqueue(file)
            return 1
        }
    }

    private func tellCutLines(_ file: TailedFile, _ output: inout SourceOutput) {
        guard file.cutLines > 0 else { return }
        let lines = file.cutLines == 1 ? "A line is" : "\(file.cutLines) lines are"
        output.notices.append(
            SourceNotice(
                .file(file.path), .skipped,
                "\(lines) longer than \(options.lineLimit) bytes in \(Printable.text(file.path)); "
                    + "what is beyond was not matched."))
        file.cutLines = 0
    }

    package var status: [SourceStatus] {
        var all = files.values.filter(\.isCurrent).map {
            SourceStatus(source: .file($0.path), fault: faults[$0.path], behind: $0.behind)
        }
        let open = Set(all.map(\.source))
        all += faults.filter { !open.contains(.file($0.key)) }.map {
            SourceStatus(source: .file($0.key), fault: $0.value)
        }
        return all.sorted { $0.source.name < $1.source.name }
    }
}
