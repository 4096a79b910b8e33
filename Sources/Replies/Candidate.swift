// The person an item is from, with the evidence for it, and what is said when nobody is certain.

import Mail

/// The person to answer.
package struct Candidate: Hashable, Sendable {
    package var address: EmailAddress
    /// Nil when unsure: the neutral salutation.
    package var name: PersonName?
    /// Which step of the published order found the address (1, 3, 4 or 5).
    package var step: Int
    package var evidence: [String]
}

/// What was found out about whom an item is from.
package struct CandidateFinding: Hashable, Sendable {
    /// An address that came into question.
    package struct Ranked: Hashable, Sendable {
        package var address: EmailAddress
        package var evidence: [String]
    }

    package var certain: Candidate?
    /// All addresses that came into question, the likeliest first.
    package var ranked: [Ranked]
    /// Rows 18 and 19: why a human has to look.
    package var holds: [Reason]

    package init(certain: Candidate? = nil, ranked: [Ranked] = [], holds: [Reason] = []) {
        self.certain = certain
        self.ranked = ranked
        self.holds = holds
    }
}
