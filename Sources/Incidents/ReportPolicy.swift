// When incidents are told: the numbers that the settings give, and those that are fixed.

import Formats
import Rules

/// When incidents are told.
package struct ReportPolicy: Hashable, Sendable {
    /// What somebody wants to be told.
    package struct Audience: Hashable, Sendable {
        package var minSeverity: Severity
        /// Names of rules, with wildcards; empty: of all.
        package var rules: [String]

        package init(minSeverity: Severity, rules: [String] = []) {
            self.minSeverity = minSeverity
            self.rules = rules
        }

        func wants(_ incident: Incident) -> Bool {
            incident.severity.isAtLeast(minSeverity)
                && (rules.isEmpty || rules.contains { Wildcard.matches(incident.rule.id, $0) })
        }
    }

    /// The first letter waits so long for more hits; emergency and alert do not wait.
    package var groupWait = Duration.seconds(10)
    /// Between two letters of one incident, at least.
    package var groupInterval = Duration.seconds(300)
    /// A reminder of an incident that goes on without a hit until something says that it is over; doubles to a day. No
    /// other needs one: without a hit it is over after `quietTime`, and with hits it is told of every `groupInterval`.
    package var repeatInterval = Duration.seconds(4 * 3600)
    /// Letters in any hour, severity critical and below, digests included.
    package var maxPerHour = 12
    /// Less severe incidents are recorded, and not told, unless somebody of the audience wants them.
    package var minSeverity = Severity.warning
    /// Who is told; what none of them wants is recorded, and not told. Nil: somebody wants everything from `minSeverity`.
    package var audience: [Audience]?
    /// Samples in a letter, for each incident.
    package var samples = 10

    /// So long without a hit and the incident is over.
    package var quietTime = Duration.seconds(3600)
    /// An incident that only a recovery ends is given up after so long without a hit.
    package var abandonAfter = Duration.seconds(7 * 86400)
    /// A hit older than this when it is read is late: told in a digest.
    package var lateAfter = Duration.seconds(600)
    /// Letters of emergency and alert in any hour before they become digests.
    package var urgentPerHour = 6
    /// Between two such digests.
    package var urgentDigestInterval = Duration.seconds(300)
    /// Open incidents of one rule; what comes after them joins one incident that says so.
    package var incidentsPerRule = 200
    /// Likewise of all rules.
    package var incidentsInAll = 2000

    package init() {}

    /// Whether somebody wants the incident to be told.
    func tells(_ incident: Incident) -> Bool {
        audience.map { $0.contains { $0.wants(incident) } } ?? incident.severity.isAtLeast(minSeverity)
    }

    /// Whether the incident should be told, or is: what is severe enough and what somebody wants.
    func matters(_ incident: Incident) -> Bool { incident.severity.isAtLeast(minSeverity) || tells(incident) }

    /// The longest time between two reminders.
    static let longestReminder = Duration.seconds(86400)
    /// What comes back within this time of its end is the same incident.
    static let returnTime = Duration.seconds(1800)
    /// The longest time between two letters of an incident that comes back again and again.
    static let longestReturnInterval = Duration.seconds(3600)

    /// Between two letters of one incident, at least: what comes back again and again is told half as often each time.
    func interval(afterReturns returns: Int) -> Duration {
        let doubled = groupInterval * (1 << min(max(0, returns), 10))
        return min(doubled, max(groupInterval, Self.longestReturnInterval))
    }

    /// How long what comes back again and again has to be calm before it is told that it is over: at once the first time,
    /// then for ever longer. The bad news does not wait, so it is the good news that has to.
    func calm(afterReturns returns: Int) -> Duration {
        returns > 0 ? interval(afterReturns: returns - 1) : .zero
    }

    /// How many letters of one user's records may go out in an hour, of `limit`: any user can write any text to the log,
    /// and must not use up what the others need. Root has no share. As many may be first letters of one rule, for whatever
    /// floods one rule must not hide what another has found.
    static func share(of limit: Int) -> Int { max(1, limit / 2) }

    /// How many of them are kept for incidents of which nothing was told yet: three that go on must not keep the news of
    /// a fourth back until the hour's end.
    static func reserveForNews(of limit: Int) -> Int { limit / 2 }

    /// How many of them are kept for rules of which there was no letter within the hour.
    static func reserveForRules(of limit: Int) -> Int { limit / 4 }

    /// How many of them are kept for the kernel, root and what has no user, however many users there are.
    static func reserve(of limit: Int) -> Int { limit / 4 }
}
