// Reads a journal in process: from the remembered cursor to the end, then what comes. The position is the cursor, never a
// time; no filter by boot, so that following crosses reboots. Belongs to the thread that made it, for life; the caller
// polls `descriptor` until `nextDeadline` and calls `read`, which never waits.
//
// A journal file truncated under the reader raises SIGBUS (libsystemd maps files). CPlatform's handler puts zero pages
// there and counts; a batch during which the count grew is thrown away, and the journal opened again at the cursor.

import CPlatform
import Formats
import Glibc
import Platform
import Records

/// Reads one journal: the system's, a namespace's, or a folder of journal files. Belongs to the thread that made it.
package final class JournalReader {
    package enum Start: String, Hashable, Sendable {
        /// This boot's entries; where there are none of it (another host's journal), as `now`.
        case boot
        /// Only what comes from now on.
        case now
        /// Everything.
        case beginning
    }

    package struct Options: Sendable {
        /// "" for the system's journal; a folder, if it begins with a slash; else a namespace.
        package var place: String
        /// Where to begin when there is no checkpoint.
        package var start = Start.now
        /// Entries of one batch.
        package var batchEntries = 1000
        /// Text of one batch.
        package var batchBytes = 256 << 10
        /// Of one field other than MESSAGE; a longer one is cut.
        package var fieldLimit = 64 << 10
        /// Of one MESSAGE; a longer one is cut, and said.
        package var messageLimit = 256 << 10
        /// Of all fields of one entry, and of one batch; further fields are left out.
        package var entryLimit = 1 << 20
        package var batchFieldBytes = 4 << 20
        /// Between two looks without any hint (a network file system gives none), and between two tries to open what
        /// cannot be read.
        package var lookInterval = Duration.seconds(15)

        package init(place: String = "") { self.place = place }

        func nextLook(_ time: SourceTime) -> Duration { time.monotonic.next(multipleOf: lookInterval) }
    }

    let options: Options
    let source: Source
    private var handle: JournalHandle?
    private var batch: JournalBatch
    private var position: JournalPosition
    private var fault: String?
    /// What of it is there and may not be read, as it was when it was opened.
    private var denied: String?
    private var nextTry = Duration.zero
    private var failedReads = 0
    private var holes: JournalHoles
    package private(set) var isIdle = false

    /// Opens nothing yet: a journal that is not there is a notice of `read`, and tried again.
    /// `checkpoints` are those that the owner stored, those of other sources too.
    package init(_ options: Options, checkpoints: [SourceCheckpoint]) {
        self.options = options
        source = .journal(options.place)
        batch = JournalBatch(options)
        position = JournalPosition(place: options.place, start: options.start, checkpoints)
        holes = JournalHoles(place: options.place)
        _ = herald_sigbus_install()
    }

    /// To be polled with `events`; nil while the journal is not open.
    package var descriptor: Int32? { handle?.descriptor }

    /// Of poll(2).
    package var events: Int16 { handle?.events ?? 0 }

    /// When `read` must be called though the descriptor is not ready, on the clock of `SourceTime.monotonic`.
    package private(set) var nextDeadline = Duration.zero

    package var status: SourceStatus {
        var status = SourceStatus(source: source, fault: fault)
        status.isAtEnd = isIdle
        return status
    }

    /// Reads one batch. Never waits.
    package func read(at time: SourceTime) -> SourceOutput {
        var output = SourceOutput()
        if handle == nil, time.monotonic < nextTry { return output }
        let replacedPages = herald_sigbus_count()
        let start = position.cursor
        do throws(SystemError) {
            let handle = try opened(time, &output)
            try readBatch(handle, &output)
            if herald_sigbus_count() != replacedPages { return lostPages(since: start, time) }
            failedReads = 0
            if let denied {
                tell(denied, &output)  // the rest is read: libsystemd passes over what it may not open
            } else if fault != nil {
                fault = nil
                output.notices.append(SourceNotice(source, .readable, "The \(name) is read again."))
            }
            setDeadline(handle, time)
        } catch {
            if herald_sigbus_count() != replacedPages { return lostPages(since: start, time) }
            failed(error, time, &output)
        }
        return output
    }

    private var name: String { Printable.text(source.name) }

    private func setDeadline(_ handle: JournalHandle, _ time: SourceTime) {
        guard isIdle else {
            nextDeadline = .zero
            return
        }
        nextDeadline = options.nextLook(time)
        if let timeout = handle.timeout {
            nextDeadline = min(nextDeadline, max(.zero, timeout - monotonicClock()) + time.monotonic)
        }
    }

    /// libsystemd counts on CLOCK_MONOTONIC, which stands still while the machine sleeps.
    private func monotonicClock() -> Duration {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return .seconds(Int64(now.tv_sec)) + .nanoseconds(Int64(now.tv_nsec))
    }

    /// Pages of a file went away while they were read: nothing of this batch is to be believed.
    private func lostPages(since start: String?, _ time: SourceTime) -> SourceOutput {
        position.cursor = start
        holes.begin(behind: nil)
        close(until: failedReads == 0 ? time.monotonic : options.nextLook(time))
        failedReads += 1
        var output = SourceOutput()
        output.notices.append(
            SourceNotice(
                source, .gap,
                "A file of the \(name) was truncated while it was read; entries of it may be missing."))
        return output
    }

    private func failed(_ error: SystemError, _ time: SourceTime, _ output: inout SourceOutput) {
        close(until: options.nextLook(time))
        isIdle = true
        tell(denied ?? Printable.text(error.description), &output)
    }

    /// Said once.
    private func tell(_ text: String, _ output: inout SourceOutput) {
        if fault == text { return }
        fault = text
        output.notices.append(SourceNotice(source, .unreadable, text))
    }

    private func close(until next: Duration) {
        handle = nil
        isIdle = false
        position.standsOnUnread = false
        nextTry = next
        nextDeadline = nextTry
    }

    // MARK: - Opening

    private func opened(_ time: SourceTime, _ output: inout SourceOutput) throws(SystemError) -> JournalHandle {
        if denied != nil, isIdle, time.monotonic >= nextTry { handle = nil }
        if let handle {
            if try handle.process() {
                denied = JournalAccess.fault(ofPlace: options.place)
                try tellVacuumed(handle, &output)
            }
            return handle
        }
        denied = JournalAccess.fault(ofPlace: options.place)
        nextTry = options.nextLook(time)
        let handle = try JournalHandle(place: options.place)
        guard handle.hasFiles || options.place.hasPrefix("/") else {
            // Opening succeeds without any file, and without the right to read one.
            throw SystemError("read the \(name), for no file of it is there", errno: denied == nil ? ENOENT : EACCES)
        }
        handle.setDataThreshold(options.messageLimit + 64)
        // Makes the descriptor before the seek, so that no change in between is missed.
        _ = handle.descriptor
        try resume(handle, &output)
        self.handle = handle
        return handle
    }

    private func resume(_ handle: JournalHandle, _ output: inout SourceOutput) throws(SystemError) {
        switch try position.resume(handle) {
        case .behindCursor: if failedReads == 0 { holes.begin(behind: position.cursor) }
        case .beginning(let checkpoint): if let checkpoint { output.move(.journal(checkpoint)) }
        case .cursorGone(let missing):
            holes.begin(behind: nil)
            // Files that may not be read have numbers too.
            let count = denied == nil && missing > 0 ? counted(missing, "entry", "entries") : "Entries"
            output.notices.append(
                SourceNotice(
                    source, .gap,
                    "\(count) of the \(name) \(missing == 1 ? "is" : "are") gone unread: the entry read last is not there any more."
                ))
        }
    }

    /// Files went away: were there entries in them that were not read?
    private func tellVacuumed(_ handle: JournalHandle, _ output: inout SourceOutput) throws(SystemError) {
        let count = try position.missing(before: handle)
        if count > 0 { holes.begin(behind: nil) }
        // Numbers that are missing may be in files that may not be read.
        guard denied == nil, count > 0 else { return }
        output.notices.append(
            SourceNotice(source, .gap, "\(count) entries of the \(name) were removed before they were read."))
    }

    // MARK: - Reading

    private func readBatch(_ handle: JournalHandle, _ output: inout SourceOutput) throws(SystemError) {
        var failure: SystemError?
        isIdle = false
        batch.removeAll()
        while batch.hasRoom {
            do throws(SystemError) {
                guard try position.advance(handle) else {
                    isIdle = true
                    break
                }
                try batch.add(handle)
                position.standsOnUnread = false
            } catch {
                failure = error
                break
            }
        }
        if batch.count > 0 {
            // The handle stands on the last entry, at the journal's end too, or on a damaged one behind it that is
            // passed over with this batch.
            let last = try cursorBehindBatch(handle, isDamaged: failure != nil)
            position.cursor = last
            let missing = holes.missing(upTo: last, entries: batch.count)
            if missing > 0 {
                let words =
                    "A file of the \(name) is damaged or truncated: up to \(counted(missing, "entry", "entries")) "
                    + "cannot be read."
                output.notices.append(SourceNotice(source, .gap, words))
            }
            output.deliver(
                batch.finished(source), .journal(JournalCheckpoint(place: options.place, cursor: last)),
                isAgeTrusted: true)
        }
        output.notices += batch.notices(source)
        guard let failure else { return }
        position.standsOnUnread = false
        // One damaged entry is passed over, and said. A file that is damaged throughout is left out by libsystemd.
        guard failure.isDamage else { throw failure }
        output.notices.append(
            SourceNotice(source, .gap, "An entry of the \(name) is damaged and was passed over."))
    }

    private func cursorBehindBatch(_ handle: JournalHandle, isDamaged: Bool) throws(SystemError) -> String {
        do throws(SystemError) { return try handle.cursor() } catch {
            guard isDamaged else { throw error }
            _ = try handle.previous()
            let last = try handle.cursor()
            _ = try handle.next()
            return last
        }
    }
}

extension SystemError {
    /// Whether libsystemd says with it that a journal file is damaged, not that it cannot be reached.
    var isDamage: Bool { errno == EBADMSG || errno == ENODATA || errno == EADDRNOTAVAIL }
}

extension SourceNotice {
    /// Messages over the limit.
    init(cut count: Int, _ source: Source, _ options: JournalReader.Options) {
        self.init(
            source, .skipped,
            "\(counted(count, "message")) in the \(Printable.text(source.name)) \(count == 1 ? "is" : "are") longer than \(options.messageLimit) bytes; "
                + "what is beyond was not matched.")
    }
}
