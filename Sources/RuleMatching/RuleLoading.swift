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
        package var files = RuleFiles()
        package var diagnostics: [Diagnostic]
    }

    /// - Parameters:
    ///   - folders: none means the standard ones: the installed rules, then the administrator's.
    ///   - disabled: rules, by id, that are left out.
    ///   - withExamples: false for who only matches: the examples of the shipped rules take a megabyte.
    package static func load(
        _ folders: [String], disabled: [String] = [], withExamples: Bool = true, cache: DatabaseCache? = nil
    ) -> Loaded {
        let folders = folders.isEmpty ? standardFolders() : folders
        var loaded = Loaded(diagnostics: [])
        if folders.isEmpty {
            let message = "no folder of rules was found: nothing is looked for"
            loaded.diagnostics.append(Diagnostic(file: "watch.rules", message: message, severity: .warning))
        }
        loaded.files = RuleFolders.read(folders)
        var (rules, faults) = RuleSet.read(files: loaded.files.files, disabled: disabled)
        if !withExamples { rules.removeExamples() }
        loaded.diagnostics += loaded.files.diagnostics + faults
        guard !faults.contains(where: { $0.severity == .error }) else {
            // The patterns of the other rules are told of in the same breath.
            for fault in RuleCompiler(rules).faults where !faults.contains(where: { $0.place == fault.place }) {
                loaded.diagnostics.append(fault)
            }
            return loaded
        }
        loaded.rules = rules
        do throws(MatcherError) {
            let matcher = try Matcher(rules, cache: cache)
            if !loaded.diagnostics.contains(where: { $0.severity == .error }) { loaded.matcher = matcher }
        } catch {
            loaded.diagnostics += error.faults
        }
        return loaded
    }

    /// The rules as far as they can be read, for who asks for their names alone.
    package static func names(_ folders: [String]) -> RuleSet {
        RuleSet.read(files: RuleFolders.read(folders.isEmpty ? standardFolders() : folders).files).0
    }

    /// The installed rules, then the administrator's own, where there is such a folder.
    static func standardFolders(
        installed: String? = RuleFolders.standard(), administrators: String = administratorsFolder
    ) -> [String] {
        let own = (try? FileStatus.of(administrators))?.isDirectory == true ? [administrators] : []
        return (installed.map { [$0] } ?? []) + own
    }
}

extension Diagnostic {
    fileprivate var place: String { "\(file):\(line):\(column)" }
}
