// What a subcommand that asks a daemon has of the settings: where the daemon listens, and little more. The daemons go on with
// their earlier settings where new ones are wrong, and whoever asks them does too: a slip in what is watched takes `send` from
// no cron job, and no `queue retract` from the administrator.

import ArgumentParser
import Formats
import Glibc
import Platform
import Settings
import YAML

/// `--config FILE` and `--run DIR`, of every subcommand that asks a daemon.
struct DaemonOption: ParsableArguments {
    @OptionGroup var config: ConfigOption
    @Option(
        name: .customLong("run"),
        help: ArgumentHelp("The folder of the daemons' sockets, whatever the settings say.", valueName: "dir"))
    var run: String?

    /// What can be used of the settings, and what is wrong with them; nothing is said of that yet.
    func found() throws -> DaemonSettings {
        try DaemonSettings(Settings.examine(config.path), path: config.path, run: run)
    }

    /// The same; what is wrong is said on standard error.
    func settings() throws -> DaemonSettings {
        let found = try found()
        if let trouble = found.trouble { Terminal.complain("warning: \(trouble)") }
        return found
    }
}

/// Settings that may be wrong in places.
struct DaemonSettings {
    let settings: Settings
    /// Why they are not whole.
    let faults: [Diagnostic]
    /// Whether `settings.paths` is what the settings say, or the host's own without any that say otherwise.
    let knowsPaths: Bool

    /// Throws where it is not known which daemons are meant: of a file other than the host's one that cannot be read, and no
    /// folder named.
    init(_ reading: Settings.Reading, path: String, run: String?) throws {
        let isHosts = path == Product.settingsPath
        // Passwords may stand in the host's, which are not for everybody who sends a letter.
        let isPrivate = isHosts && reading.unread?.errno == EACCES
        let errors = reading.errors
        knowsPaths = reading.knowsPaths || (isHosts && reading.unread?.errno != ENOENT)
        guard knowsPaths || run != nil else {
            let advice = isHosts ? "" : "\n--run DIR asks the daemons whose sockets are there, without these settings"
            throw Failure.wrong(errors.map(\.description).joined(separator: "\n") + advice)
        }
        faults = isPrivate ? [] : errors
        var settings = reading.usable
        if let run { settings.paths.run = Files.absolute(run) }
        self.settings = settings
    }

    /// What is wrong, in a sentence.
    var trouble: String? {
        faults.first.map {
            let others = faults.count > 1 ? ", and \(counted(faults.count - 1, "other"))" : ""
            return "the settings are wrong, which `\(settings.command.line("check"))` shows whole: \($0)\(others)"
        }
    }
}
