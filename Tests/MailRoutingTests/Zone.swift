import MailRouting
import TestSupport

/// A name server that knows what stands in a table, and says of which answers it vouches.
final class Zone {
    private var answers: [DNSQuestion: DNSAnswer] = [:]
    private(set) var asked: [String] = []

    func ask(_ question: DNSQuestion) -> DNSAnswer {
        asked.append("\(question)")
        return answers[question] ?? DNSAnswer(.noData, isAuthentic: true, canonical: question.name)
    }

    func put(_ name: String, _ type: DNSType, _ content: DNSAnswer.Content, secure: Bool = true, alias: String? = nil) {
        guard let domain = try? DomainName(name) else { return }
        let canonical = alias.flatMap { try? DomainName($0) } ?? domain
        answers[DNSQuestion(domain, type)] = DNSAnswer(
            content, isAuthentic: secure, canonical: DNSName(canonical), isAlias: alias != nil)
    }

    func mx(_ name: String, _ hosts: String..., secure: Bool = true) {
        put(
            name, .mx,
            .records(
                hosts.enumerated().compactMap { index, host in
                    (try? DomainName(host)).map { .exchange(preference: UInt16(index), DNSName($0)) }
                }), secure: secure)
    }

    func address(_ name: String, _ texts: String..., secure: Bool = true, alias: String? = nil) {
        let all = texts.compactMap { IPAddress(text: $0) }
        for (type, some) in [(DNSType.a, all.filter { !$0.isIPv6 }), (.aaaa, all.filter(\.isIPv6))] {
            let content: DNSAnswer.Content = some.isEmpty ? .noData : .records(some.map { .address($0) })
            put(name, type, content, secure: secure, alias: alias)
        }
    }

    func tlsa(_ name: String, _ records: TLSARecord..., secure: Bool = true) {
        put("_25._tcp." + name, .tlsa, .records(records.map { .tlsa($0) }), secure: secure)
    }

    /// The way to `domain` by this zone.
    func plan(
        _ domain: String = "d.test", allowsPrivate: Bool = false, own: OwnHost = OwnHost(), policy: STSPolicy? = nil,
        isLate: @escaping () -> Bool = { false }
    ) throws -> DirectPlan {
        var chance = SplitMix(seed: 1)
        return DirectPlanner(
            try DomainName(domain), own: own, allowsPrivate: allowsPrivate, ask: ask, policy: { policy }, isLate: isLate
        ).plan(chance: &chance)
    }
}

extension DirectPlan {
    var hosts: [PlannedHost] { if case .hosts(let hosts) = way { hosts } else { [] } }

    /// The way in one line: what is permanent begins with P, what waits with T.
    var words: String {
        switch way {
        case .hosts(let hosts): "hosts \(hosts)"
        case .permanent(let words): "P \(words)"
        case .later(let words): "T \(words)"
        }
    }
}
