// Letters straight to the hosts of their recipients' domains (`server: direct`).

import Mail
import SMTPProtocol
import SMTPTransport

extension DeliveryLoop {
    /// The hosts of the letter's domain one after the other, until each recipient is decided.
    mutating func directly(_ assignment: Assignment, _ batch: Batch, _ report: inout DeliveryReport) {
        let addresses = assignment.recipients.map(\.address)
        let numbers = Dictionary(assignment.recipients.map { ($0.address, $0.delivery) }) { first, _ in first }
        let outcomes = walk(assignment, addresses, of: batch.destination, batch, &report) { accepted in
            accepted.compactMap { numbers[$0] }
        }
        for recipient in assignment.recipients {
            if let outcome = outcomes[recipient.address] {
                report.decided.append(Decided(delivery: recipient.delivery, outcome: outcome))
            } else {
                report.undecided.append(recipient.delivery)
            }
        }
    }

    /// A redirected letter: domain after domain, and all of it is said of the letter.
    mutating func directly(
        _ assignment: Assignment, redirectedTo addresses: [EmailAddress], _ batch: Batch,
        _ report: inout DeliveryReport
    ) {
        var outcomes: [EmailAddress: Outcome] = [:]
        let byDomain = Dictionary(grouping: addresses) { QueueIndex.destination(of: $0.text) }
        for (domain, addresses) in byDomain.sorted(by: { $0.key < $1.key }) where !isDotRefused {
            outcomes.merge(walk(assignment, addresses, of: domain, batch, &report) { _ in assignment.numbers }) { $1 }
        }
        // That these hosts are not reached says nothing of the recipients' own.
        report.unreached = nil
        guard !outcomes.isEmpty else { return report.undecided = assignment.numbers }
        report.decided = Self.decided(assignment, outcomes, addresses)
    }

    /// The hosts of a domain one after the other. Returns what they come to for each address; nothing where the mailer did
    /// not let the dot go.
    private mutating func walk(
        _ assignment: Assignment, _ addresses: [EmailAddress], of domain: String, _ batch: Batch,
        _ report: inout DeliveryReport, _ numbers: ([EmailAddress]) -> [Int64]
    ) -> [EmailAddress: Outcome] {
        var outcomes: [EmailAddress: Outcome] = [:]
        if let client, client.isConnected, destination == domain {
            _ = walk(client, assignment, addresses, &outcomes, numbers)
            if outcomes.count == addresses.count || isDotRefused { return outcomes }
        }
        disconnect()
        let own = ownOptions
        let plan = DirectRoute.plan(
            domain, resolver: Resolver(), policies: knowledge.policies, allowsPrivate: batch.allowsPrivate,
            heloName: own.heloName ?? "")
        var attempt = DirectAttempt(plan)
        while outcomes.count < addresses.count, !isDotRefused, let host = attempt.host {
            let client = begin(own.aimed(at: host))
            destination = domain
            if let fault = walk(client, assignment, addresses, &outcomes, numbers) { attempt.failed(fault) }
        }
        report.trouble = attempt.troubles.isEmpty ? nil : attempt.troubles.joined(separator: "; ")
        if outcomes.count < addresses.count, !isDotRefused {
            if attempt.reachedNobody { report.unreached = attempt.outcome.words }
            for address in addresses where outcomes[address] == nil { outcomes[address] = attempt.outcome }
        }
        return outcomes
    }

    /// Transactions with one host, until each address is decided or the host fails.
    private mutating func walk(
        _ client: SMTPClient, _ assignment: Assignment, _ addresses: [EmailAddress],
        _ outcomes: inout [EmailAddress: Outcome], _ numbers: ([EmailAddress]) -> [Int64]
    ) -> SessionFault? {
        while !isDotRefused {
            let left = addresses.filter { outcomes[$0] == nil }
            if left.isEmpty { return nil }
            do throws(SessionFault) {
                outcomes.merge(try transaction(client, assignment, left, numbers)) { $1 }
            } catch {
                return error
            }
        }
        return nil
    }
}
