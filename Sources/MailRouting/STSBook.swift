// The MTA-STS policies that are known, and when one is to be fetched (RFC 8461 sections 3.3, 5.1). Pure: the time is a
// parameter; fetching and keeping are others' work. A policy holds until it is as old as it says, whatever the DNS and the
// web server say meanwhile: who can forge those must not be able to switch it off.

import Formats

/// A policy as it is kept over a restart.
package struct STSEntry: Hashable, Sendable {
    package var domain: DomainName
    /// The id that the domain's TXT record had when the policy was fetched.
    package var id: String
    package var policy: STSPolicy
    package var fetched: Timestamp

    package init(domain: DomainName, id: String, policy: STSPolicy, fetched: Timestamp) {
        self.domain = domain
        self.id = id
        self.policy = policy
        self.fetched = fetched
    }

    /// Seconds since it was fetched; none where the clock has gone back.
    fileprivate func age(_ now: Timestamp) -> Int64 { max(0, (now - fetched).microseconds / 1_000_000) }
    fileprivate func holds(_ now: Timestamp) -> Bool { age(now) < policy.maximumAge }
}

package struct STSBook: Sendable {
    /// What a domain's TXT record comes to.
    package enum Announcement: Hashable, Sendable {
        case policy(id: String)
        /// None, or it could not be asked for: what is known goes on to hold.
        case nothing
    }

    package enum Step: Hashable, Sendable {
        /// This holds; nil: none does.
        case use(STSPolicy?)
        /// A newer one is to be fetched first.
        case fetch(id: String)
    }

    /// How long after a fetch that failed the next one is tried (section 3.3 asks for five minutes at least), and how old
    /// a policy may be before it is fetched again under the same id.
    static let pause = Duration.seconds(300)
    private static let refreshAge: Int64 = 86400
    private static let maximumEntries = 10_000

    private var entries: [DomainName: STSEntry] = [:]
    private var failures: [DomainName: Timestamp] = [:]

    /// With what was kept over a restart.
    package init(_ kept: [STSEntry] = []) {
        for entry in kept.prefix(Self.maximumEntries) { entries[entry.domain] = entry }
    }

    package var count: Int { entries.count }

    /// What is to be done for a letter to `domain`.
    package func step(_ domain: DomainName, _ announced: Announcement, now: Timestamp) -> Step {
        let entry = entries[domain]
        let policy = entry.flatMap { $0.holds(now) ? $0.policy : nil }
        guard case .policy(let id) = announced, !pauses(domain, now) else { return .use(policy) }
        // One of the future: the clock was wrong then or is now.
        guard let entry, entry.id == id, policy != nil, entry.fetched <= now else { return .fetch(id: id) }
        // Fetched anew long before its end, so that a web server that is out for a while leaves no gap.
        return entry.age(now) > min(Self.refreshAge, entry.policy.maximumAge / 2) ? .fetch(id: id) : .use(policy)
    }

    /// Notes a policy that was fetched; returns what is to be kept.
    package mutating func fetched(_ domain: DomainName, id: String, _ policy: STSPolicy, now: Timestamp) -> STSEntry {
        failures[domain] = nil
        let entry = STSEntry(domain: domain, id: id, policy: policy, fetched: now)
        if entries.count >= Self.maximumEntries, entries[domain] == nil,
            let oldest = entries.values.min(by: { $0.fetched < $1.fetched })
        {
            entries[oldest.domain] = nil
        }
        entries[domain] = entry
        return entry
    }

    /// Notes that a fetch failed; returns the policy that goes on to hold.
    package mutating func failed(_ domain: DomainName, now: Timestamp) -> STSPolicy? {
        if failures.count >= Self.maximumEntries { failures = [:] }
        failures[domain] = now
        return entries[domain].flatMap { $0.holds(now) ? $0.policy : nil }
    }

    private func pauses(_ domain: DomainName, _ now: Timestamp) -> Bool {
        guard let failed = failures[domain] else { return false }
        return failed <= now && now - failed < Self.pause
    }
}
