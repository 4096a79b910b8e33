// What is said of one rule and one record: the answer of `herald rules explain`.

import Records
import Rules

/// Whether a rule says something of a record, and why or why not.
package struct RuleVerdict: Sendable {
    package enum Outcome: String, Sendable {
        case hit
        /// The line that `expect` waits for.
        case expected
        case recovery
        case near
        /// Nothing in common; told only when it is asked for by its id.
        case missed
    }

    package var rule: Rule
    package var outcome: Outcome
    /// Of a hit, an expected line or a recovery.
    package var hit: Hit?
    /// The pattern that matched.
    package var pattern: Pattern?
    /// What stops it, each one sentence without its end; of what is not stopped, what else is worth knowing.
    package var reasons: [String] = []
    /// 0 to 100 for `near`; one step away is 100.
    package var nearness = 0

    package init(rule: Rule, outcome: Outcome) {
        self.rule = rule
        self.outcome = outcome
    }
}
