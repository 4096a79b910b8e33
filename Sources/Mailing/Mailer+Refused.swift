// A report that is refused for good may have been the only word of a critical error: the journal has it at `crit`, the
// status shows it, and report.fallback_command is told, whatever restarts come between.

import Formats
import Logging
import Platform
import Settings

extension Mailer {
    /// Where the command was never run: what failed before that was there to be seen.
    private static let untoldBefore = Duration.seconds(86400)

    /// How the log tells of a delivery that has failed; a report is noted for the fallback.
    func levelOfFailure(_ delivery: Int64) throws(QueueError) -> Logger.Level {
        guard try queue.summary(of: delivery)?.origin == "watcher" else { return .error }
        fallback.mayHaveRefused = true
        return .critical
    }

    /// After each round: the command is told of reports that were refused since it was told last.
    func tellRefusals(at now: Timestamp) {
        let (command, arguments) = (fallback.command, settings.report.fallbackCommand)
        guard fallback.mayHaveRefused, !arguments.isEmpty, command.isDue(now) else { return }
        var since = command.refusedUntil ?? started - Self.untoldBefore
        // The clock was set back since.
        if since > now + .seconds(60) { since = now - FallbackCommand.pause }
        guard let refused = try? queue.refusedReports(after: since) else { return }
        guard refused.count > 0 else { return fallback.mayHaveRefused = false }
        let message = FallbackCommand.Message(
            facts: facts(refused), matter: "reports that were refused for good", refusedUntil: refused.latest)
        command.run(arguments, message, at: now)
    }

    private func facts(_ refused: ReportDigest) -> String {
        var lines = [
            "Herald on \(HostNames.host()): \(counted(refused.count, "report")) cannot be delivered:", "",
        ]
        for report in refused.first {
            lines.append("  \(Printable.text(report.subject, limit: 200))")
            let words = Printable.text(report.lastReply ?? "", limit: 500)
            lines.append("    to \(Printable.text(report.recipient, limit: 320)): \(words)")
        }
        if refused.count > refused.first.count { lines.append("  and \(refused.count - refused.first.count) more") }
        return (lines + ["", whereToLook, ""]).joined(separator: "\n")
    }

    /// The commands that tell more.
    var whereToLook: String {
        "More: " + ["status", "queue list", "incidents list"].map(settings.command.line).joined(separator: ", ")
    }
}
