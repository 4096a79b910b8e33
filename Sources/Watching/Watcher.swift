// The watcher: from log lines to letters in incoming/. `round` lists the stages; `run` waits for the next round.
// Everything here is on one thread: the sources, the book, the database.
//
// Must stay true: nothing of a round is durable but by the one commit in `keep` (Watcher+Keeping); a commit that fails is
// tried again with all that it held, and nothing more is read until it succeeds.

import Control
import Database
import Formats
import Incidents
import LogSources
import Logging
import Platform
import Records
import RuleMatching
import Rules
import Settings

/// One watcher on one state.
package final class Watcher {
    package struct Options: Sendable {
        /// Work off all that is there, hand over what is due, and return.
        package var untilIdle = false

        package init(untilIdle: Bool = false) { self.untilIdle = untilIdle }
    }

    var settings: Settings
    var matchers: MatcherPair
    var matcher: Matcher { matchers.matcher }
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
    private(set) var host: String
    let started: Timestamp

    private let lock: LockFile
    let signals: Signals?
    private let options: Options
    let reload: @Sendable () -> Settings?
    let clock: @Sendable () -> SourceTime
    /// Of the oldest checkpoint that is not committed, and of the next housekeeping; monotonic.
    var checkpointDue: Duration?
    var pruneDue: Duration = .zero
    var commitRetryAt: Duration?
    /// Until when commits pause in a storm.
    var commitPause: Duration?
    var commitWait = Duration.seconds(1)
    /// What needs a person, for the status.
    var storeFault: String?
    /// While the state cannot be written.
    var standstill: Standstill?
    /// What was counted up to the last commit.
    var stored = Standstill.Counts()
    var reloadFault: String?
    /// What became of a state that could not be used; said until the next start.
    let stateFault: String?
    var heartbeatDue: Timestamp?
    /// Why the last heartbeat was no letter.
    var heartbeatFault: String?
    var busyRules = BusyRules()
    var outages = SourceOutages()
    /// When the sources were read last.
    private var lastRead: Duration?
    /// Of the last round, to see when the wall clock is set.
    private var lastTime: SourceTime?
    let isOwnProcess: (Int32, String) -> Bool
    private let hostName: () -> String
    var lettersHandedOver = 0
    private static let manyRounds = 64
    /// Since the watcher was last at rest; its start is much work.
    private var busyRounds = manyRounds

    /// - Parameters:
    ///   - signals: nil where somebody else stops this one (tests).
    ///   - reload: reads the settings again; nil when they are invalid, having said so.
    ///   - clock: the clocks; tests turn them.
    ///   - isOwnProcess: whether the process of a number is our program of a name.
    ///   - hostName: this host's name, asked again and again.
    /// - Throws: `SystemError` (EWOULDBLOCK: another watcher owns the state), `DatabaseError`.
    package init(
        _ settings: Settings, matcher: Matcher, options: Options = Options(), desk: WatcherDesk, signals: Signals?,
        log: Logger, reload: @escaping @Sendable () -> Settings? = { nil },
        clock: @escaping @Sendable () -> SourceTime = { SourceTime.now() },
        isOwnProcess: @escaping (Int32, String) -> Bool = OwnProcess.isOne,
        hostName: @escaping () -> String = HostNames.host
    ) throws {
        let folder = settings.paths.state("watcher")
        try Files.makeDirectories(folder)
        lock = try LockFile(folder + "/watcher.lock")
        store = try WatcherStore(path: folder + "/watcher.db")
        self.settings = settings
        matchers = MatcherPair(matcher)
        self.options = options
        self.desk = desk
        self.signals = signals
        self.log = log
        self.reload = reload
        self.clock = clock
        self.isOwnProcess = isOwnProcess
        stateFault = store.setAside
        self.hostName = hostName
        host = hostName()
        let now = clock()
        started = now.wall
        let (book, unreadable) = try store.book(policy: ReportPolicy(settings.report))
        self.book = book
        sources = SourceSet(settings.watch, command: settings.command, checkpoints: try store.checkpoints())
        joining = try JoiningStage(settings.watch, finder: TraceFinder(cache: Self.cache(settings)))
        outbox = Outbox(path: settings.paths.incoming("watcher"))
        context = ContextLines(count: settings.report.contextLines)
        counter = HitCounter(matcher.rules, localHost: host)
        outbox.wake(at: now.monotonic)  // letters of the last run
        self.book.expect(matcher.rules.rules, host: host, at: now.wall)
        planHeartbeat(at: now.wall)
        noteRetired()
        try takeUp(unreadableIncidents: unreadable, at: now)
    }

    /// What the last run left behind: lines that wait for the rest of their record; and what cannot be read of it, which is
    /// told once and not tried again.
    private func takeUp(unreadableIncidents: [Int64], at time: SourceTime) throws(DatabaseError) {
        if let text = store.setAside {
            log.error("\(text)")
            join(OwnNotice.setAside(text, localHost: host, at: time.wall), at: time.wall)
        }
        if !unreadableIncidents.isEmpty {
            pending.unreadableIncidents = unreadableIncidents
            let notice = OwnNotice.unreadable(incidents: unreadableIncidents, localHost: host, at: time.wall)
            log.error("\(notice.title)")
            join(notice, at: time.wall)
        }
        let held = try store.held()
        for key in held.unreadable {
            pending.unreadableHeld.append(key)
            take(OwnNotice.unreadableHeld(Source(key: key) ?? .file(key)), at: time.wall)
        }
        for batch in joining.restore(held.lines, at: time.monotonic) { observe(batch, at: time.wall) }
    }

    /// Positions in what the settings no longer name.
    func noteRetired() {
        for checkpoint in sources.retired { pending.note(checkpoint) }
        for key in sources.forgotten { pending.forget(key) }
    }

    /// The first look at all sources, made durable: what is written after it is new, whatever happens. Before it nobody may
    /// be told that the watcher is ready, nor that it has taken up new settings.
    package func begin() {
        _ = round(at: clock())
        if commitRetryAt == nil { keep(at: clock(), evenCheckpointsAlone: true) }
        let count = sources.beganAtEnd
        guard count > 0 else { return }
        log.notice(
            """
            \(counted(count, "file begins at its end", "files begin at their end")): what was \
            written before is not told (herald scan FILE looks at it)
            """)
    }

    /// Works until it is told to stop, or with `untilIdle` until nothing is left that is due, or until that cannot be
    /// written: nobody who waits for the end of it would be there to make room.
    /// - Returns: what was left undone that `untilIdle` promises.
    @discardableResult package func run() throws(SystemError) -> [String] {
        while true {
            let isIdle = round(at: clock())
            if answerRequests() { break }
            if options.untilIdle, (isIdle && !sources.isHoldingBack) || commitRetryAt != nil { break }
            giveBackMemory(isIdle: isIdle)
            try waitForMore(isIdle: isIdle)
        }
        keep(at: clock(), evenCheckpointsAlone: true)
        handOver(at: clock())
        desk.close()
        if options.untilIdle { sayWhatWaits(at: clock().wall) }
        return options.untilIdle ? [storeFault, outbox.fault].compactMap { $0 } : []
    }

    /// What is due later is nothing that `untilIdle` waits for, and nobody should have to find that out.
    private func sayWhatWaits(at now: Timestamp) {
        guard let waiting = book.lettersToCome(at: now) else { return }
        let time = waiting.next.rfc3339(utcOffset: SystemClock.utcOffset(at: waiting.next)).replacing("T", with: " ")
        log.notice(
            """
            \(counted(waiting.incidents, "incident waits", "incidents wait")), the next letter goes at \(time): it \
            needs a watcher that runs then
            """)
    }

    /// At rest again after much work, what only that needed is given back.
    private func giveBackMemory(isIdle: Bool) {
        guard isIdle else {
            busyRounds += 1
            return
        }
        if busyRounds >= Self.manyRounds {
            matchers.rest()
            ServiceManager.giveBackMemory()
        }
        busyRounds = 0
    }

    // MARK: The stages

    /// One round: sources → records → matcher → incident book → letters → store → incoming/. Returns whether nothing is left that
    /// is due now.
    package func round(at time: SourceTime) -> Bool {
        noticeClock(time)
        noticeHostName()
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
            outages.look(at: sources, &book, localHost: host, at: time, isInForce: isInForce)
            let isCaughtUp = sources.isIdle
            if book.isDue(time.wall, caughtUp: isCaughtUp) {
                book.utcOffset = SystemClock.utcOffset(at: time.wall)
                showLastHits()
            }
            write(book.due(time.wall, caughtUp: isCaughtUp), at: time)
            if isCaughtUp { book.isCatchingUp = false }
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

    /// A host may get its name after the daemons have started (cloud-init), or another one later.
    private func noticeHostName() {
        let name = hostName()
        if name == host { return }
        log.notice("this host is called \(Printable.text(name, limit: 100)) now")
        host = name
        counter = HitCounter(matcher.rules, localHost: name)
    }

    /// What a source handed over: its records through the matcher into the book, its notices, its checkpoints.
    private func take(_ output: SourceOutput, at time: SourceTime) {
        let now = time.wall
        for delivery in output.deliveries {
            let batch = joining.join(delivery.batch, at: time.monotonic)
            observe(batch, isAgeTrusted: delivery.isAgeTrusted, at: now)
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
}
