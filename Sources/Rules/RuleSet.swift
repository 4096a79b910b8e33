// All rules that are in force. The reading is in RuleFile.

import Formats
import YAML

/// The rules in force, in the order of their files' names and of the files.
package struct RuleSet: Sendable, Equatable {
    package var rules: [Rule]

    package init(_ rules: [Rule]) { self.rules = rules }

    /// The rule of that id.
    package func rule(_ id: String) -> Rule? { rules.first { $0.id == id } }

    /// Reads the files of rules. Of several files with one name (the last component of the path) the last alone
    /// counts. The set is nil when there is any error; warnings alone do not spoil it.
    package static func load(
        files: [(name: String, bytes: [UInt8])], disabled: [String] = []
    ) -> (RuleSet?, [Diagnostic]) {
        (RuleSet([]), [])
    }
}
