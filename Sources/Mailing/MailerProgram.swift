// The program herald-mailer: from its options to a running mailer.

import Control
import Formats
import Glibc
import Logging
import Platform
import Settings
import YAML

package enum MailerProgram {
    /// Runs the mailer in the foreground. Returns the exit code: 0 done, 1 letters are left that nothing can carry
    /// (`--until-idle`), 2 wrong settings, 75 another mailer owns the state, or it cannot be opened,
    /// or with `--until-idle` written.
    package static func run(_ options: DaemonOptions) -> Int32 {
        let log = Logger(label: "herald-mailer")
        let read = { @Sendable () -> (settings: Settings?, diagnostics: [Diagnostic]) in
            Settings.read(options.config)
        }
        let (settings, diagnostics) = read()
        for fault in diagnostics {
            log.log(level: fault.severity == .warning ? .warning : .error, "\(fault.unlevelled)")
        }
        guard let settings else { return 2 }
        do throws(QueueError) {
            return try run(settings, options, log, read)
        } catch {
            if case .system(let cause) = error, cause.errno == EWOULDBLOCK {
                log.error("another herald-mailer is at work on \(settings.paths.state("mailer"))")
            } else {
                log.critical("cannot start: \(error)")
            }
            return 75
        }
    }

    private static func run(
        _ settings: Settings, _ options: DaemonOptions, _ log: Logger,
        _ reload: @escaping @Sendable () -> (settings: Settings?, diagnostics: [Diagnostic])
    ) throws(QueueError) -> Int32 {
        let (signals, inbox) = try system { () throws(SystemError) in (try Signals(), try MailerInbox()) }
        let choices = Mailer.Options(untilIdle: options.untilIdle, noWait: options.noWait)
        let mailer = try Mailer.start(
            settings, options: choices, inbox: inbox, signals: signals, log: log, reload: reload)
        let tokens = mailer.tokens
        let control = try system { () throws(SystemError) in
            try ControlServer(
                path: settings.paths.socket("mailer"), log: log, gate: { inbox.refusal($0, $1, $2) },
                handler: { tokens.answer($0) ?? inbox.ask($0) })
        }
        log.info(
            "ready: \(counted(settings.smtp.accounts.count, "account")), state in \(settings.paths.state("mailer"))")
        ServiceManager.ready()
        let code = mailer.run()
        control.stop()
        return code
    }

    private static func system<T>(_ body: () throws(SystemError) -> T) throws(QueueError) -> T {
        do throws(SystemError) { return try body() } catch { throw .system(error) }
    }
}
