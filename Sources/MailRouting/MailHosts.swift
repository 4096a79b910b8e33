// Which hosts take a domain's mail (RFC 5321 section 5.1, RFC 7505).

/// One of them.
package struct MailHost: Hashable, Sendable {
    package var name: DomainName
    package var preference: UInt16
    /// The domain has no MX record and is its own host.
    package var isImplicit: Bool

    package init(name: DomainName, preference: UInt16, isImplicit: Bool) {
        self.name = name
        self.preference = preference
        self.isImplicit = isImplicit
    }
}

/// What a domain's MX records come to.
package enum MailHosts: Hashable, Sendable {
    /// At least one, in the order in which they are to be tried.
    case hosts([MailHost])
    /// The domain says that it takes no mail (RFC 7505).
    case nullMX
    case noDomain
    /// There are records, and none leads to a host: why, safe to show.
    case unusable(String)
    /// Nothing is known now: why, safe to show.
    case later(String)

    /// Judges the answer to the question for the domain's MX records. A host of `own` names and all that are not preferred
    /// to it are left out, so that no mail goes round in a circle; `chance` orders those that are equally preferred.
    package static func judged(
        _ domain: DomainName, mx answer: DNSAnswer, own: Set<DomainName>, chance: inout some RandomNumberGenerator
    ) -> MailHosts {
        switch answer.content {
        case .failed(let words): return .later(words)
        case .noName: return .noDomain
        case .noData:
            // An alias is replaced by what it stands for, and that is its own host.
            let name = answer.isAlias ? answer.canonical.domain : domain
            guard let name else { return .unusable("its alias \(answer.canonical) is no host's name") }
            if own.contains(name) { return .unusable("it is " + itself) }
            return .hosts([MailHost(name: name, preference: 0, isImplicit: true)])
        case .records(let records): return judged(records, own: own, chance: &chance)
        }
    }

    private static let itself = "this host itself (name a mail server that runs here as an account's server)"

    private static func judged(
        _ records: [DNSRecord], own: Set<DomainName>, chance: inout some RandomNumberGenerator
    ) -> MailHosts {
        var exchanges: [(preference: UInt16, name: DNSName)] = []
        for case .exchange(let preference, let name) in records { exchanges.append((preference, name)) }
        let named = exchanges.filter { !$0.name.isRoot }
        if named.isEmpty { return .nullMX }
        var best: [DomainName: UInt16] = [:]
        for (preference, name) in named {
            guard let name = name.domain else { continue }
            best[name] = min(best[name] ?? .max, preference)
        }
        if best.isEmpty { return .unusable("its MX record names \(named[0].name), which is no host's name") }
        let limit = best.filter { own.contains($0.key) }.values.min()
        // Sorted by name first, so that the same chance makes the same order of whatever dictionary.
        var hosts = best.sorted { $0.key.ascii < $1.key.ascii }.filter { limit.map($0.value.isBelow) ?? true }
        if hosts.isEmpty { return .unusable("its best MX host is " + itself) }
        hosts.shuffle(using: &chance)
        // A sort that keeps the order of equals.
        let order = hosts.enumerated().sorted { ($0.element.value, $0.offset) < ($1.element.value, $1.offset) }
        return .hosts(
            order.map { MailHost(name: $0.element.key, preference: $0.element.value, isImplicit: false) })
    }
}

extension UInt16 {
    fileprivate func isBelow(_ other: UInt16) -> Bool { self < other }
}
