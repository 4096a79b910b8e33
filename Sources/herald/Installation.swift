// The settings that a subcommand works with, and the daemons that they name.

import ArgumentParser
import Control
import Formats
import Glibc
import Platform
import Settings

/// `--config FILE`, of every subcommand that needs settings.
struct ConfigOption: ParsableArguments {
    @Option(name: .customLong("config"), help: "The file of settings.")
    var path = Product.settingsPath

    /// How a person calls `herald` with the same settings.
    var command: HeraldCommand {
        HeraldCommand(config: path == Product.settingsPath ? nil : Files.absolute(path))
    }

    /// The settings. Wrong ones end the command with all their faults, exit 2.
    func settings() throws -> Settings {
        let reading = Settings.examine(path)
        guard let settings = reading.settings else { throw Self.wrong(reading) }
        return settings
    }

    /// The settings, of which the section `smtp` is right; what else is wrong is said on standard error.
    func mailSettings() throws -> Settings {
        let reading = Settings.examine(path)
        guard reading.partial != nil, reading.mailFaults.isEmpty else { throw Self.wrong(reading) }
        for fault in reading.errors { Terminal.complain("warning: \(fault)") }
        return reading.usable
    }

    private static func wrong(_ reading: Settings.Reading) -> Failure {
        .wrong(reading.errors.map(\.description).joined(separator: "\n"))
    }
}

/// Asking one of the daemons.
struct DaemonAddress {
    var name: String
    var settings: Settings

    /// - Parameter patience: how long is waited for a daemon that does not run: it may just be starting again.
    /// - Throws: `Failure`: 75 when the daemon is not running, 1 or 2 when it refuses.
    func request(
        _ command: String, _ arguments: JSON = .object([]), body: [UInt8] = [], patience: Duration = .zero
    ) throws -> (result: JSON, body: [UInt8]) {
        let client = ControlClient(path: settings.paths.socket(name))
        let end = SystemClock.monotonic() + patience
        while true {
            do throws(ControlError) {
                return try client.request(command, arguments, body: body)
            } catch {
                // Nobody has heard the request yet.
                if case .notRunning = error, SystemClock.monotonic() < end {
                    _ = try Poller.wait([], timeout: .milliseconds(100))
                    continue
                }
                throw error.failure(of: name)
            }
        }
    }
}

extension ControlError {
    /// As a command ends with it. `daemon`: `mailer`.
    func failure(of daemon: String) -> Failure {
        switch self {
        case .refused(let words, .wrong): .wrong(words)
        case .refused(let words, .denied): .notWell(words)
        default: .later("herald-\(daemon) \(words(of: daemon))")
        }
    }

    /// What the daemon does, or does not, and what to do about it: `does not run: systemctl start herald-mailer`.
    func words(of daemon: String) -> String {
        switch self {
        case .refused(let words, .denied): "was not asked: \(words)"
        case .refused(let words, _): "says: \(words)"
        case .notRunning: "does not run: systemctl start herald-\(daemon)"
        case .system(let error) where error.errno == ETIMEDOUT:
            "runs, and does not answer: systemctl status herald-\(daemon)"
        case .system, .noAnswer: "cannot be asked: \(self) (systemctl status herald-\(daemon))"
        }
    }
}
