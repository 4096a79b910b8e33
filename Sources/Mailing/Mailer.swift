// The mailer: one thread that owns the queue. It turns in rounds, each a single transaction, so that everything that
// happened meanwhile (letters that came, outcomes, dots that are about to go out) is committed with one sync of the disk;
// only after the commit is anything done that depends on it. Talking to servers is the delivery threads' work.

import Formats
import Glibc
import Logging
import Platform
import Settings
import YAML

/// The coordinator of the program herald-mailer.
package final class Mailer {
    package struct Options: Sendable {
        /// Work off what is there, then return.
        package var untilIdle = false
        /// With `untilIdle`: no second attempt of anything.
        package var noWait = false
        /// How long a connection without work is kept open.
        package var idleConnection = Duration.seconds(5)
        /// How often the folders are looked at, should inotify have missed something.
        package var rescan = Duration.seconds(5)
        /// How long a stop waits for what is under way.
        package var stopGrace = Duration.seconds(20)

        package init(untilIdle: Bool = false, noWait: Bool = false) {
            self.untilIdle = untilIdle
            self.noWait = noWait
        }
    }

    /// How long what a thread has done may be untold, for it to go with the next dot's commit.
    private static let untold = Duration.milliseconds(50)

    /// How often it is written down that the mailer is at work: by so much may a crash make letters wait longer.
    private static let seenEvery = Duration.seconds(600)

    let options: Options
    let log: Logger
    let reload: () -> (settings: Settings?, diagnostics: [Diagnostic])
    let signals: Signals?
    let queue: Queue
    let intake: LetterIntake
    let pool: DeliveryPool
    let tokens: TokenKeeper
    let copies: SentCopies
    /// Accounts whose sign-in has not been used for long.
    var rested: [String] = []
    let started: Timestamp
    let inbox: MailerInbox
    var settings: Settings
    var retry: Retry
    var book: AccountBook
    /// Destinations of accounts that deliver directly.
    var lanes = LaneBook()
    var destinations: DestinationRule
    let knowledge: DeliveryKnowledge
    /// What threads have learned and is not committed yet.
    private var learned = LearnedFacts()
    private var group = CommitGroup()
    /// What was taken back from threads in this round.
    var takenBack: [Int64] = []
    /// Why DANE cannot be had here; nil where it can, or nobody has looked.
    var noDANE: String?
    /// When the name server is looked at again; monotonic.
    var nextSurvey: Duration?
    /// Reports whose effect on the queue is not committed yet.
    var unrecorded: [MailerEvent] = []
    /// With `noWait`: what was put off in this run.
    var putOff: Set<Int64> = []
    var rates = SubmissionRates()
    /// Why the settings in force are older than the files.
    var reloadFault: String?
    /// Why the database could not be written; told once.
    var databaseFault: String?
    /// A letter or a request that could not be written, though others could; told once.
    var noRoom: String?
    var setAside: String?

    let fallback: FallbackCommand
    /// Since when no account carries reports; monotonic.
    var fallbackSince: Duration?

    /// Reports that were refused for good since the fallback was told.
    var refusedReports: [RefusedReport] = []
    /// When reports that wait are looked for; monotonic.
    var nextWarning = SystemClock.monotonic()

    var mayHaveLetters = true
    var stallsMayHaveChanged = true
    /// When a stop waits no longer, but for answers to dots; monotonic.
    var stopsBy: Duration?
    /// When it waits for these no longer.
    private var dotsBy: Duration?
    /// With `untilIdle`: the queue cannot be written, and nobody who waits for the end of it would be there to make room.
    private var hasGivenUp = false
    private var nextRescan = SystemClock.monotonic()
    private var nextSweep = SystemClock.monotonic()
    private var nextForget = SystemClock.monotonic()
    /// At the last round that was committed.
    var clock: (wall: Timestamp, monotonic: Duration)
    /// When it was last written down that the mailer is at work; monotonic.
    private var seen = SystemClock.monotonic()
    /// What the last round left for later.
    var isWaiting = false

    /// Opens the queue (throws EWOULDBLOCK where another mailer owns it) and recovers what the last run left.
    package init(
        _ settings: Settings, options: Options, inbox: MailerInbox, signals: Signals?, log: Logger,
        reload: @escaping () -> (settings: Settings?, diagnostics: [Diagnostic])
    ) throws(QueueError) {
        let folder = settings.paths.state("mailer")
        (queue, setAside) = try Queue.open(folder: folder)
        let incoming = ["watcher", "responder"].map { (daemon: $0, path: settings.paths.incoming($0)) }
        do throws(SystemError) {
            intake = try LetterIntake(incoming: incoming, rejected: folder + "/rejected", log: log)
        } catch {
            throw .system(error)
        }
        fallback = FallbackCommand(folder: folder, log: log)
        tokens = TokenKeeper(folder: folder, log: log)
        tokens.update(settings)
        copies = SentCopies(events: inbox.events, tokens: tokens, log: log)
        started = SystemClock.now()
        knowledge = try queue.knowledge(at: started, tokens: tokens)
        pool = DeliveryPool(
            events: inbox.events, idle: options.idleConnection, knowledge: knowledge, log: log)
        clock = (started, SystemClock.monotonic())
        book = AccountBook(settings.smtp.accounts)
        destinations = DestinationRule(settings, book)
        retry = Retry(settings.smtp.retry)
        (self.settings, self.options, self.inbox, self.signals) = (settings, options, inbox, signals)
        (self.log, self.reload) = (log, reload)
        try recover()
    }

    /// A mailer at work on what can be read of its queue, however much of that is damaged.
    package static func start(
        _ settings: Settings, options: Options, inbox: MailerInbox, signals: Signals?, log: Logger,
        reload: @escaping () -> (settings: Settings?, diagnostics: [Diagnostic])
    ) throws(QueueError) -> Mailer {
        do throws(QueueError) {
            return try Mailer(
                settings, options: options, inbox: inbox, signals: signals, log: log, reload: reload)
        } catch  where error.isDamage {
            Queue.noteDamage(folder: settings.paths.state("mailer"))
        }
        return try Mailer(settings, options: options, inbox: inbox, signals: signals, log: log, reload: reload)
    }

    private func recover() throws(QueueError) {
        if let setAside { log.critical("\(setAside)") }
        let now = started
        let folder = settings.paths.state("mailer")
        let found = try queue.transaction { () throws(QueueError) in
            try queue.restore(&book, at: now)
            try queue.restore(&lanes, at: now)
            try queue.resume(at: now)
            try queue.bound(at: now, retry)
            try queue.seen(at: now)
            return try queue.recover(at: now, hold: settings.smtp.uncertain == .hold)
        }
        lanes.keep(Set(settings.smtp.accounts.map(\.name)))
        try queue.loadIndex(at: now, tellsDestinations: destinations.tells)
        book.probeWhatChanged(AccountStamp.stamps(settings.smtp.accounts, folder: folder), at: now)
        if found.sending > 0 { log.notice("\(found.sending) deliveries were under way and are queued again") }
        if found.uncertain > 0 {
            log.warning("\(found.uncertain) deliveries waited for the server's last answer and are uncertain")
        }
        if !settings.smtp.accounts.contains(where: \.enabled) {
            log.warning("no account is enabled in smtp.accounts: letters wait")
        }
        tellRedirect()
    }

    /// Works until it is told to stop, or until there is nothing to do (`untilIdle`). Returns the exit code.
    package func run() -> Int32 {
        while true {
            if !round() { return close() }
            wait(timeout())
            gather()
            heed()
        }
    }

    /// Waits for whatever comes first.
    private func wait(_ timeout: Duration) {
        var sources = [(number: inbox.events.descriptor.number, interest: Interest.readable)]
        sources.append((intake.descriptor.number, .readable))
        if let signals { sources.append((signals.descriptor.number, .readable)) }
        _ = try? Poller.wait(sources, timeout: timeout)
        if intake.hasEvents() { mayHaveLetters = true }
    }

    /// So that one sync of the disk serves several connections.
    private func gather() {
        guard stopsBy == nil, pool.busy > 1, inbox.events.urgent > 0 else { return }
        let (count, wait) = group.wants(busy: pool.busy, commitTook: queue.commitTook)
        guard count > 1, wait >= Self.shortestGathering else { return }
        group.came(inbox.events.gather(count, for: wait), wanted: count)
    }

    /// poll(2) counts in milliseconds: where the disk is quicker, nothing is gained.
    private static let shortestGathering = Duration.microseconds(250)

    /// What came that is not the queue's business.
    private func heed() {
        while let request = signals?.next() {
            switch request {
            case .stop: stopsBy == nil ? beginStop() : hurry()
            case .reload: reloadSettings()
            }
        }
        let time = SystemClock.monotonic()
        guard time >= nextRescan else { return }
        nextRescan = time + min(options.rescan, ServiceManager.watchdogInterval() ?? options.rescan)
        intake.watch()
        if time >= nextSweep {
            nextSweep = time + .seconds(3600)
            intake.sweep(before: SystemClock.now() - .seconds(3600))
            rested = tokens.rested(at: SystemClock.now())
        }
        mayHaveLetters = true
        stallsMayHaveChanged = true
        ServiceManager.watchdog()
    }

    /// A stop that is asked for twice waits for nothing.
    private func hurry() {
        stopsBy = SystemClock.monotonic()
        dotsBy = stopsBy
    }

    /// No claims from now on. What is under way has `stopGrace` to come to its dot; what is behind it, as long as a server
    /// may take for its answer: a letter whose answer was not waited for would be sent twice.
    func beginStop() {
        guard stopsBy == nil else { return }
        ServiceManager.stopping()
        let time = SystemClock.monotonic()
        stopsBy = time + options.stopGrace
        let longest = book.accounts.map(\.settings.timeouts.finalReply).max() ?? .zero
        dotsBy = time + options.stopGrace + longest
        if pool.busy > 0 { ServiceManager.extendTimeout(by: options.stopGrace + longest + .seconds(10)) }
        takeBack()
        log.info("stopping\(pool.busy > 0 ? " after \(pool.busy) letters that are under way" : "")")
    }

    /// What threads have not begun goes back to the queue.
    func takeBack() {
        let deliveries = pool.withdraw()
        if !deliveries.isEmpty { unrecorded.append(.takenBack(deliveries)) }
    }

    /// What threads have learned is written with the next commit.
    func learn() { learned.take(from: knowledge) }

    /// Damage was met: only a start can set the database aside, because everything is based on what it says.
    private func stopForDamage(_ error: QueueError) {
        if !hasGivenUp {
            log.critical("\(error); it is set aside at the next start, and what can be read carried over")
        }
        databaseFault = "\(error)"
        Queue.noteDamage(folder: settings.paths.state("mailer"))
        hasGivenUp = true
        beginStop()
    }

    /// What was sent may still be recorded within the time that a stop has.
    func giveUp() {
        guard options.untilIdle, stopsBy == nil else { return }
        hasGivenUp = true
        beginStop()
    }

    /// The stages, in order, in one transaction; where that cannot be written, each by itself. False when the work is over.
    func round() -> Bool {
        let now = SystemClock.now()
        let reports = receive()
        var effects: Effects
        do throws(QueueError) {
            effects = try commit { (effects) throws(QueueError) in
                try noticeClock(now)
                try record(reports, at: now, &effects)  // outcomes, dots, requests
                try takeIn(at: now, &effects)  // incoming/ → queue
                try schedule(at: now, &effects)  // queue → accounts
                try warn(at: now, &effects)
                try forget(at: now)
            }
            databaseFault = nil
            if let intake = effects.intake, !intake.taken.isEmpty, !intake.hasMore { noRoom = nil }
        } catch {
            if error.isDamage { stopForDamage(error) }
            effects = roundApart(reports, at: now)
        }
        tellFallback(at: now)
        tellRefusals(at: now)
        return !isOver(effects)
    }

    /// One transaction, and after its commit what depends on it. What the stages change beside the database is put back
    /// when it is not committed.
    func commit(_ stages: (inout Effects) throws(QueueError) -> Void) throws(QueueError) -> Effects {
        let before = (book: book, lanes: lanes, putOff: putOff, clock: clock, rates: rates)
        var effects = Effects()
        do throws(QueueError) {
            try queue.transaction { () throws(QueueError) in
                try stages(&effects)
                try queue.save(book, before: before.book)
                try queue.save(lanes, before: before.lanes)
                if !learned.isEmpty { try queue.save(learned) }
            }
        } catch {
            (book, lanes, putOff, clock, rates) = before
            // The threads do not have them any more.
            if !takenBack.isEmpty { unrecorded.append(.takenBack(takenBack)) }
            takenBack = []
            copies.mayHaveChanged = true
            throw error
        }
        learned = LearnedFacts()
        takenBack = []
        if rates != before.rates { inbox.know(rates) }
        settle(effects)
        return effects
    }

    /// A wall clock that was set must neither give letters up nor make them wait for a year.
    func noticeClock(_ now: Timestamp) throws(QueueError) {
        let monotonic = SystemClock.monotonic()
        let step = (now - clock.wall) - (monotonic - clock.monotonic)
        clock = (now, monotonic)
        let isSet = step > .seconds(60) || step < .seconds(-60)
        if isSet || monotonic - seen >= Self.seenEvery {
            try queue.seen(at: now)
            seen = monotonic
        }
        guard isSet else { return }
        log.notice("the clock was set by \(step.microseconds / 1_000_000) s: times of attempts move with it")
        try queue.clockWasSet(by: step)
        try queue.bound(at: now, retry)
        try queue.loadIndex(at: now)
        book.clockWasSet(by: step)
        lanes.clockWasSet(by: step)
    }

    private func forget(at now: Timestamp) throws(QueueError) {
        guard SystemClock.monotonic() >= nextForget else { return }
        let more = try queue.forget(before: now - settings.smtp.keep) > 0
        try queue.forgetRedirects()
        nextForget = SystemClock.monotonic() + (more ? .seconds(1) : .seconds(3600))
    }

    private func isOver(_ effects: Effects) -> Bool {
        if let stopsBy {
            if pool.busy == 0 && unrecorded.isEmpty { return true }
            let time = SystemClock.monotonic()
            if time < stopsBy { return false }
            return time >= dotsBy ?? stopsBy || pool.busy == 0 || queue.index.count(.dotPending) == 0
        }
        guard options.untilIdle, databaseFault == nil, pool.busy == 0, effects.orders.isEmpty, !copies.isBusy,
            !(effects.intake?.hasMore ?? false), intake.isEmpty
        else { return false }
        if options.noWait { return !isWaiting }
        if !queue.index.hasWork { return true }
        return !settings.smtp.accounts.contains(where: \.enabled) || settings.smtp.redirect.holdsAll
    }

    private func timeout() -> Duration {
        let time = SystemClock.monotonic()
        var waits = [nextRescan - time, stopsBy.map { $0 > time ? $0 - time : .seconds(1) } ?? .seconds(60)]
        if databaseFault != nil { return .seconds(1) }
        let now = SystemClock.now()
        if mayHaveLetters { return .zero }
        if let due = queue.index.nextTime() { waits.append(due - now) }
        if let due = lanes.nextDue { waits.append(due - now) }
        if pool.hasBatches { waits.append(Self.untold) }
        if let due = copies.nextDue, !copies.isBusy, stopsBy == nil { waits.append(due - now) }
        if let change = book.nextChange(after: clock.wall) { waits.append(change - now) }
        return max(.zero, waits.min() ?? .zero)
    }

    private func close() -> Int32 {
        inbox.close()
        pool.close()
        copies.close()
        let now = SystemClock.now()
        _ = try? queue.transaction { () throws(QueueError) in try queue.seen(at: now) }
        fallback.close()
        if hasGivenUp {
            log.critical("not all is done: \(databaseFault ?? noRoom ?? "the queue could not be written for a time")")
            return 75
        }
        return options.untilIdle && !options.noWait && stopsBy == nil && queue.index.hasWork ? 1 : 0
    }
}

extension Retry {
    init(_ settings: Settings.Retry) {
        self.init(first: settings.first, maximum: settings.maximum, giveUpAfter: settings.giveUpAfter)
    }
}
