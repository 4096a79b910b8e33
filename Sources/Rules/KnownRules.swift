// The names of rules as people write them, in silences and settings: a mistyped one would quietly do nothing.

import Formats

/// The ids of all rules.
package struct KnownRules: Sendable {
    /// What is wrong with a name, in words for people.
    package enum Fault: Equatable, Sendable {
        /// No rule has it.
        case unknown(String)
        /// It has a wildcard, and fits no rule that there is.
        case empty(String)

        package var text: String {
            switch self {
            case .unknown(let text), .empty(let text): text
            }
        }
    }

    private let ids: Set<String>

    /// - Parameter others: ids of rules that stand in no file.
    package init(_ rules: RuleSet, others: some Sequence<String>) {
        ids = Set(rules.rules.map(\.id) + rules.disabled.map(\.id)).union(others)
    }

    /// Nil when `name` is a rule's id, or a pattern with `*` or `?` that fits one.
    package func fault(of name: String) -> Fault? {
        if ids.contains(name) { return nil }
        let shown = Printable.text(name, limit: 60)
        if name.utf8.contains(where: { "*?".utf8.contains($0) }) {
            return ids.contains { Wildcard.matches($0, name) } ? nil : .empty("'\(shown)' fits no rule that there is")
        }
        return .unknown("there is no rule '\(shown)'\(NearestName.hint(for: name, in: ids.sorted()))")
    }
}
