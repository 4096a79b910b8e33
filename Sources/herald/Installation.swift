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
        let (settings, diagnostics) = Settings.read(path)
        guard let settings else {
            throw Failure.wrong(diagnostics.filter { $0.severity == .error }.map(\.description).joined(separator: "\n"))
        }
        return settings
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
