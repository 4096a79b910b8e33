// When reports wait and no account can carry them, the administrator is told in another way (report.fallback_command).

import Formats
import Logging
import Platform
import Settings

extension Mailer {
    /// After each round: runs the command when reports of the watcher wait and no account can carry them; at once where
    /// only a person can mend it, else when it has lasted a while.
    func tellFallback(at now: Timestamp) {
        let arguments = settings.report.fallbackCommand
        let allowed = book.allowed(settings.alias(settings.report.from))
        let noneWorks = allowed.allSatisfy(\.isPaused)
        let stranded = noneWorks ? [] : stranded
        guard !arguments.isEmpty, troubles.database == nil, noneWorks || !stranded.isEmpty else {
            return fallback.since = nil
        }
        let since = fallback.since ?? SystemClock.monotonic()
        fallback.since = since
        let isLong = SystemClock.monotonic() - since >= FallbackCommand.patience
        guard fallback.command.isDue(now) else { return }
        if noneWorks {
            guard isLong || allowed.allSatisfy(\.needsPerson), let waiting = try? queue.waitingReports() else { return }
            return tell(waiting, allowed, refusedBy: [], at: now)
        }
        let told = stranded.filter { isLong || $0.others.allSatisfy(\.needsPerson) }
        guard let waiting = try? queue.waitingReports(told) else { return }
        let names = Set(told.flatMap { $0.others.map(\.settings.name) })
        let others = book.accounts.filter { names.contains($0.settings.name) }
        tell(waiting, others, refusedBy: Set(told.flatMap(\.refusedBy)), at: now)
    }

    private func tell(
        _ waiting: ReportDigest, _ accounts: [AccountState], refusedBy: Set<String>, at now: Timestamp
    ) {
        guard waiting.count > 0 else { return }
        let matter = refusedBy.isEmpty ? "accounts of which none works" : "reports that no account can carry"
        fallback.command.run(
            settings.report.fallbackCommand,
            FallbackCommand.Message(facts: facts(accounts, refusedBy, waiting), matter: matter), at: now)
    }

    private func facts(_ accounts: [AccountState], _ refusedBy: Set<String>, _ waiting: ReportDigest) -> String {
        let lack = refusedBy.isEmpty ? "cannot send its reports: no account works" : "cannot send all of its reports"
        var lines = ["Herald on \(HostNames.host()) \(lack).", "", "Accounts:"]
        lines += accounts.map { "  \($0.settings.name) (\($0.settings.server)): \($0.fault ?? "")" }
        lines += refusedBy.sorted().map { "  \($0): works, but has refused these reports" }
        if accounts.isEmpty { lines.append("  none is enabled") }
        lines += ["", "Reports that wait: \(waiting.count), since \(waiting.oldest?.rfc3339() ?? ""):"]
        lines += waiting.first.map { "  \(Printable.text($0.subject, limit: 200))" }
        if waiting.count > waiting.first.count { lines.append("  and \(waiting.count - waiting.first.count) more") }
        return (lines + ["", whereToLook, ""]).joined(separator: "\n")
    }
}
