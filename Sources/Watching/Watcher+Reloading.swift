// New settings and rules for a watcher at work. Must stay true: they are taken over all or not at all, and the sources go
// on from where they were.

import Incidents
import Platform
import Records
import RuleMatching
import Settings

extension Watcher {
    /// The rules that the settings name; compiled once and kept beside the state.
    static func rules(_ settings: Settings) -> RuleLoading.Loaded {
        var loaded = RuleLoading.load(
            settings.watch.rules, disabled: settings.watch.disabledRules, withExamples: false, cache: cache(settings))
        // Half a megabyte of text that nobody asks for any more.
        loaded.files = RuleFiles()
        return loaded
    }

    static func cache(_ settings: Settings) -> DatabaseCache { DatabaseCache(folder: settings.paths.state("watcher")) }

    /// New settings and rules, if they are all valid; no line is missed, because the sources resume where they were.
    func reloadSettings() {
        ServiceManager.reloading()
        defer { ServiceManager.ready() }
        guard let settings = reload() else {
            return keepOld(
                because: "the settings are not valid (\(self.settings.command.line("check")) names the faults)")
        }
        let rules = Self.rules(settings)
        for fault in rules.diagnostics {
            log.log(level: fault.severity == .warning ? .warning : .error, "\(fault.unlevelled)")
        }
        guard let matcher = rules.matcher else {
            return keepOld(because: "the rules are not valid (\(settings.command.line("check")) names the faults)")
        }
        if settings.watch != self.settings.watch {
            keep(at: clock(), evenCheckpointsAlone: true)
            guard commitRetryAt == nil, let checkpoints = try? store.checkpoints() else {
                return keepOld(because: "the state cannot be written")
            }
            do throws(MatcherError) {
                let batches: [RecordBatch]
                (joining, batches) = try joining.reconfigured(settings.watch, at: clock().monotonic)
                for batch in batches { observe(batch, at: clock().wall) }
            } catch {
                return keepOld(because: "\(error)")
            }
            sources = SourceSet(settings.watch, command: settings.command, checkpoints: checkpoints)
            noteRetired()
            outages = SourceOutages()
        }
        reloadFault = nil
        let paths = self.settings.paths
        self.settings = settings
        matchers = MatcherPair(matcher)
        counter = HitCounter(matcher.rules, localHost: host)
        book.policy = ReportPolicy(settings.report)
        context = ContextLines(count: settings.report.contextLines)
        book.expect(matcher.rules.rules, host: host, at: clock().wall)
        planHeartbeat(at: clock().wall)
        if settings.paths != paths {
            self.settings.paths = paths
            reloadFault = ReloadWords.needsRestart
            log.warning("\(ReloadWords.needsRestart)")
        }
        begin()
        log.notice("\(ReloadWords.done): \(matcher.rules.rules.count) rules")
    }

    private func keepOld(because reason: String) {
        reloadFault = ReloadWords.kept(because: reason)
        log.error("\(reloadFault ?? "")")
    }
}
