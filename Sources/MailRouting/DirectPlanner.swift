// From a domain to the hosts that may have its mail. Asking is the caller's: name server, policy, chance and time come in
// as parameters.

/// Names and addresses of this machine: mail that leads back to it goes round in a circle.
package struct OwnHost: Hashable, Sendable {
    package var names: Set<DomainName>
    package var addresses: Set<IPAddress>

    package init(names: Set<DomainName> = [], addresses: Set<IPAddress> = []) {
        self.names = names
        self.addresses = addresses
    }
}

package struct DirectPlanner {
    /// Bounds of one attempt: a domain may have any number of hosts, and each any number of addresses.
    static let maximumHosts = 5
    static let maximumExamined = 10
    static let maximumAddresses = 10
    static let maximumAddressesOfHost = 4

    let domain: DomainName
    let own: OwnHost
    let allowsPrivate: Bool
    /// Of the hosts; it is part of the name of their TLSA records.
    let port: Int
    /// Asks the name server. Called for the MX records, and for at most ten hosts for A, AAAA and TLSA.
    let ask: (DNSQuestion) -> DNSAnswer
    /// The domain's policy, if one holds. Called at most once, and only if DANE does not decide alone.
    let policy: () -> STSPolicy?
    /// Whether the time for planning is over.
    let isLate: () -> Bool

    package init(
        _ domain: DomainName, own: OwnHost, allowsPrivate: Bool, port: Int = 25,
        ask: @escaping (DNSQuestion) -> DNSAnswer, policy: @escaping () -> STSPolicy?,
        isLate: @escaping () -> Bool = { false }
    ) {
        self.domain = domain
        self.own = own
        self.allowsPrivate = allowsPrivate
        self.port = port
        self.ask = ask
        self.policy = policy
        self.isLate = isLate
    }

    package func plan(chance: inout some RandomNumberGenerator) -> DirectPlan {
        let mx = ask(DNSQuestion(domain, .mx))
        switch MailHosts.judged(domain, mx: mx, own: own.names, chance: &chance) {
        case .later(let words): return DirectPlan(.later("4.4.3 cannot find the hosts of \(domain): \(words)"))
        case .noDomain:
            return DirectPlan(.permanent("5.1.2 there is no domain \(domain)"), isAuthentic: mx.isAuthentic)
        case .nullMX:
            return DirectPlan(
                .permanent("5.1.10 the domain \(domain) takes no mail (null MX)"), isAuthentic: mx.isAuthentic)
        case .unusable(let words):
            return DirectPlan(.permanent("5.4.6 no host takes mail for \(domain): \(words)"))
        case .hosts(let hosts):
            return applyingPolicy(to: found(hosts, mx))
        }
    }

    /// An address in brackets has no MX, and neither DANE nor a policy (RFC 5321 section 5.1).
    package static func plan(literal address: IPAddress, own: OwnHost, allowsPrivate: Bool) -> DirectPlan {
        let words = "[\(address)]"
        guard address.isPublic || allowsPrivate else {
            return refusal([HostObstacle(host: words, kind: .privateAddress)], of: words)
        }
        guard !own.addresses.contains(address) else {
            return refusal([HostObstacle(host: words, kind: .ownHost)], of: words)
        }
        return DirectPlan(.hosts([PlannedHost(name: nil, addresses: [address], protection: .opportunistic)]))
    }
}

extension DirectPlanner {
    /// The hosts with their addresses and, where the name server vouches for them, their TLSA records.
    private func found(_ hosts: [MailHost], _ mx: DNSAnswer) -> DirectPlan {
        var planned: [PlannedHost] = []
        var passedOver: [HostObstacle] = []
        var room = Self.maximumAddresses
        var limit: UInt16?  // of preference: where this machine itself stands among the hosts
        for host in hosts.prefix(Self.maximumExamined) where planned.count < Self.maximumHosts && room > 0 {
            func pass(_ kind: HostObstacle.Kind) {
                passedOver.append(HostObstacle(host: host.name.ascii, kind: kind))
            }
            if let limit, host.preference >= limit {
                pass(.ownHost)
                continue
            }
            if isLate() {
                pass(.time)
                continue
            }
            switch lookedUp(host, mx) {
            case .failure(let obstacle):
                if obstacle.kind == .ownHost { limit = host.preference }
                passedOver.append(obstacle)
            case .success(var found):
                found.addresses = Array(found.addresses.prefix(min(room, Self.maximumAddressesOfHost)))
                room -= found.addresses.count
                planned.append(found)
            }
        }
        // Equals of this machine that came before it by chance are no better than it.
        if let limit {
            let worse = Set(hosts.filter { $0.preference >= limit }.map(\.name))
            passedOver += planned.filter { $0.name.map(worse.contains) ?? false }.map {
                HostObstacle(host: $0.words, kind: .ownHost)
            }
            planned.removeAll { $0.name.map(worse.contains) ?? false }
        }
        guard planned.isEmpty else {
            return DirectPlan(.hosts(planned), passedOver: passedOver, isAuthentic: mx.isAuthentic)
        }
        return Self.refusal(passedOver, of: domain.ascii)
    }

