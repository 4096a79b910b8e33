// The watcher: from log lines to letters in incoming/. `round` lists the stages; `run` waits for the next round.
// Everything here is on one thread: the sources, the book, the database.
//
// Must stay true: nothing of a round is durable but by the one commit in `keep`; a commit that fails is tried again with
// all that it held, and nothing more is read until it succeeds.

import Control
import Formats
import Glibc
import Incidents
import LogSources
import Logging
import Mail
import Platform
import Records
import RuleMatching
import Rules
import Settings
import Spool

/// One watcher on one state.
package final class Watcher {
    package struct Options: Sendable {
        /// Work off all that is there, hand over what is due, and return.
        package var untilIdle = false

        package init(untilIdle: Bool = false) { self.untilIdle = untilIdle }
    }

    var settings: Settings
    var matcher: Matcher
    var sources: SourceSet
    var joining: JoiningStage
    var book: IncidentBook
    let store: WatcherStore
    var outbox: Outbox
    var context: ContextLines
    var counter: HitCounter
    var lastHits = LastHits()
    var pending = RoundChanges()
    let desk: WatcherDesk
    let log: Logger
    let host: String
    let started: Timestamp

    private let lock: LockFile
    private let signals: Signals?
    private let options: Options
    let reload: @Sendable () -> Settings?
    let clock: @Sendable () -> SourceTime
    /// Of the oldest checkpoint that is not committed, and of the next housekeeping; monotonic.
    private var checkpointDue: Duration?
    private var pruneDue: Duration = .zero
    var commitRetryAt: Duration?
    /// Until when commits pause in a storm.
    private var commitPause: Duration?
    private var commitWait = Duration.seconds(1)
    /// What needs a person, for the status.
    var storeFault: String?
    var reloadFault: String?
    /// What became of a state that could not be used; said until the next start.
    let stateFault: String?
    var heartbeatDue: Timestamp?
    var busyRules = BusyRules()
    /// When the sources were read last.
    private var lastRead: Duration?
    /// Of the last round, to see when the wall clock is set.
    private var lastTime: SourceTime?
    let isOwnProcess: (Int32, String) -> Bool
    /// Changes that people asked for, and what they are told once these are durable.
    private var unanswered: [(call: WatcherDesk.Call, response: ControlResponse)] = []
    var lettersHandedOver = 0

    /// - Parameters:
    ///   - signals: nil where somebody else stops this one (tests).
    ///   - reload: reads the settings again; nil when they are invalid, having said so.
    ///   - clock: the clocks; tests turn them.
    ///   - isOwnProcess: whether the process of a number is our program of a name.
    /// - Throws: `SystemError` (EWOULDBLOCK: another watcher owns the state), `DatabaseError`.
    package init(
        _ settings: Settings, matcher: Matcher, options: Options = Options(), desk: WatcherDesk, signals: Signals?,
        log: Logger, reload: @escaping @Sendable () -> Settings? = { nil },
        clock: @escaping @Sendable () -> SourceTime = { SourceTime.now() },
        isOwnProcess: @escaping (Int32, String) -> Bool = OwnProcess.isOne
    ) throws {
        let folder = settings.paths.state("watcher")
        try Files.makeDirectories(folder)
        lock = try LockFile(folder + "/watcher.lock")
        store = try WatcherStore(path: folder + "/watcher.db")
        self.settings = settings
        self.matcher = matcher
        self.options = options
        self.desk = desk
        self.signals = signals
        self.log = log
        self.reload = reload
        self.clock = clock
        self.isOwnProcess = isOwnProcess
        stateFault = store.setAside
        host = HostNames.host()
        let now = clock()
        started = now.wall
        let (book, unreadable) = try store.book(policy: ReportPolicy(settings.report))
        self.book = book
        if unreadable > 0 {
            log.error("\(unreadable) incidents of the stored state cannot be read; they are left there")
        }
        sources = SourceSet(settings.watch, checkpoints: try store.checkpoints())
        joining = try JoiningStage(settings.watch)
        outbox = Outbox(path: settings.paths.incoming("watcher"))
        context = ContextLines(count: settings.report.contextLines)
        counter = HitCounter(matcher.rules, localHost: host)
        outbox.wake(at: now.monotonic)  // letters of the last run
        self.book.expect(matcher.rules.rules, host: host, at: now.wall)
        planHeartbeat(at: now.wall)
        let held = try store.held()
        if held.unreadable > 0 {
            log.error(
                "\(held.unreadable) traces that were begun before the last stop cannot be read; they are left there")
        }
        for batch in joining.restore(held.lines, at: now.monotonic) { observe(batch, at: now.wall) }
        if let text = store.setAside {
            log.error("\(text)")
            join(OwnNotice.setAside(text, localHost: host, at: now.wall), at: now.wall)
        }
    }

    /// Works until it is told to stop, or with `untilIdle` until nothing is left that is due.
    package func run() throws(SystemError) {
        while true {
            let isIdle = round(at: clock())
            if answerRequests() || (options.untilIdle && isIdle) { break }
            try waitForMore(isIdle: isIdle)
        }
        keep(at: clock(), evenCheckpointsAlone: true)
        handOver(at: clock())
        for (call, _) in unanswered { call.answer(.failure("the state cannot be written", .later)) }
        desk.close()
    }

    // MARK: The stages

    /// One round: sources → records → matcher → incident book → letters → store → incoming/. Returns whether nothing is left that
    /// is due now.
    package func round(at time: SourceTime) -> Bool {
        noticeClock(time)
        guard commitRetryAt.map({ $0 <= time.monotonic }) ?? true else { return false }
        var isIdle = commitRetryAt == nil
        if isIdle {
            // After the start, and where nothing was read for as long as lines are late after.
            if let last = lastRead, time.monotonic > last + book.policy.lateAfter { book.isCatchingUp = true }
            lastRead = time.monotonic
            for output in sources.read(at: time) {
                if !output.isEmpty { isIdle = false }
                take(output, at: time)
            }
            expireRecords(at: time)
            if book.nextDue.map({ $0 <= time.wall }) ?? false { showLastHits() }
            write(book.due(time.wall, caughtUp: sources.isIdle), at: time)
            if sources.isIdle { book.isCatchingUp = false }
            busyRules.look(at: book, time.monotonic)
            beat(at: time.wall)
        }
        if !mayCommitLater(at: time) {
            keep(at: time, evenCheckpointsAlone: checkpointDue.map { $0 <= time.monotonic } ?? false)
        }
        handOver(at: time)
        prune(at: time)
        return isIdle && sources.isIdle && commitRetryAt == nil
    }

    /// A wall clock that is set must neither put anything off nor make a flood of it.
    private func noticeClock(_ time: SourceTime) {
        defer { lastTime = time }
        guard let last = lastTime else { return }
        let step = (time.wall - last.wall) - (time.monotonic - last.monotonic)
        guard step > .seconds(60) || step < .seconds(-60) else { return }
        log.notice(
            "the clock was set by \(step.microseconds / 1_000_000) s: all waits go on for as long as they would have")
        book.clockWasSet(by: step)
        planHeartbeat(at: time.wall)
    }

    /// What a source handed over: its records through the matcher into the book, its notices, its checkpoints.
    private func take(_ output: SourceOutput, at time: SourceTime) {
        let now = time.wall
        for delivery in output.deliveries {
            observe(joining.join(delivery.batch, at: time.monotonic), at: now)
            pending.note(delivery.checkpoint)
        }
        for notice in output.notices { take(notice, at: now) }
        for checkpoint in output.checkpoints {
            if !store.knows(checkpoint) { pending.hasBeginning = true }
            pending.note(checkpoint)
        }
        for key in output.forgotten { pending.forget(key) }
    }

    /// Records that waited for a next line which did not come. While a source is behind, its next line may only not be
    /// read yet.
    private func expireRecords(at time: SourceTime) {
        guard joining.isHolding else { return }
        let now = sources.isIdle ? time.monotonic : time.monotonic - .seconds(10)
        for batch in joining.expire(at: now, all: options.untilIdle && sources.isIdle) { observe(batch, at: time.wall) }
    }

    /// The letters of what is due, on their way to the same commit.
    private func write(_ reports: [Report], at time: SourceTime) {
        if reports.isEmpty { return }
        let mailroom = Mailroom(settings: settings, host: host, mailName: HostNames.mail())
        for report in reports {
            var letters: [Int64: String] = [:]
            var trouble: String?
            do throws(MailError) {
                let mailings = try mailroom.mailings(
                    of: report, at: time.wall, utcOffset: SystemClock.utcOffset(at: time.wall),
                    identifier: Randomness.identifier)
                for mailing in mailings {
                    if let fault = Self.fault(in: mailing.letter) {
                        trouble = "it cannot be handed over: \(fault)"
                        continue
                    }
                    let ids = mailing.report.entries.map(\.incident.id)
                    book.tellMessageID(mailing.letter.messageID, of: ids)
                    for id in ids { letters[id] = mailing.letter.id }
                    pending.letters.append(mailing.letter)
                }
            } catch {
                trouble = "it cannot be made a letter of: \(error)"
            }
            if let trouble { log.critical("a report was not sent: \(trouble)") }
            pending.reports += (report.entries + report.quieted).map { entry in
                TellingRow(
                    time: report.time, incident: entry.incident.id, kind: entry.kind, newHits: entry.newHits,
                    letter: letters[entry.incident.id] ?? letters.values.first, fault: trouble)
            }
        }
    }

    /// Why the mailer would not take the letter; nil when it will. Known now, it is said now, and nothing waits in the
    /// outbox for ever.
    private static func fault(in letter: Letter) -> LetterFileError? {
        do throws(LetterFileError) {
            _ = try LetterFile.decode(LetterFile.encode(letter))
            return nil
        } catch {
            return error
        }
    }

    /// In a storm every round changes many incidents, and a commit writes each of them whole. While more waits to be read
    /// and nobody waits for a letter, commits take a tenth of the time at most; a crash reads a second of the log again.
    private func mayCommitLater(at time: SourceTime) -> Bool {
        guard let commitPause, time.monotonic < commitPause else { return false }
        return !pending.isUrgent && unanswered.isEmpty && commitRetryAt == nil && !sources.isIdle
    }

    /// Commits what changed: at once where there is a hit or a letter, checkpoints alone every 30 s and at the end.
    func keep(at time: SourceTime, evenCheckpointsAlone: Bool) {
        showLastHits()
        let changes = book.changes
        let hasCheckpoints = pending.hasCheckpoints || !joining.changed.isEmpty
        let isUrgent = pending.isUrgent || !changes.isEmpty
        if !isUrgent, !(evenCheckpointsAlone && hasCheckpoints) {
            if hasCheckpoints, checkpointDue == nil { checkpointDue = time.monotonic + .seconds(30) }
            return
        }
        pending.held = joining.changes
        do {
            book.noteCounts()
            let start = clock().monotonic
            try store.commit(pending, book.changes, at: time.wall)
            let end = clock().monotonic
            commitPause = end + min((end - start) * 9, .seconds(1))
            if !pending.letters.isEmpty { outbox.wake(at: time.monotonic) }
            pending = RoundChanges()
            joining.changesKept()
            book.changesKept()
            for (call, response) in unanswered { call.answer(response) }
            unanswered = []
            if storeFault != nil { log.notice("the state can be written again; reading goes on") }
            (checkpointDue, commitRetryAt, storeFault, commitWait) = (nil, nil, nil, .seconds(1))
        } catch {
            if storeFault == nil {
                log.critical("the state cannot be written, so reading stops until it can: \(error)")
            }
            storeFault = "the state cannot be written: \(error)"
            commitRetryAt = time.monotonic + commitWait
            commitWait = min(commitWait * 2, .seconds(30))
        }
    }

    private func handOver(at time: SourceTime) {
        lettersHandedOver += outbox.handOver(store, at: (time.monotonic, time.wall), log)
    }

    private func prune(at time: SourceTime) {
        guard time.monotonic >= pruneDue else { return }
        pruneDue = time.monotonic + .seconds(86400)
        do { try store.prune(at: time.wall) } catch { log.warning("old history is not forgotten yet: \(error)") }
    }

    // MARK: Waiting

    /// Sleeps until a source, a person, a signal or a time asks for the next round.
    private func waitForMore(isIdle: Bool) throws(SystemError) {
        let watchdog = ServiceManager.watchdogInterval()
        var list: [(number: Int32, interest: Interest)] = [(desk.wakeUp.descriptor.number, .readable)]
        if let signals { list.append((signals.descriptor.number, .readable)) }
        // While the state cannot be written nothing is read, so nothing is waited for either.
        if commitRetryAt == nil { list += sources.interests }
        let ready = try Poller.wait(list, timeout: isIdle || commitRetryAt != nil ? timeout(watchdog) : .zero)
        if ready.contains(0) { desk.wakeUp.clear() }
        if watchdog != nil { ServiceManager.watchdog() }
    }

    private func timeout(_ watchdog: Duration?) -> Duration? {
        let now = clock()
        var times = [commitRetryAt, outbox.retryAt, checkpointDue, pruneDue].compactMap { $0 }.map {
            $0 - now.monotonic
        }
        if commitRetryAt == nil {
            for due in [book.nextDue, heartbeatDue].compactMap({ $0 }) { times.append(due - now.wall) }
            if let due = [sources.nextDeadline, joining.deadline].compactMap({ $0 }).min() {
                times.append(due - now.monotonic)
            }
        }
        if let watchdog { times.append(watchdog) }
        return times.min().map { max($0, .zero) }
    }

    /// Answers what people asked; what changes the book, when it is committed. Returns whether to stop.
    func answerRequests() -> Bool {
        var stops = desk.isStopAsked
        while let request = signals?.next() {
            switch request {
            case .stop: stops = true
            case .reload: reloadSettings()
            }
        }
        for call in desk.take() {
            let response = answer(to: call.request.command, call.request.arguments, from: call.request.peer)
            if IncidentDesk.changes.contains(call.request.command), response.error == nil {
                unanswered.append((call, response))
            } else {
                call.answer(response)
            }
        }
        if !unanswered.isEmpty, commitRetryAt == nil { keep(at: clock(), evenCheckpointsAlone: false) }
        return stops
    }
}
