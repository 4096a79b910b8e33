// The decision about an item: every row of the table is looked at, all that match are recorded, "no answer" wins over
// "hold", and only an item that no row matches is answered.

import Mail

/// To reply, to hold for a human, or not to reply, with every reason.
package struct Decision: Sendable, Equatable {
    package enum Verdict: String, Sendable {
        case reply
        case hold
        case refuse
    }

    /// Where an item goes when it has been dealt with.
    package enum Outcome: String, Sendable, CaseIterable {
        case done, held, rejected, failed, duplicate
    }

    package var verdict: Verdict
    package var outcome: Outcome
    /// Empty when the verdict is to reply.
    package var reasons: [Reason]
    package var finding: CandidateFinding

    /// The candidate to answer; nil unless the verdict is to reply.
    package var candidate: Candidate? { verdict == .reply ? finding.certain : nil }

    package init(_ facts: ItemFacts, _ finding: CandidateFinding, own: OwnIdentity, history: ItemHistory) {
        var reasons: [Reason] = []
        if let message = facts.message {
            reasons += MachineRows.reasons(message)
            reasons += OwnRows.reasons(message, own: own, history: history)
        }
        reasons += RecognitionRow.reasons(facts, machine: !reasons.isEmpty)
        reasons += Self.repeated(history)
        reasons += finding.holds
        if finding.certain == nil, finding.holds.isEmpty, !reasons.contains(where: { $0.row == 15 }) {
            reasons.append(Reason(18, .hold, "no address was found"))
        }
        self.init(reasons: reasons, finding: finding)
    }

    /// The verdict that `reasons` lead to.
    package init(reasons: [Reason], finding: CandidateFinding) {
        let refusals = reasons.filter { $0.action == .refuse }
        if !refusals.isEmpty {
            verdict = .refuse
            outcome = refusals.allSatisfy { $0.row == 16 } ? .duplicate : .rejected
        } else if !reasons.isEmpty || finding.certain == nil {
            (verdict, outcome) = (.hold, .held)
        } else {
            (verdict, outcome) = (.reply, .done)
        }
        self.reasons = reasons.sorted { ($0.row, $0.text) < ($1.row, $1.text) }
        self.finding = finding
    }

    private static func repeated(_ history: ItemHistory) -> [Reason] {
        var reasons: [Reason] = []
        if history.sameMessageID {
            reasons.append(Reason(16, .refuse, "a message of the same Message-ID was taken in before"))
        }
        if history.sameContent { reasons.append(Reason(16, .refuse, "the same document was taken in before")) }
        if history.answeredBefore {
            reasons.append(Reason(16, .refuse, "the same address was answered before, for the same position"))
        }
        return reasons
    }
}
