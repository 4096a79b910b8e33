// The rules in force: from the folders to a compiled matcher, with every fault named.

import Formats
import Platform
import RuleMatching
import Rules
import Settings
import YAML

/// The rules that the settings name, compiled; or why not.
enum RuleLoading {
    /// The administrator's own rules; a file there replaces the installed one of its name.
    static let administratorsFolder = "/etc/herald/rules"

    struct Loaded {
        /// Nil when there is any error.
        var matcher: Matcher?
        var diagnostics: [Diagnostic]
    }

    static func load(_ watch: Settings.Watch) -> Loaded {
        var diagnostics: [Diagnostic] = []
        let folders = watch.rules.isEmpty ? standardFolders() : watch.rules
        if folders.isEmpty {
            diagnostics.append(
                Diagnostic(
                    file: "watch.rules", message: "no folder of rules was found: nothing is looked for",
                    severity: .warning))
        }
        do {
            let (rules, faults) = RuleSet.load(
                files: try RuleFolders.read(folders), disabled: watch.disabledRules)
            diagnostics += faults
            guard let rules else { return Loaded(matcher: nil, diagnostics: diagnostics) }
            return Loaded(matcher: try Matcher(rules), diagnostics: diagnostics)
        } catch let error as MatcherError {
            return Loaded(matcher: nil, diagnostics: diagnostics + error.faults)
        } catch {
            diagnostics.append(Diagnostic(file: "watch.rules", message: "\(error)"))
            return Loaded(matcher: nil, diagnostics: diagnostics)
        }
    }

    private static func standardFolders() -> [String] {
        let own = (try? FileStatus.of(administratorsFolder))?.isDirectory == true ? [administratorsFolder] : []
        return (RuleFolders.standard().map { [$0] } ?? []) + own
    }
}
