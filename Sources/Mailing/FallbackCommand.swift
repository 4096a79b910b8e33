// What is told when no letter can be sent: a program that the administrator names gets the facts on standard input. It is
// run on a thread of its own, without a shell, for a quarter of a minute at most, and once an hour at most, restarts
// included; where it fails it is run again after a minute, then after two, four, and so on.

import Formats
import Glibc
import Logging
import Platform
import Synchronization

/// The command, and when it was run last. Belongs to the mailer's thread.
final class FallbackCommand {
    /// Between two runs that went well, at least.
    static let pause = Duration.seconds(3600)
    /// So long reports wait before it is run, when time alone may mend what is wrong.
    static let patience = Duration.seconds(300)
    private static let deadline = Duration.seconds(15)
    private static let again = Retry(first: .seconds(60), maximum: pause)

    /// What it is told.
    struct Message: Sendable {
        var facts: String
        /// For the log.
        var matter: String
        /// Refusals up to then are told with it; nil: it tells of none.
        var refusedUntil: Timestamp?
    }

    private enum Run {
        case none
        case underWay
        case over(isWell: Bool)
    }

    private let marker: String
    private let log: Logger
    /// When it was run last, and went well.
    private var last: Timestamp?
    /// Runs in a row that failed, and when the last of them began.
    private var failed: (count: Int, at: Timestamp)?
    /// What the run under way is told, and when it began.
    private var present: (message: Message, at: Timestamp)?
    /// Refusals up to then were told, in this run of the mailer or before it; nil: never.
    private(set) var refusedUntil: Timestamp?
    private var worker: Worker?
    private let state: Outcome

    /// How the run ended, told by its thread.
    private final class Outcome: Sendable {
        let run = Mutex(Run.none)
    }

    /// - Parameter folder: the mailer's state; the time of a file there is that of the last run, and its text up to when
    ///   refusals were told, in microseconds.
    init(folder: String, log: Logger) {
        marker = folder + "/fallback-told"
        self.log = log
        state = Outcome()
        last = (try? FileStatus.of(marker))?.modified
        let text = (try? Files.read(marker, limit: 64)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        refusedUntil = Int64(text.prefix { $0 != "\n" }).map { Timestamp(microseconds: $0) } ?? last
    }

    /// Whether it may be run at `now`. A time in the future is a clock that was set back.
    func isDue(_ now: Timestamp) -> Bool {
        guard collect() else { return false }
        func isOver(_ wait: Duration, since time: Timestamp) -> Bool {
            now - time >= wait || time > now + .seconds(60)
        }
        if let failed {
            return isOver(Self.again.delay(afterAttempts: failed.count, jitter: 0), since: failed.at)
        }
        return last.map { isOver(Self.pause, since: $0) } ?? true
    }

    /// Takes over how the last run ended. False while it is under way.
    private func collect() -> Bool {
        let isWell: Bool
        switch state.run.withLock({ $0 }) {
        case .none: return true
        case .underWay: return false
        case .over(let ending): isWell = ending
        }
        worker?.join()
        worker = nil
        state.run.withLock { $0 = .none }
        guard let present else { return true }
        self.present = nil
        if isWell {
            (last, failed) = (present.at, nil)
            refusedUntil = present.message.refusedUntil ?? refusedUntil
        } else {
            failed = ((failed?.count ?? 0) + 1, present.at)
        }
        return true
    }

    /// Runs it; returns at once. Where it `isDue`.
    func run(_ arguments: [String], _ message: Message, at now: Timestamp) {
        present = (message, now)
        state.run.withLock { $0 = .underWay }
        let note = (message.refusedUntil ?? refusedUntil).map { "\($0.microseconds)\n" } ?? ""
        let (state, log, marker) = (state, log, marker)
        do throws(SystemError) {
            worker = try Worker.start("fallback") {
                let isWell = Self.execute(arguments, message, log)
                if isWell { Self.note(note, in: marker, log) }
                state.run.withLock { $0 = .over(isWell: isWell) }
            }
        } catch {
            state.run.withLock { $0 = .over(isWell: false) }
            log.critical("report.fallback_command cannot be run: \(error)")
        }
    }

    /// Waits for a run that is under way.
    func close() {
        worker?.join()
        worker = nil
    }

    private static func execute(_ arguments: [String], _ message: Message, _ log: Logger) -> Bool {
        do throws(SystemError) {
            let result = try ChildProcess(arguments, deadline: deadline).run(input: Array(message.facts.utf8))
            if result.ending == .exited(0) {
                log.notice("report.fallback_command was told of \(message.matter)")
                return true
            }
            log.error("report.fallback_command \(result.words)")
        } catch {
            log.critical("report.fallback_command cannot be run: \(error)")
        }
        return false
    }

    private static func note(_ text: String, in marker: String, _ log: Logger) {
        do throws(SystemError) {
            try Files.write(text.utf8, to: marker)
        } catch {
            log.warning("that report.fallback_command was run cannot be noted: \(error)")
        }
    }
}
