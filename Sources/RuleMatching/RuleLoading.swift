// The rules in force: from the folders to a compiled matcher, with every fault named.

import Platform
import Rules
import YAML

/// The rules of some folders, compiled; or why not.
package enum RuleLoading {
    /// The administrator's own rules; a file there replaces the installed one of its name.
    package static let administratorsFolder = "/etc/herald/rules"

    package struct Loaded {
        /// Nil when the files have an error.
        package var rules: RuleSet?
        /// Nil when there is any error.
        package var matcher: Matcher?
        package var diagnostics: [Diagnostic]
    }

    /// - Parameters:
    ///   - folders: none means the standard ones: the installed rules, then the administrator's.
    ///   - disabled: rules, by id, that are left out.
    package static func load(
        _ folders: [String], disabled: [String] = [], cache: DatabaseCache? = nil
    ) -> Loaded {
        let folders = folders.isEmpty ? standardFolders() : folders
        var loaded = Loaded(diagnostics: [])
        if folders.isEmpty {
            let message = "no folder of rules was found: nothing is looked for"
            loaded.diagnostics.append(Diagnostic(file: "watch.rules", message: message, severity: .warning))
        }
        do {
            let (rules, faults) = RuleSet.load(files: try RuleFolders.read(folders), disabled: disabled)
            loaded.diagnostics += faults
            loaded.rules = rules
            if let rules { loaded.matcher = try Matcher(rules, cache: cache) }
        } catch let error as MatcherError {
            loaded.diagnostics += error.faults
        } catch {
            loaded.diagnostics.append(Diagnostic(file: "watch.rules", message: "\(error)"))
        }
        return loaded
    }

    private static func standardFolders() -> [String] {
        let own = (try? FileStatus.of(administratorsFolder))?.isDirectory == true ? [administratorsFolder] : []
        return (RuleFolders.standard().map { [$0] } ?? []) + own
    }
}
