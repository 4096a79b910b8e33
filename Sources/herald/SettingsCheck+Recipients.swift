// Whether what the rules find reaches somebody.

import Rules
import Settings

extension SettingsCheck {
    /// What is severe enough to be told and wanted by no recipient, in words; nil where there is no such thing.
    static func unheard(of rules: [Rule], _ settings: Settings) -> String? {
        let report = settings.report
        guard report.enabled, report.recipients.contains(where: \.enabled) else { return nil }
        let disabled = Set(settings.watch.disabledRules)
        // Of what Herald reports of itself, what is always critical.
        let own = Rule.own.subtracting(["herald-file-skipped", "herald-journal-skipped", "herald-pattern-limit"])
            .subtracting(["herald-expect-limit"])
        let found = rules.map { ($0.id, $0.severity) } + own.sorted().map { ($0, Severity.critical) }
        let unheard = found.filter { id, severity in
            severity.isAtLeast(report.minSeverity) && !disabled.contains(id)
                && !report.recipients.contains { $0.wants(rule: id, severity: severity) }
        }.sorted { ($0.1, $1.0) > ($1.1, $0.0) }
        guard let worst = unheard.first?.1 else { return nil }
        let some = unheard.prefix(5).map { "\($0.0) (\($0.1.name))" }.joined(separator: ", ")
        return "no recipient wants what \(unheard.count == 1 ? "1 rule finds" : "\(unheard.count) rules find"), up to "
            + "\(worst.name): it is recorded and nobody is told: " + some + (unheard.count > 5 ? " and others" : "")
    }
}
