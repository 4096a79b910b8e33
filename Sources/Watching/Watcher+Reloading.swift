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
        RuleLoading.load(
            settings.watch.rules, disabled: settings.watch.disabledRules,
            cache: DatabaseCache(folder: settings.paths.state("watcher")))
    }

    /// New settings and rules, if they are all valid; no line is missed, because the sources resume where they were.
    func reloadSettings() {
        ServiceManager.reloading()
        defer { ServiceManager.ready() }
        guard let settings = reload() else {
            reloadFault = "the settings are invalid, the old ones are in force (herald check names the faults)"
            return log.error("reload: the settings are invalid; the old ones stay in force")
        }
        let rules = Self.rules(settings)
        for diagnostic in rules.diagnostics { log.warning("\(diagnostic)") }
        guard let matcher = rules.matcher else {
            reloadFault = "the rules are invalid, the old ones are in force (herald check names the faults)"
            return log.error("reload: the rules are invalid; the old ones stay in force")
        }
        if settings.watch != self.settings.watch {
            keep(at: clock(), evenCheckpointsAlone: true)
            guard commitRetryAt == nil, let checkpoints = try? store.checkpoints() else {
                reloadFault = "the state cannot be written, so the new settings are not in force"
                return
            }
            do throws(MatcherError) {
                let batches: [RecordBatch]
                (joining, batches) = try joining.reconfigured(settings.watch, at: clock().monotonic)
                for batch in batches { observe(batch, at: clock().wall) }
            } catch {
                reloadFault = "the settings are invalid, the old ones are in force: \(error)"
                return log.error("reload: \(error); the old settings stay in force")
            }
            sources = SourceSet(settings.watch, checkpoints: checkpoints)
        }
        reloadFault = nil
        self.settings = settings
        self.matcher = matcher
        counter = HitCounter(matcher.rules, localHost: host)
        book.policy = ReportPolicy(settings.report)
        context = ContextLines(count: settings.report.contextLines)
        log.notice("reloaded: \(matcher.rules.rules.count) rules")
    }
}
