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

    let options: Options
    let log: Logger
    let reload: () -> (settings: Settings?, diagnostics: [Diagnostic])
    let signals: Signals?
    let inbox: MailerInbox
    var settings: Settings
    var former = FormerSettings()

    let queue: Queue
    let intake: LetterIntake
    let pool: DeliveryPool
    let tokens: TokenKeeper
    let copies: SentCopies
    let knowledge: DeliveryKnowledge
    let fallback: Fallback

    var retry: Retry
    var book: AccountBook
    /// Destinations of accounts that deliver directly.
    var lanes = LaneBook()
    var destinations: DestinationRule
    /// New settings are in force, and that they make refusals void could not be written.
    var keepsRefusals = false
    var rates = SubmissionRates()
    /// With `noWait`: what was put off in this run.
    var putOff: Set<Int64> = []

    let started: Timestamp
    /// At the last round that was committed.
    var clock: MailerClock
    var agenda = Agenda()
    var stop = MailerStop()
    var troubles = MailerTroubles()
    var unwritten = Unwritten()
    /// How many threads a commit waits for.
    var group = CommitGroup()

    var mayHaveLetters = true
    var stallsMayHaveChanged = true
    /// What the last round left for later.
    var isWaiting = false

    /// Opens the queue (throws EWOULDBLOCK where another mailer owns it) and recovers what the last run left.
    package init(
        _ settings: Settings, options: Options, inbox: MailerInbox, signals: Signals?, log: Logger,
        reload: @escaping () -> (settings: Settings?, diagnostics: [Diagnostic])
    ) throws(QueueError) {
        let folder = settings.paths.state("mailer")
        (queue, troubles.setAside) = try Queue.open(folder: folder)
        let incoming = ["watcher", "responder"].map { (daemon: $0, path: settings.paths.incoming($0)) }
        do throws(SystemError) {
            intake = try LetterIntake(incoming: incoming, rejected: folder + "/rejected", log: log)
        } catch {
            throw .system(error)
        }
        fallback = Fallback(FallbackCommand(folder: folder, log: log))
        tokens = TokenKeeper(folder: folder, log: log)
        tokens.update(settings)
        copies = SentCopies(events: inbox.events, tokens: tokens, log: log)
        clock = MailerClock()
        started = clock.last.wall
        knowledge = try queue.knowledge(at: started, tokens: tokens)
        pool = DeliveryPool(
            events: inbox.events, idle: options.idleConnection, knowledge: knowledge, log: log)
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

    /// Works until it is told to stop, or until there is nothing to do (`untilIdle`). Returns the exit code.
    package func run() -> Int32 {
        while true {
            if !round() { return close() }
            wait(timeout())
            gather(commitTook: queue.commitTook)
            heed()
        }
    }
}
