// Where a letter for a domain may go, host by host, when Herald delivers it itself: what the DNS and the domain's policy
// come to. Rows 1, 3 to 5 and 48 of the fault table are decided here.

/// A host that takes the domain's mail.
package struct PlannedHost: Hashable, Sendable {
    /// Nil: the recipient's domain is an address in brackets.
    package var name: DomainName?
    /// At least one. IPv4 first, then in turn.
    package var addresses: [IPAddress]
    package var protection: HostProtection

    package init(name: DomainName?, addresses: [IPAddress], protection: HostProtection) {
        self.name = name
        self.addresses = addresses
        self.protection = protection
    }

    /// The name, else the address.
    package var words: String { name?.ascii ?? addresses.first.map { "[\($0)]" } ?? "?" }
}

/// The ways to a domain.
package struct DirectPlan: Hashable, Sendable {
    package enum Way: Hashable, Sendable {
        /// To be tried in this order.
        case hosts([PlannedHost])
        /// There is none, and there will be none: enhanced code and words.
        case permanent(String)
        /// Nothing is known now, or nobody may have the letter now: enhanced code and words.
        case later(String)
    }

    package var way: Way
    /// The hosts that are not among `way`, and why.
    package var passedOver: [HostObstacle]
    /// The policy that holds (never one of mode `none`).
    package var policy: STSPolicy?
    /// Whether the name server vouches for the domain's MX records.
    package var isAuthentic: Bool
    /// Hosts of `way` that a policy in test does not name.
    package var unnamedInTest: [String]
    /// Why the domain's policy could not be fetched, safe to show; one that was known may hold nevertheless.
    package var policyTrouble: String?

    package init(
        _ way: Way, passedOver: [HostObstacle] = [], policy: STSPolicy? = nil, isAuthentic: Bool = false,
        unnamedInTest: [String] = []
    ) {
        self.way = way
        self.passedOver = passedOver
        self.policy = policy
        self.isAuthentic = isAuthentic
        self.unnamedInTest = unnamedInTest
    }
}

/// Why a host is passed over.
package struct HostObstacle: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// An MX record may not name an alias (RFC 5321 section 5.1, RFC 2181 section 10.3).
        case alias
        case privateAddress
        /// One of its addresses is this machine's, or a host is no better than this one.
        case ownHost
        case noAddress
        /// A look-up failed: which and how.
        case lookup(String)
        /// The domain's MTA-STS policy does not name it.
        case policy
        /// There was no time left to look it up.
        case time
    }

    package var host: String
    package var kind: Kind

    package init(host: String, kind: Kind) {
        self.host = host
        self.kind = kind
    }

    /// Whether waiting does not help.
    package var isPermanent: Bool {
        switch kind {
        case .alias, .privateAddress, .ownHost, .noAddress: true
        case .lookup, .policy, .time: false
        }
    }

    /// `mx.example.org is an alias (CNAME), which no MX record may name`
    package var description: String {
        switch kind {
        case .alias: "\(host) is an alias (CNAME), which no MX record may name"
        case .privateAddress: "\(host) has private addresses alone (smtp.allow_private_mx allows them)"
        case .ownHost:
            "\(host) is this host itself, or no better than it (name a mail server that runs here as an account's server)"
        case .noAddress: "\(host) has no address"
        case .lookup(let words): "\(host): \(words)"
        case .policy: "\(host) is not among the hosts of the domain's MTA-STS policy"
        case .time: "\(host) was not looked up, the time was over"
        }
    }

    /// RFC 3463, without the class.
    var code: String {
        switch kind {
        case .alias, .privateAddress, .ownHost: "4.6"
        case .noAddress: "4.4"
        case .lookup, .time: "4.3"
        case .policy: "7.0"
        }
    }
}
