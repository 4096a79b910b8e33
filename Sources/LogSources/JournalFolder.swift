// A folder of journal files, of one host or of hundreds (what systemd-journal-remote writes on a collector), read file by
// file, each with a handle and a position of its own. One handle over all of them would sort all by time: it reads several
// times slower, and what a host sends late lies before the reader's place and is never seen.
//
// Must stay true: a file's position moves only with the batch that holds its entries; an entry is skipped only with a
// notice; files of one writer are read in the order of their numbers. libsystemd leaves a file out in silence when it
// cannot go on: so the end counts only when the file's header agrees.

import CPlatform
import Formats
import Glibc
import Platform
import Records

/// Reads a folder of journal files. Belongs to the thread that made it.
package final class JournalFolder: JournalSource {
    let options: JournalReader.Options
    let source: Source
    var batch: JournalBatch
    /// By the id in their headers.
    var files: [String: JournalFile] = [:]
    var byPath: [String: JournalFile] = [:]
    /// Further files of the same ids.
    var copies: [String: [JournalCopy]] = [:]
    /// Those with news, by writer, the lowest numbers first; and the writers in turn.
    private var waiting: [String: [JournalFile]] = [:]
    private var turns: [String] = []
    /// Files whose headers promise more than they give, each to be tried again at its time.
    private var later: [(file: JournalFile, at: Duration)] = []
    /// Rows of files that were not found yet.
    var stored: [String: JournalFileCheckpoint] = [:]
    /// Whether the folder was looked at before, in this run or an earlier one: unknown files are new then.
    var isKnown = false
    var watches = JournalFolderWatches()
    var scans = 0
    var scanDue = Duration.zero
    var fault: String?
    /// Some files of it may not be read.
    var isPartial = false
    private var uses = 0
    private var spareDue = 0

    /// Files that are kept open, with two descriptors each.
    private static let handleLimit = 320

    /// Opens nothing yet: a folder that is not there is a notice of `read`, and tried again.
    /// - Parameter options: `place` is the folder.
    package init(_ options: JournalReader.Options, checkpoints: [SourceCheckpoint]) {
        self.options = options
        source = .journal(options.place)
        batch = JournalBatch(options)
        for checkpoint in checkpoints {
            switch checkpoint {
            case .journal(let known) where known.place == options.place: isKnown = true
            case .journalFile(let file) where file.place == options.place: stored[file.file] = file
            default: break
            }
        }
        if !stored.isEmpty { isKnown = true }
        DescriptorLimit.raise()
        _ = herald_sigbus_install()
    }

    package var descriptor: Int32? { watches.descriptor }
    package var events: Int16 { Int16(POLLIN) }
    package private(set) var nextDeadline = Duration.zero
    package var isIdle: Bool { turns.isEmpty }
    /// Whether there is no journal file in it, as far as it was looked at.
    package var isEmpty: Bool { files.isEmpty }
    /// Whether files gave less than they promise, and are to be tried again at `nextDeadline`.
    package var isInDoubt: Bool { !later.isEmpty }
    /// A folder that was looked at and holds no journal file is not there, as a glob that names nothing.
    package var status: SourceStatus {
        var status = SourceStatus(source: source, fault: fault)
        let unread = files.values.lazy.filter(\.hasNews).map { Int64(clamping: $0.header.tail - $0.position) }
        status.entriesBehind = unread.reduce(0) { $0.addingReportingOverflow($1).partialValue }
        status.isAtEnd = isIdle && status.entriesBehind == 0
        status.isThere = !(files.isEmpty && scans > 0)
        return status
    }
    var name: String { Printable.text(source.name) }

    /// Reads one batch, of one file or of several. Never waits.
    package func read(at time: SourceTime) -> SourceOutput {
        var output = SourceOutput()
        look(at: time, &output)
        retry(at: time)
        batch.removeAll()
        var moved: [JournalFile] = []
        var isBacklog: Bool?
        while batch.hasRoom, let file = nextInTurn() {
            // A batch is of backlogs alone, or of none.
            guard file.isBacklog == isBacklog ?? file.isBacklog else {
                enqueue(file)
                break
            }
            isBacklog = file.isBacklog
            if takeTurn(file, time, &output) { moved.append(file) }
        }
        deliver(moved, isBacklog: isBacklog ?? false, &output)
        closeSpare()
        if isIdle { batch = JournalBatch(options) }
        nextDeadline = isIdle ? ([scanDue] + later.map(\.at)).min() ?? scanDue : .zero
        return output
    }

    private func deliver(_ moved: [JournalFile], isBacklog: Bool, _ output: inout SourceOutput) {
        for file in moved { output.move(file.checkpoint(options.place)) }
        if batch.count > 0, let last = moved.last {
            // A collector's hosts have clocks of their own, and one that is slow is always so.
            output.deliver(batch.finished(source), last.checkpoint(options.place), isAgeTrusted: isBacklog)
        }
        output.notices += batch.notices(source)
    }

    // MARK: Turns

    /// Puts a file with news where its writer's files wait.
    func enqueue(_ file: JournalFile) {
        guard file.hasNews, !file.isWaiting, !later.contains(where: { $0.file === file }) else { return }
        file.isWaiting = true
        var mine = waiting[file.sequenceID] ?? []
        if mine.isEmpty { turns.append(file.sequenceID) }
        mine.insert(file, at: mine.firstIndex { $0.header.head > file.header.head } ?? mine.count)
        waiting[file.sequenceID] = mine
    }

    /// The next writer's first file, which leaves the queue.
    private func nextInTurn() -> JournalFile? {
        while !turns.isEmpty {
            let writer = turns.removeFirst()
            guard var mine = waiting.removeValue(forKey: writer), !mine.isEmpty else { continue }
            let file = mine.removeFirst()
            file.isWaiting = false
            if !mine.isEmpty {
                waiting[writer] = mine
                turns.append(writer)
            }
            if files[file.id] === file { return file }
        }
        return nil
    }

    private func retry(at time: SourceTime) {
        guard later.contains(where: { $0.at <= time.monotonic }) else { return }
        let due = later.filter { $0.at <= time.monotonic }
        later.removeAll { $0.at <= time.monotonic }
        for (file, _) in due where files[file.id] === file { enqueue(file) }
    }

    /// Reads of one file into the batch. Returns whether its position moved.
    private func takeTurn(_ file: JournalFile, _ time: SourceTime, _ output: inout SourceOutput) -> Bool {
        let (mark, position) = (batch.count, file.position)
        let replacedPages = herald_sigbus_count()
        uses += 1
        file.used = uses
        var failure: SystemError?
        var end = (isEnd: false, damaged: 0)
        do throws(SystemError) { end = try file.read(into: &batch, options) } catch { failure = error }
        let isTruncated = herald_sigbus_count() != replacedPages
        defer { file.damagedEntries = 0 }
        if isTruncated || failure != nil {
            batch.keepFirst(mark)
            file.position = position
            file.close()
            failed(file, failure, isTruncated: isTruncated, time, &output)
            return file.position != position
        }
        if end.damaged > 0 {
            let entries = counted(end.damaged, "entry was", "entries were")
            gap("\(shown(file)) damaged: \(entries) passed over.", &output)
        }
        if file.damagedEntries > 0 {
            let entries = counted(file.damagedEntries, "entry", "entries")
            gap("\(shown(file)) damaged: parts of \(entries) cannot be read.", &output)
        }
        file.refresh()
        let hasMoved = file.position != position
        if hasMoved { file.failures = 0 }
        if !file.hasNews {
            file.isBacklog = false
            settleDebt(file, &output)
            if end.isEnd, file.header.isArchived { complete(file) }
            return hasMoved || file.isComplete
        }
        if end.isEnd, !hasMoved {
            // The header is ahead of its entries for an instant while one is written; for long when it is damaged.
            file.close()
            failed(file, nil, isTruncated: false, time, &output)
            return file.position != position
        }
        enqueue(file)
        return hasMoved
    }

    private func complete(_ file: JournalFile) {
        file.isComplete = true
        file.close()
    }

    // MARK: Faults

    /// The file gave less than its header promises: tried again, at last given up, and that is a gap.
    private func failed(
        _ file: JournalFile, _ error: SystemError?, isTruncated: Bool, _ time: SourceTime, _ output: inout SourceOutput
    ) {
        if file.failures == 0 { file.failingSince = time.monotonic }
        file.failures += 1
        if isTruncated {
            gap("\(shown(file)) truncated while it was read; entries of it may be missing.", &output)
        }
        if error?.errno == ENOENT {
            scanDue = .zero  // renamed or removed: the scan finds out which
            return
        }
        let isPassing = error.map { [EACCES, EPERM, EMFILE, ENFILE, ENOMEM].contains($0.errno) } ?? false
        if isPassing, let error {
            tell(Printable.text(error.description), &output)
        } else if file.failures > 2, !file.header.isOnline || time.monotonic - file.failingSince >= .seconds(10) {
            return giveUp(file, error, &output)
        }
        let wait = Duration.milliseconds(50 << min(file.failures, 7))
        later.append((file, isPassing ? options.nextLook(time) : time.monotonic + wait))
    }

    private func giveUp(_ file: JournalFile, _ error: SystemError?, _ output: inout SourceOutput) {
        if takeCopy(of: file, &output) { return }
        let missing = file.header.tail > file.position ? file.header.tail - file.position : 0
        let why = error.map { " (" + Printable.text(SystemError.text(of: $0.errno)) + ")" } ?? ""
        gap("\(shown(file)) damaged\(why): up to \(counted(missing, "entry", "entries")) cannot be read.", &output)
        file.position = file.header.tail
        file.failures = 0
        if file.header.isArchived { file.isComplete = true } else { file.isBroken = error != nil }
    }

    func gap(_ text: String, _ output: inout SourceOutput) {
        output.notices.append(SourceNotice(source, .gap, text))
    }

    private func shown(_ file: JournalFile) -> String { "The journal file \(Printable.text(file.path, limit: 300)) is" }

    /// A fault of the folder, said once.
    func tell(_ text: String, _ output: inout SourceOutput) {
        if fault == text { return }
        fault = text
        output.notices.append(SourceNotice(source, .unreadable, text))
    }

    /// Closes those not read for longest, where too many are open.
    private func closeSpare() {
        guard uses >= spareDue else { return }
        spareDue = uses + 64
        let open = files.values.filter(\.isOpen)
        guard open.count > Self.handleLimit else { return }
        for file in open.sorted(by: { $0.used < $1.used }).prefix(open.count - Self.handleLimit / 2) { file.close() }
    }
}
