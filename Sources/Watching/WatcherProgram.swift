// The program herald-watcher: from its options to a running watcher.

import Control
import Glibc
import Logging
import Platform
import RuleMatching
import Settings
import YAML

package enum WatcherProgram {
    /// Runs the watcher in the foreground. Returns the exit code: 0 done, 2 wrong settings or rules, 75 another watcher
    /// owns the state, or it cannot be opened, or with `--until-idle` written, or letters cannot be handed over.
    package static func run(_ options: DaemonOptions) -> Int32 {
        let log = Logger(label: "herald-watcher")
        let read = { @Sendable () -> Settings? in
            let (settings, diagnostics) = Settings.read(options.config)
            for fault in diagnostics {
                log.log(level: fault.severity == .warning ? .warning : .error, "\(fault.unlevelled)")
            }
            return settings
        }
        guard let settings = read() else { return 2 }
        let rules = Watcher.rules(settings)
        for fault in rules.diagnostics {
            log.log(level: fault.severity == .warning ? .warning : .error, "\(fault.unlevelled)")
        }
        let faults = FileReadings.faults(settings.watch.files)
        for fault in faults { log.error("\(fault.unlevelled)") }
        guard let matcher = rules.matcher, faults.isEmpty else { return 2 }
        var isReady = false
        do {
            let signals = try Signals()
            let desk = try WatcherDesk()
            let watcher = try Watcher(
                settings, matcher: matcher, options: Watcher.Options(untilIdle: options.untilIdle), desk: desk,
                signals: signals, log: log, reload: read)
            let control = try ControlServer(path: settings.paths.socket("watcher"), log: log) { desk.ask($0) }
            watcher.begin()
            log.info("ready: \(matcher.rules.rules.count) rules, state in \(settings.paths.state("watcher"))")
            ServiceManager.ready()
            isReady = true
            defer {
                ServiceManager.stopping()
                control.stop()
            }
            let undone = try watcher.run()
            for words in undone { log.critical("not all is done: \(words)") }
            return undone.isEmpty ? 0 : 75
        } catch {
            if let system = error as? SystemError, system.errno == EWOULDBLOCK {
                log.error("another herald-watcher is at work on \(settings.paths.state("watcher"))")
            } else {
                log.critical("\(isReady ? "cannot go on" : "cannot start"): \(error)")
            }
            return 75
        }
    }
}
