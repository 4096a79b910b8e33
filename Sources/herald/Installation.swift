// The settings that a subcommand works with, and the daemons that they name.

import ArgumentParser
import Control
import Formats
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

    /// - Throws: `Failure`: 75 when the daemon is not running, 1 or 2 when it refuses.
    func request(
        _ command: String, _ arguments: JSON = .object([]), body: [UInt8] = []
    ) throws -> (result: JSON, body: [UInt8]) {
        do throws(ControlError) {
            return try ControlClient(path: settings.paths.socket(name)).request(command, arguments, body: body)
        } catch {
            switch error {
            case .notRunning: throw Failure.later("herald-\(name) is not running: \(error)")
            case .refused(let words, .wrong): throw Failure.wrong(words)
            case .refused(let words, .denied): throw Failure.notWell(words)
            default: throw Failure.later("herald-\(name): \(error)")
            }
        }
    }
}