    private func lookedUp(_ host: MailHost, _ mx: DNSAnswer) -> Result<PlannedHost, HostObstacle> {
        let (four, six) = (ask(DNSQuestion(host.name, .a)), ask(DNSQuestion(host.name, .aaaa)))
        func obstacle(_ kind: HostObstacle.Kind) -> Result<PlannedHost, HostObstacle> {
            .failure(HostObstacle(host: host.name.ascii, kind: kind))
        }
        if !host.isImplicit, four.isAlias || six.isAlias { return obstacle(.alias) }
        let all = Self.inTurn(four.addresses, six.addresses)
        if all.contains(where: own.addresses.contains) { return obstacle(.ownHost) }
        guard !all.isEmpty else {
            return obstacle((four.failure ?? six.failure).map { .lookup($0) } ?? .noAddress)
        }
        let addresses = all.filter { allowsPrivate || $0.isPublic }
        guard !addresses.isEmpty else { return obstacle(.privateAddress) }
        switch protection(of: host, mx, addressesAreAuthentic: four.isAuthentic || six.isAuthentic, four) {
        case .failure(let failure): return .failure(failure)
        case .success(let protection):
            return .success(PlannedHost(name: host.name, addresses: addresses, protection: protection))
        }
    }

    /// RFC 7672 section 2.2: TLSA records are asked for where the host's addresses are authentic; what is not authentic
    /// of them is as none; where the question fails, nobody may have the letter who might be someone else.
    private func protection(
        of host: MailHost, _ mx: DNSAnswer, addressesAreAuthentic: Bool, _ address: DNSAnswer
    ) -> Result<HostProtection, HostObstacle> {
        // An implicit host may be an alias: the records of what it stands for go first (section 2.2.3).
        let target = address.isAlias ? address.canonical.domain : nil
        guard addressesAreAuthentic else { return .success(.opportunistic) }
        for base in [target, host.name].compactMap({ $0 }) {
            guard let name = base.beneath("_\(port)._tcp") else { continue }
            let answer = ask(DNSQuestion(name, .tlsa))
            if let words = answer.failure {
                return .failure(HostObstacle(host: host.name.ascii, kind: .lookup("its TLSA records: \(words)")))
            }
            guard answer.isAuthentic else { continue }
            switch TLSASet.judged(answer.tlsaRecords) {
            case .none: continue
            case .unusable: return .success(.encrypted)
            case .usable(let records):
                // A certificate for the recipient's domain will do where the way from it to the host is authentic.
                let names = [host.name] + (mx.isAuthentic ? [domain] + [mx.canonical.domain].compactMap { $0 } : [])
                return .success(.dane(records, base: base, names: Self.unique(names).filter { $0 != base }))
            }
        }
        return .success(.opportunistic)
    }

    /// A policy does not hold where DANE does (RFC 8461 section 2); but the MX records that lead to a host with TLSA
    /// records may be forged where they are not authentic, and then the policy says which hosts are the domain's.
    private func applyingPolicy(to plan: DirectPlan) -> DirectPlan {
        guard case .hosts(let hosts) = plan.way else { return plan }
        let isSettled = plan.isAuthentic && hosts.allSatisfy(\.protection.isDANE)
        guard !isSettled, let policy = policy(), policy.mode != .none else { return plan }
        var plan = plan
        plan.policy = policy
        var kept: [PlannedHost] = []
        for var host in hosts {
            let isCovered = host.name.map(policy.covers) ?? false
            if plan.isAuthentic, host.protection.isDANE {
                kept.append(host)
            } else if policy.mode == .testing {
                if !isCovered { plan.unnamedInTest.append(host.words) }
                kept.append(host)
            } else if isCovered, let name = host.name {
                if !host.protection.isDANE { host.protection = .sts(name) }
                kept.append(host)
            } else {
                plan.passedOver.append(HostObstacle(host: host.words, kind: .policy))
            }
        }
        guard kept.isEmpty else {
            plan.way = .hosts(kept)
            return plan
        }
        var refusal = Self.refusal(plan.passedOver, of: domain.ascii)
        refusal.policy = policy
        refusal.isAuthentic = plan.isAuthentic
        return refusal
    }

    /// No host is left. Permanent where no waiting helps any of them.
    private static func refusal(_ obstacles: [HostObstacle], of domain: String) -> DirectPlan {
        let decisive =
            obstacles.first { !$0.isPermanent } ?? obstacles.first { $0.kind != .noAddress } ?? obstacles.first
        let words = "no host can take mail for \(domain): " + obstacles.map(\.description).joined(separator: "; ")
        guard let decisive, decisive.isPermanent else {
            return DirectPlan(.later("4.\(decisive?.code ?? "4.3") \(words)"), passedOver: obstacles)
        }
        return DirectPlan(.permanent("5.\(decisive.code) \(words)"), passedOver: obstacles)
    }

    /// IPv4 first: hosts without a name for their IPv6 address are common, and the large receivers refuse mail from them
    /// for good, while an IPv4 address that does not answer costs a quarter of a second.
    private static func inTurn(_ four: [IPAddress], _ six: [IPAddress]) -> [IPAddress] {
        var out: [IPAddress] = []
        for index in 0..<max(four.count, six.count) {
            if index < four.count { out.append(four[index]) }
            if index < six.count { out.append(six[index]) }
        }
        return unique(out)
    }

    private static func unique<T: Hashable>(_ items: [T]) -> [T] {
        var seen: Set<T> = []
        return items.filter { seen.insert($0).inserted }
    }
}

extension HostObstacle: Error {}

extension HostProtection {
    fileprivate var isDANE: Bool { if case .dane = self { true } else { false } }
}

extension DNSAnswer {
    fileprivate var addresses: [IPAddress] {
        records.compactMap { if case .address(let address) = $0 { address } else { nil } }
    }

    fileprivate var tlsaRecords: [TLSARecord] {
        records.compactMap { if case .tlsa(let record) = $0 { record } else { nil } }
    }
}
