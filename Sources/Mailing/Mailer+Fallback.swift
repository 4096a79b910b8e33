// When reports wait and no account can carry them, the administrator is told in another way (report.fallback_command).

import Formats
import Logging
import Platform
import Settings

extension Mailer {
    /// After each round: runs the command when reports of the watcher wait and none of their accounts works; at once where
    /// only a person can mend it, else when it has lasted a while.
    func tellFallback(at now: Timestamp) {
        let arguments = settings.report.fallbackCommand
        let allowed = book.allowed(settings.alias(settings.report.from))
        guard !arguments.isEmpty, troubles.database == nil, !allowed.contains(where: { !$0.isPaused }) else {
            return fallback.since = nil
        }
        let since = fallback.since ?? SystemClock.monotonic()
        fallback.since = since
        let needsPerson = allowed.allSatisfy(\.needsPerson)
        guard needsPerson || SystemClock.monotonic() - since >= FallbackCommand.patience,
            fallback.command.isDue(now), let waiting = try? queue.waitingReports(), waiting.count > 0
        else { return }
        let message = FallbackCommand.Message(
            facts: facts(allowed, waiting), matter: "accounts of which none works")
        fallback.command.run(arguments, message, at: now)
    }

    private func facts(_ accounts: [AccountState], _ waiting: ReportDigest) -> String {
        var lines = ["Herald on \(HostNames.host()) cannot send its reports: no account works.", "", "Accounts:"]
        lines += accounts.map { "  \($0.settings.name) (\($0.settings.server)): \($0.fault ?? "")" }
        if accounts.isEmpty { lines.append("  none is enabled") }
        lines += ["", "Reports that wait: \(waiting.count), since \(waiting.oldest?.rfc3339() ?? ""):"]
        lines += waiting.first.map { "  \(Printable.text($0.subject, limit: 200))" }
        if waiting.count > waiting.first.count { lines.append("  and \(waiting.count - waiting.first.count) more") }
        return (lines + ["", whereToLook, ""]).joined(separator: "\n")
    }
}
