// The settings as the programs use them: whole, checked, with every default in its place.

import Formats
import Mail
import Records
import Rules

/// All settings of an installation.
package struct Settings: Sendable, Equatable {
    package var report: Report
    package var smtp: SMTP
    package var aliases: [Alias]
    package var watch: Watch
    package var respond: Respond
    package var paths: Paths
    /// How a person calls `herald` with the file that these were read from.
    package var command = HeraldCommand()

    /// The alias that is used where none is named.
    package var defaultAlias: Alias { aliases.first { $0.isDefault } ?? aliases[0] }

    /// The alias of that description; the default one for nil.
    package func alias(_ description: String?) -> Alias? {
        description.map { wanted in aliases.first { $0.description == wanted } } ?? defaultAlias
    }

    /// Under which reports go; that `report.from` names one is checked when the settings are read.
    package var reportAlias: Alias { alias(report.from) ?? defaultAlias }

    /// Who is told, by what subject, how often.
    package struct Report: Sendable, Equatable {
        package var enabled: Bool
        package var recipients: [Recipient]
        package var subject: String
        package var mailerName: String
        /// An alias's description; nil: the default alias.
        package var from: String?
        package var minSeverity: Severity
        package var groupWait: Duration
        package var groupInterval: Duration
        package var repeatInterval: Duration
        package var maxPerHour: Int
        package var contextLines: Int
        package var samples: Int
        package var hold: Duration
        /// Nil: off.
        package var heartbeat: HeartbeatTimes?
        /// The program's absolute path and its arguments; empty: none.
        package var fallbackCommand: [String]

        /// What a subject may name in braces.
        package static let subjectFields = ["severity", "host", "title", "rule", "count"]
    }

    package struct Recipient: Sendable, Equatable {
        package var name: String?
        package var email: EmailAddress
        package var enabled: Bool
        package var minSeverity: Severity
        /// Empty: all rules. `*` and `?` in a name stand for any characters.
        package var rules: [String]

        package var mailbox: Mailbox { Mailbox(name, email) }

        /// Whether this recipient wants letters of that rule.
        package func wants(rule id: String, severity: Severity) -> Bool {
            guard enabled, severity.isAtLeast(minSeverity) else { return false }
            return rules.isEmpty
                || rules.contains { Wildcard.matches(id, $0) }
        }
    }

    package struct Watch: Sendable, Equatable {
        package enum Start: String, Sendable, CaseIterable { case boot, now }
        package var start: Start
        package var journal: Journal
        package var files: [File]
        /// Empty: the default folders.
        package var rules: [String]
        package var disabledRules: [String]
    }

    package struct Journal: Sendable, Equatable {
        /// The system's own.
        package var enabled: Bool
        package var namespaces: [String]
        /// Absolute, without a slash at the end.
        package var directories: [String]
    }

    package struct File: Sendable, Equatable {
        package var path: String
        package var exclude: [String]
        /// More folders of rotated generations; relative ones to the file's own.
        package var rotated: [String] = []
        package var format: LineFormat = .auto
        package var multiline: LineJoining = .preset(.auto)
        /// Of one line, in bytes.
        package var lineLimit = LineFormat.lineLimit
    }

    /// How the lines of a file are put together to records.
    package enum LineJoining: Sendable, Equatable {
        case preset(Multiline)
        /// The administrator's own patterns; one of them at least.
        case patterns(start: Pattern?, continuation: Pattern?, timeout: Duration, lines: Int)
    }

    package struct Respond: Sendable, Equatable {
        package var folders: [Folder]
        package var ownAddresses: [EmailAddress]
    }

    package struct Folder: Sendable, Equatable {
        package var path: String
        /// An alias's description; nil: the default alias.
        package var from: String?
        package var letter: String?
        package var position: String?
        package var settle: Duration
        package var outcomeDirectory: String
        /// Nil: for ever.
        package var oncePer: Duration?
        package var dryRun: Bool
        /// How long an answer is held before it is sent.
        package var hold = Duration.zero
    }

    package struct Paths: Sendable, Equatable {
        package var state: String
        package var spool: String
        package var run: String

        /// Where a daemon hands letters over: `watcher`, `responder`.
        package func incoming(_ daemon: String) -> String { "\(spool)/incoming/\(daemon)" }
        /// The control socket of a daemon: `watcher`, `mailer`, `responder`.
        package func socket(_ daemon: String) -> String { "\(run)/\(daemon).sock" }
        /// The folder of a daemon's database.
        package func state(_ daemon: String) -> String { "\(state)/\(daemon)" }
    }
}
