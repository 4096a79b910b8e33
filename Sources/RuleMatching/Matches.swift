// What a scan of a batch found.

import Records
import Rules

/// What the rules say of one batch, everything in the order of its records.
package struct Matches: Sendable {
    /// A record of the batch that a rule hit.
    package struct Found: Sendable {
        /// Of the record in the batch.
        package var index: Int
        package var hit: Hit
    }

    /// A record that matched the `recovered_by` of a rule. Whether it comes from the place that counts is
    /// the incidents' business.
    package struct Recovery: Sendable {
        package var index: Int
        package var rule: Rule
        package var record: Record
        package var captures: [Capture]
    }

    package var hits: [Found] = []
    package var recoveries: [Recovery] = []
    /// Matches of rules with `expect`: the line that should come has come. They are no hits.
    package var signsOfLife: [Found] = []
    package var notices: [MatchNotice] = []

    package init() {}
}

/// A pattern that could not be decided on a record, because it ran into its limit. It becomes an incident of its own.
package struct MatchNotice: Sendable, Equatable {
    package var index: Int
    package var rule: Rule
    package var pattern: Pattern
    package var record: Record
    /// One sentence for people.
    package var text: String
}
