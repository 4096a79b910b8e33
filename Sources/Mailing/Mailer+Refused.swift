// A report that is refused for good may have been the only word of a critical error: the journal has it at `crit`, the
// status shows it, and report.fallback_command is told.

import Formats
import Logging
import Platform
import Settings

/// A report that nobody will get.
struct RefusedReport: Equatable, Sendable {
    var subject: String
    var recipient: String
    var words: String
}

extension Mailer {
    private static let keptRefusals = 100

    /// How the log tells of a delivery that has failed; a report is noted for the fallback.
    func levelOfFailure(_ delivery: Int64, _ words: String) throws(QueueError) -> Logger.Level {
        guard let found = try queue.summary(of: delivery), found.origin == "watcher" else { return .error }
        let report = RefusedReport(
            subject: found.subject, recipient: found.recipient, words: Printable.text(words, limit: 500))
        // A round that could not be committed comes again.
        if fallback.refused.count < Self.keptRefusals, !fallback.refused.contains(report) {
            fallback.refused.append(report)
        }
        return .critical
    }

    /// After each round: the command is told of reports that were refused since it was told last.
    func tellRefusals(at now: Timestamp) {
        guard !fallback.refused.isEmpty else { return }
        let arguments = settings.report.fallbackCommand
        guard !arguments.isEmpty else { return fallback.refused = [] }
        guard fallback.command.isDue(now) else { return }
        var lines = [
            "Herald on \(HostNames.host()): \(counted(fallback.refused.count, "report")) cannot be delivered:", "",
        ]
        for report in fallback.refused.prefix(20) {
            lines.append("  \(Printable.text(report.subject, limit: 200))")
            lines.append("    to \(Printable.text(report.recipient, limit: 320)): \(report.words)")
        }
        if fallback.refused.count > 20 { lines.append("  and \(fallback.refused.count - 20) more") }
        lines += ["", "More: herald status, herald queue list, herald incidents list"]
        fallback.refused = []
        fallback.command.run(
            arguments, facts: lines.joined(separator: "\n") + "\n", about: "reports that were refused for good", at: now
        )
    }
}
