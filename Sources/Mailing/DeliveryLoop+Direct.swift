// Letters straight to the hosts of their recipients' domains (`server: direct`).

import Mail
import SMTPProtocol
import SMTPTransport

/// A letter on its way to hosts, and what they have said of it so far.
private struct DirectCourse {
    let assignment: Assignment
    /// All who are to have it.
    let addresses: [EmailAddress]
    /// Whose they are; nil: it is redirected, and what is said of the addresses is said of all its deliveries.
    var deliveries: [EmailAddress: Int64]?
    var outcomes: [EmailAddress: Outcome] = [:]

    var hasMore: Bool { outcomes.count < addresses.count }

    /// The deliveries whose dot goes out with these addresses.
    func numbers(_ accepted: [EmailAddress]) -> [Int64] {
        guard let deliveries else { return assignment.numbers }
        return accepted.compactMap { deliveries[$0] }
    }

    func undecided(of addresses: [EmailAddress]) -> [EmailAddress] { addresses.filter { outcomes[$0] == nil } }
}

extension DeliveryLoop {
    /// The hosts of the letter's domain one after the other, until each recipient is decided.
    mutating func directly(_ assignment: Assignment, _ batch: Batch, _ report: inout DeliveryReport) {
        let addresses = assignment.recipients.map(\.address)
        var course = DirectCourse(assignment: assignment, addresses: addresses)
        course.deliveries = Dictionary(assignment.recipients.map { ($0.address, $0.delivery) }) { first, _ in first }
        walk(&course, addresses, of: batch.destination, batch, &report)
        report.undecided = course.numbers(course.undecided(of: addresses))
    }

    /// A redirected letter: domain after domain, and all of it is said of the letter.
    mutating func directly(
        _ assignment: Assignment, redirectedTo addresses: [EmailAddress], _ batch: Batch,
        _ report: inout DeliveryReport
    ) {
        // Each domain's dot is asked for: between two of them, none is pending.
        var assignment = assignment
        assignment.isAnnounced = false
        var course = DirectCourse(assignment: assignment, addresses: addresses)
        let byDomain = Dictionary(grouping: addresses) { QueueIndex.destination(of: $0.text) }
        for (domain, addresses) in byDomain.sorted(by: { $0.key < $1.key }) where !isDotRefused {
            walk(&course, addresses, of: domain, batch, &report)
        }
        // That these hosts are not reached says nothing of the recipients' own.
        report.unreached = nil
        guard !course.outcomes.isEmpty else { return report.undecided = assignment.numbers }
        report.decided = Self.decided(assignment, course.outcomes, addresses)
    }

    /// The hosts of a domain one after the other, until each of its addresses is decided, or the mailer does not let the
    /// dot go.
    private mutating func walk(
        _ course: inout DirectCourse, _ addresses: [EmailAddress], of domain: String, _ batch: Batch,
        _ report: inout DeliveryReport
    ) {
        if let client, client.isConnected, destination == domain {
            report.trouble = trouble
            _ = walk(client, &course, addresses, &report)
            if course.undecided(of: addresses).isEmpty || isDotRefused { return }
        }
        disconnect()
        let own = ownOptions
        let plan = DirectRoute.plan(
            domain, resolver: Resolver(), policies: knowledge.policies, allowsPrivate: batch.allowsPrivate,
            heloName: own.heloName ?? "")
        var attempt = DirectAttempt(plan)
        while !course.undecided(of: addresses).isEmpty, !isDotRefused, let host = attempt.host {
            let client = begin(own.aimed(at: host))
            destination = domain
            let fault = walk(client, &course, addresses, &report)
            if let fault { attempt.failed(fault) } else { client.passedOver.map { attempt.passed(over: $0) } }
        }
        trouble = attempt.troubles.isEmpty ? nil : attempt.troubles.joined(separator: "; ")
        report.trouble = trouble
        let left = course.undecided(of: addresses)
        guard !left.isEmpty, !isDotRefused else { return }
        if attempt.reachedNobody { report.unreached = attempt.outcome.words }
        let outcome = attempt.outcome
        note(Dictionary(left.map { ($0, outcome) }) { first, _ in first }, in: &course, &report)
    }

    /// Transactions with one host, until each address is decided or the host fails.
    private mutating func walk(
        _ client: SMTPClient, _ course: inout DirectCourse, _ addresses: [EmailAddress],
        _ report: inout DeliveryReport
    ) -> SessionFault? {
        while !isDotRefused {
            let left = course.undecided(of: addresses)
            if left.isEmpty { return nil }
            do throws(SessionFault) {
                let known = course
                let said = try transaction(client, course.assignment, left) { known.numbers($0) }
                report.isReached = true
                note(said, client.accountRefusals, in: &course, &report)
            } catch {
                return error
            }
        }
        return nil
    }

    /// What is decided is told at once where more is to come: another host or domain may take minutes, and a crash sends
    /// again what is not committed.
    private func note(
        _ said: [EmailAddress: Outcome], _ refusals: [EmailAddress: Diagnosis] = [:], in course: inout DirectCourse,
        _ report: inout DeliveryReport
    ) {
        course.outcomes.merge(said) { $1 }
        if let deliveries = course.deliveries {
            report.decided += said.compactMap { address, outcome in
                deliveries[address].map { Decided(delivery: $0, outcome: outcome, refusal: refusals[address]) }
            }
            if course.hasMore { tell(&report, wakes: true) }
        } else if course.hasMore {
            let soFar = RedirectOutcome(course.outcomes, of: course.addresses)
            if soFar.outcome.reaction == .delivered {
                let isUncertain = course.outcomes.values.contains { $0.reaction == .uncertain }
                events.post(.partly(course.assignment.numbers, left: soFar.left, isUncertain: isUncertain))
            }
        }
    }
}
