// `multiline: {start, continue}` of the settings: the administrator's patterns, ready for the joiner.

import Records
import Rules
import YAML

extension LinePattern {
    /// - Throws: `Diagnostic` at the pattern's place, when PCRE2 does not take it. The patterns belong to one thread.
    package init(start: Pattern?, continuation: Pattern?) throws(Diagnostic) {
        let workspace = PatternWorkspace()
        func ready(_ pattern: Pattern?, _ name: String) throws(Diagnostic) -> (([UInt8]) -> Bool)? {
            guard let pattern else { return nil }
            let code = try CompiledPattern(pattern, of: "'\(name)'")
            // What runs into its limit counts as no match: the line stands by itself.
            return { code.match($0, workspace) == .matched }
        }
        self.init(begins: try ready(start, "start"), continues: try ready(continuation, "continue"))
    }
}
