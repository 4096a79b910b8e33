// What is told when no letter can be sent: a program that the administrator names gets the facts on standard input. It is
// run on a thread of its own, without a shell, for a quarter of a minute at most, and once an hour at most, restarts
// included.

import Formats
import Glibc
import Logging
import Platform
import Synchronization

/// The command, and when it was run last. Belongs to the mailer's thread.
final class FallbackCommand {
    /// Between two runs, at least.
    static let pause = Duration.seconds(3600)
    /// So long reports wait before it is run, when time alone may mend what is wrong.
    static let patience = Duration.seconds(300)
    private static let deadline = Duration.seconds(15)

    private let marker: String
    private let log: Logger
    private var last: Timestamp?
    private var worker: Worker?
    private let isDone: Done

    /// Told by the thread that ran it.
    private final class Done: Sendable {
        let value = Atomic(true)
    }

    /// - Parameter folder: the mailer's state; a file there keeps when it was run last.
    init(folder: String, log: Logger) {
        marker = folder + "/fallback-told"
        self.log = log
        isDone = Done()
        last = (try? FileStatus.of(marker))?.modified
    }

    /// Whether it may be run at `now`. A time in the future is a clock that was set back.
    func isDue(_ now: Timestamp) -> Bool {
        isDone.value.load(ordering: .acquiring)
            && last.map { now - $0 >= Self.pause || $0 > now + .seconds(60) } ?? true
    }

    /// Runs it; returns at once. `matter` is for the log.
    func run(_ arguments: [String], facts: String, about matter: String, at now: Timestamp) {
        worker?.join()
        worker = nil
        last = now
        do throws(SystemError) {
            try Files.write([], to: marker)
        } catch {
            log.warning("that report.fallback_command was run cannot be noted: \(error)")
        }
        isDone.value.store(false, ordering: .releasing)
        let (done, log) = (isDone, log)
        do throws(SystemError) {
            worker = try Worker.start("fallback") {
                Self.execute(arguments, facts, matter, log)
                done.value.store(true, ordering: .releasing)
            }
        } catch {
            isDone.value.store(true, ordering: .releasing)
            log.critical("report.fallback_command cannot be run: \(error)")
        }
    }

    /// Waits for a run that is under way.
    func close() {
        worker?.join()
        worker = nil
    }

    private static func execute(_ arguments: [String], _ facts: String, _ matter: String, _ log: Logger) {
        do throws(SystemError) {
            let result = try ChildProcess(arguments, deadline: deadline).run(input: Array(facts.utf8))
            if result.ending == .exited(0) {
                log.notice("report.fallback_command was told of \(matter)")
            } else {
                log.error("report.fallback_command \(result.words)")
            }
        } catch {
            log.critical("report.fallback_command cannot be run: \(error)")
        }
    }
}
