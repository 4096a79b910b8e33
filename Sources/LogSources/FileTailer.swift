// Follows log files: which there are (+Scan, +Admission, +Open), what was written to a log before what stands at its path
// (+Accounting says by which facts; +FirstLook, +Namesakes, +Search, +CatchUp), what is over (+Review), and the turn of
// each (+Turns). The caller owns the loop: it
// polls `descriptors` until `nextDeadline` and calls `read`, which never waits but for the beginning of an archive.
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
        /// Of one batch.
        package var blockSize = 256 << 10
        /// Of one `read`, over all files.
        package var readLimit = 1 << 20
        /// How long the last line may lack its newline before it is taken as it is.
        package var lastLineTimeout = Duration.seconds(5)
        /// Between two looks at which files there are. Where no folder has changed, these are all that is looked at.
        package var rescanInterval = Duration.seconds(15)
        /// Between two looks at everything, whatever the folders say.
        package var wholeInterval = Duration.seconds(300)
        /// How many descriptors the process may have open; nil: as the kernel says.
        package var descriptorLimit: Int?
        /// How long a rotated generation that does not grow is held open: a daemon may write to it until it is told.
        package var keepRotated = Duration.seconds(600)
        /// The same for one that was deleted, whose disk space is only free when it is closed.
        package var keepDeleted = Duration.seconds(30)
        /// How long a path without wildcard may name nothing before that is said: rotation makes it vanish for a moment.
        package var missingGrace = Duration.seconds(60)

        /// How long one look waits for the beginning of an archive's text before it is asked again.
        package var archivePatience = Duration.seconds(2)
        /// How a person calls `herald` for these files.
        package var command = HeraldCommand()

        package init(patterns: [FilePattern]) { self.patterns = patterns }
    }

    let options: Options
    let finder: FileFinder
    let lister = GenerationLister()
    /// How many files may be open.
    let openLimit: Int
    /// Files that were there at the first start, with lines in them that are not read.
    package internal(set) var beganAtEnd = 0
    /// The folders, as they were at the last look at everything.
    var folders = FolderTimes()
    /// Matched paths that are symbolic links: their folders do not tell when they lead elsewhere.
    var links: Set<String> = []
    var watches = FileWatches()
    /// The open files.
    var files: [FileKey: TailedFile] = [:]
    var logs = WatchedLogs()
    /// The logs of the files that the owner stored at the start: an inode that was used again is of several.
    var rowOwners: [FileKey: [String]] = [:]
    /// The logs of the generations that are closed.
    var closedIn: [FileKey: [String]] = [:]
    /// Globs that were looked at before, and when first.
    var knownPatterns: [String: Timestamp] = [:]
    var faults = PathFaults()
    /// By the log, the matched files that the last scan took for its rotated ones.
    var matchedGenerations: [String: [String]] = [:]
    /// Patterns that named nothing at the last scan.
    var emptyPatterns: Set<String> = []
    /// Folders that the last scan could not look into: what is in them is not known to be gone.
    var closedFolders: Set<String> = []
    /// The same, and when they were closed first, those of before the start too.
    var closedSince: [String: Timestamp] = [:]
    /// Paths without wildcard that name nothing, since when.
    var missingSince: [String: Duration] = [:]
    /// When closed generations were last looked at.
    var lastReview: Duration?
    /// Times of closed generations that were found to hold the texts that they are thought to.
    var verified: [FileKey: Timestamp] = [:]
    let archives: KnownArchives
    /// A log was made, or lost its file, since it was last looked whether one is another's generation.
    var hasNewLogs = false
    /// Logs of which it is to be found what came before their present files.
    var unaccounted: Set<String> = []
    /// Called between the look at a file and that at the generations of its log: for tests, which truncate it there.
    package var beforeAccounting: (() -> Void)?

    /// The newest time at which any file was seen.
    private var lastSeen = Timestamp(seconds: 0)

    /// Files that wait for their turns.
    var turns = TurnQueue()
    private var needsScan = true
    private var lastScan: Duration?
    private var lastSweep = Duration.zero
    /// Files with an unterminated last line, in the order in which these are due.
    var lastLines = LastLines()
    /// Archives that wait for their programs.
    var pending: Set<FileKey> = []
    /// Files that inotify does not watch.
    var unwatched: Set<FileKey> = []
    /// Files at matched paths that hold nothing but another log's text, and are held back.
    var copies: [FileKey: HeldCopy] = [:]

    /// `checkpoints` are those that the owner stored, those of other sources too.
    package init(_ options: Options, checkpoints: [SourceCheckpoint]) {
        self.options = options
        archives = KnownArchives(patience: options.archivePatience)
        finder = FileFinder(patterns: options.patterns)
        let descriptors = options.descriptorLimit ?? DescriptorLimit.raise()
        // The rest is for the database, letters, the control socket, journals, and generations that are looked at.
        openLimit = max(descriptors / 4, descriptors - min(256, max(32, descriptors / 4)))
        for checkpoint in checkpoints {
            switch checkpoint {
            case .file(let file):
                lastSeen = max(lastSeen, file.seen)
                if file.isPassedOver {
                    keepClosed(file, of: log(at: file.path))
                    continue
                }
                log(at: file.path).astray.append(WatchedLog.Astray(checkpoint: file, unread: nil))
                rowOwners[FileKey(file), default: []].append(file.path)
            case .pattern(let pattern, let since):
                if pattern.hasSuffix("/") {
                    closedSince[String(pattern.dropLast())] = since
                } else {
                    knownPatterns[pattern] = since
                }
            case .journal, .journalFile: break
            }
        }
    }

    /// The log of a path, made if it is new.
    func log(at path: String) -> WatchedLog {
        if let log = logs[path] { return log }
        hasNewLogs = true
        let log = WatchedLog(path: path, pattern: finder.pattern(for: path) ?? FilePattern(path))
        logs[path] = log
        return log
    }

    /// A time at which a file is seen: the clock's, but behind all others, for their order must outlive a clock that is set.
    func seen(at time: SourceTime) -> Timestamp {
        lastSeen = max(time.wall, lastSeen + .microseconds(1))
        return lastSeen
    }

    /// To be polled for reading; a hint only.
    package var descriptors: [Int32] {
        watches.descriptors + pending.compactMap { files[$0]?.archive?.output.number }
    }

    /// When `read` must be called though no descriptor is ready, on the monotonic clock; in the past: at once.
    package var nextDeadline: Duration {
        guard let lastScan, turns.isEmpty, unaccounted.isEmpty || needsScan else { return .zero }
        var next = scanDue(after: lastScan)
        if let since = lastLines.first { next = min(next, since + options.lastLineTimeout) }
        if !unwatched.isEmpty || !pending.isEmpty { next = min(next, lastSweep + .seconds(1)) }
        if let due = heldDue { next = min(next, due) }
        return next
    }

    /// Folders where names come and go all the time are not listed each time, and the less often the more is in them:
    /// a look at 10,000 files takes some 50 ms.
    private var scanSpacing: Duration { max(Self.leastSpacing, .microseconds(100 * Int64(files.count))) }
    static let leastSpacing = Duration.milliseconds(50)

    /// Whether everything that was there at the last `read` was handed over, but for unterminated lines.
    package var isIdle: Bool {
        lastScan != nil && turns.isEmpty && !needsScan && unaccounted.isEmpty && pending.isEmpty
    }

    /// Reads what is there, up to the limits.
    package func read(at time: SourceTime) -> SourceOutput {
        var output = SourceOutput()
        takeHints(time)
        if isScanDue(time) {
            let isHinted = needsScan
            needsScan = false
            lastScan = time.monotonic
            if !isHinted, isUnchanged(time) { lookAtClosed(time, &output) } else { scan(time, &output) }
        }
        defer { lastLines.drop { key, since in files[key]?.unterminated?.since != since } }
        var left = options.readLimit
        takeTurns(&left, time, &output)
        if unaccounted.isEmpty { return output }
        accountForAll(time, &output)
        takeTurns(&left, time, &output)
        return output
    }

    private func takeTurns(_ left: inout Int, _ time: SourceTime, _ output: inout SourceOutput) {
        // The file that waits for its predecessor goes to the end of the queue, so the turns are counted too.
        var count = turns.count + 64
        while left > 0, count > 0, let key = turns.next() {
            guard let file = files[key] else { continue }
            count -= 1
            left -= turn(of: file, limit: min(left, options.blockSize), time, &output)
        }
    }

    private func isScanDue(_ time: SourceTime) -> Bool {
        guard let lastScan else { return true }
        return time.monotonic >= scanDue(after: lastScan)
    }

    private func scanDue(after last: Duration) -> Duration {
        needsScan ? last + scanSpacing : last.next(multipleOf: options.rescanInterval)
    }

    /// Another look at which files there are is needed soon.
    func wantScan() { needsScan = true }

    /// The next look at generations lists their folders.
    func listAnew() {
        hear()
        watches.forgetStirred()
        lister.forget()
    }

    /// Takes what inotify has to say.
    func hear() {
        let hints = watches.hints()
        if hints.rescan { needsScan = true }
        for key in hints.changed {
            if let file = files[key] { enqueue(file) } else if copies[key] != nil { needsScan = true }
        }
        if hints.overflowed { for file in files.values { enqueue(file) } }
    }

    private func takeHints(_ time: SourceTime) {
        hear()
        for key in lastLines.take(since: time.monotonic - options.lastLineTimeout) {
            if let file = files[key] { enqueue(file) }
        }
        for key in pending { if let file = files[key] { enqueue(file) } }
        if let due = heldDue, time.monotonic >= due { wantScan() }
        guard time.monotonic >= lastSweep + .seconds(1) else { return }
        lastSweep = time.monotonic
        for key in unwatched { if let file = files[key] { enqueue(file) } }
    }

    /// The generations of the logs whose files were looked at in this round: behind that, and each folder listed once.
    private func accountForAll(_ time: SourceTime, _ output: inout SourceOutput) {
        beforeAccounting?()
        listAnew()
        var end: Duration?
        for path in unaccounted.sorted() {
            guard let log = logs[path] else {
                unaccounted.remove(path)
                continue
            }
            // What changes under the look is asked again by the next scan; what takes long goes on at the next call.
            account(for: log, time, &output)
            unaccounted.remove(path)
            // The first one has listed the folders, which may take longer than all of the others.
            let now = SystemClock.monotonic()
            if now > end ?? now { break }
            end = end ?? now + .milliseconds(50)
        }
        lister.forget()
    }

    func enqueue(_ file: TailedFile) { turns.add(file.key) }
}
