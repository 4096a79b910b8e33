// One attempt at a domain's hosts, one after the other (RFC 5321 section 5.1), and what it comes to where none of them decided.
// Pure. What must stay true: a host that fails, in whatever way, only hands over to the next one; it pauses no account; and
// a letter is refused for good only where every host there is has said so.

import MailRouting
import SMTPProtocol

package struct DirectAttempt: Sendable {
    private let plan: DirectPlan
    private var waiting: ArraySlice<PlannedHost>
    private var faults: [(host: PlannedHost, fault: SessionFault)] = []
    /// Of hosts that another of their addresses was good for.
    private var passedOver: [(host: PlannedHost, fault: SessionFault)] = []

    package init(_ plan: DirectPlan) {
        self.plan = plan
        if case .hosts(let hosts) = plan.way { waiting = hosts[...] } else { waiting = [] }
    }

    /// The host that is to have the letter now; nil: none is left, and `outcome` stands.
    package var host: PlannedHost? { waiting.first }

    /// The session with `host` ended before the final dot. What it did not decide is the next one's.
    package mutating func failed(_ fault: SessionFault) {
        guard let host = waiting.popFirst() else { return }
        faults.append((host, fault.ofHost))
    }

    /// `host` took the letter at another of its addresses than the one that had this.
    package mutating func passed(over fault: SessionFault) {
        if let host { passedOver.append((host, fault.ofHost)) }
    }

    /// What it comes to for all recipients that no host has decided about. Never delivered or uncertain: these are what a
    /// host says. The words begin with the last server's reply, where there was one.
    package var outcome: Outcome {
        switch plan.way {
        case .permanent(let words): return .permanent(words)
        case .later(let words): return .transient(words)
        case .hosts: break
        }
        guard let last = faults.last else { return .transient("4.4.1 no host has been tried") }
        let others = faults.dropLast().map { "\($0.host.words) \($0.fault)" } + plan.passedOver.map(\.description)
        let more = others.isEmpty ? "" : "; before that: " + others.joined(separator: "; ")
        let words = "\(last.fault.words) (\(last.host.words), \(last.fault.phase.spoken)\(more))"
        let isFinal = faults.allSatisfy { !$0.fault.isTransient } && plan.passedOver.allSatisfy(\.isPermanent)
        return isFinal && waiting.isEmpty ? .permanent(words) : .transient(words)
    }

    /// Whether no host was reached, nor could be: it is the domain that fails, not the letter.
    package var reachedNobody: Bool {
        switch plan.way {
        case .permanent: false
        case .later: true
        case .hosts: waiting.isEmpty && faults.allSatisfy { $0.fault.isConnectionFault && $0.fault.isTransient }
        }
    }

    /// What the administrator is to know, though no account pauses for it: hosts whose protection is not what their domain
    /// says, or who are attacked; and a policy that cannot be had.
    package var troubles: [String] {
        let hosts = (faults + passedOver).filter {
            [.tls, .startTLS].contains($0.fault.phase) || $0.fault.diagnosis == .injection
        }
        return hosts.map { "\($0.host.words), which asks for \($0.host.protection.words): \($0.fault)" }
            + [plan.policyTrouble].compactMap { $0 }
    }
}
