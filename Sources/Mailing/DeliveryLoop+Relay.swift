// Letters through an account's own server.

import Mail
import SMTPProtocol
import SMTPTransport

extension DeliveryLoop {
    mutating func through(_ assignment: Assignment, _ report: inout DeliveryReport) {
        var left = assignment.recipients
        let numbers = Dictionary(left.map { ($0.address, $0.delivery) }) { first, _ in first }
        while !left.isEmpty, report.fault == nil, !isDotRefused {
            tell(&report, wakes: true)
            if account.delayBetweenMessages > .zero, left.count < assignment.recipients.count {
                // The others' turn comes after the account's delay.
                return report.unbegun += left.map(\.delivery)
            }
            do throws(SessionFault) {
                let client = try connected()
                let outcomes = try transaction(client, assignment, left.map(\.address)) { accepted in
                    accepted.compactMap { numbers[$0] }
                }
                // What the account is at fault for pauses it, though some recipients were decided before (or with) it.
                report.fault = client.lastFault.flatMap { $0.isAccountFault ? $0 : nil }
                report.decided = outcomes.compactMap { address, outcome in
                    numbers[address].map {
                        Decided(delivery: $0, outcome: outcome, refusal: client.accountRefusals[address])
                    }
                }
                left.removeAll { outcomes[$0.address] != nil }
            } catch {
                report.fault = error
            }
        }
        report.undecided = left.map(\.delivery)
    }

    /// A redirected letter, in one transaction: what the server says of the addresses is said of all its recipients.
    mutating func through(
        _ assignment: Assignment, redirectedTo addresses: [EmailAddress], _ report: inout DeliveryReport
    ) {
        do throws(SessionFault) {
            let client = try connected()
            let outcomes = try transaction(client, assignment, addresses) { _ in assignment.numbers }
            report.fault = client.lastFault.flatMap { $0.isAccountFault ? $0 : nil }
            report.decided = Self.decided(assignment, outcomes, addresses)
            // All of it is the account's fault, or the letter stays.
            let refusals = addresses.compactMap { client.accountRefusals[$0] }
            if refusals.count == addresses.count {
                for index in report.decided.indices { report.decided[index].refusal = refusals.first }
            }
        } catch {
            (report.fault, report.undecided) = (error, assignment.numbers)
        }
    }

    static func decided(
        _ assignment: Assignment, _ outcomes: [EmailAddress: Outcome], _ addresses: [EmailAddress]
    ) -> [Decided] {
        let all = RedirectOutcome(outcomes, of: addresses)
        let numbers = assignment.numbers
        return numbers.map { number in
            guard let rest = all.rest, number == numbers.first else {
                return Decided(delivery: number, outcome: all.outcome)
            }
            return Decided(delivery: number, outcome: rest, left: all.left)
        }
    }
}
