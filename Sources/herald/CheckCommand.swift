// `herald check`: everything validated, nothing changed.

import ArgumentParser
import Formats
import Platform
import Replies
import RuleMatching
import Settings
import YAML

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Validate settings, rules and letters; change nothing.",
        discussion:
            "All mistakes are shown at once, each with file, line and column. Exit 0 when there is none, 2 otherwise.")

    @OptionGroup var config: ConfigOption

    func run() throws {
        var (settings, faults) = Settings.read(config.path)
        var summary: [String] = []
        if let settings {
            summary.append("settings: \(settings.smtp.accounts.count) accounts, \(settings.aliases.count) aliases")
            let rules = RuleLoading.load(settings.watch.rules, disabled: settings.watch.disabledRules)
            faults += rules.diagnostics
            summary.append("rules: \(rules.rules?.rules.count ?? 0)")
            let (letters, letterFaults) = Self.letters(settings)
            faults += letterFaults
            summary.append("letters: \(letters)")
            faults += Self.files(settings, config.path)
        }
        for fault in faults { Terminal.complain(fault.description) }
        let errors = faults.filter { $0.severity == .error }.count
        if errors > 0 { throw Failure.wrong(errors == 1 ? "1 error" : "\(errors) errors") }
        Terminal.say("\(config.path): all is well (\(summary.joined(separator: ", ")))")
    }

    private static func letters(_ settings: Settings) -> (Int, [Diagnostic]) {
        var faults: [Diagnostic] = []
        let paths = Set(settings.respond.folders.compactMap(\.letter)).sorted()
        for path in paths {
            do throws(SystemError) {
                let (_, found) = ReplyTemplate.load(try Files.read(path, limit: 1 << 20), file: path)
                faults += found
            } catch {
                faults.append(Diagnostic(file: path, message: "\(error)"))
            }
        }
        return (paths.count, faults)
    }

    /// Files that the settings name and that must be there.
    private static func files(_ settings: Settings, _ config: String) -> [Diagnostic] {
        var faults: [Diagnostic] = []
        func need(_ path: String?, _ what: String, severity: Diagnostic.Severity) {
            guard let path else { return }
            do throws(SystemError) {
                if try FileStatus.of(path) != nil { return }
                faults.append(Diagnostic(file: config, message: "\(what) \(path) is not there", severity: severity))
            } catch {
                faults.append(Diagnostic(file: config, message: "\(what): \(error)", severity: severity))
            }
        }
        for account in settings.smtp.accounts where account.enabled {
            if case .file(let path) = account.password {
                need(path, "the password file of account '\(account.name)'", severity: .error)
            }
            need(account.caFile, "the ca_file of account '\(account.name)'", severity: .error)
        }
        for folder in settings.respond.folders { need(folder.path, "the drop folder", severity: .warning) }
        return faults
    }
}
