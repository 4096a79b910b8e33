// Which open incidents explain which others, made once for each look at what is due.
//
// Must stay true: of incidents that keep each other quiet in a circle one is told. So within a circle of rules only the
// more severe, then the older keeps the other quiet: that order has no circles. What is told is found in a time that grows
// with the incidents of the rules that name it, not with all.

/// The open incidents that may keep others quiet.
struct Inhibitors {
    /// By the rules that theirs name.
    private var byTarget: [String: [Incident]] = [:]
    /// All rules that each of theirs inhibits, by way of others too.
    private var reached: [String: Set<String>] = [:]

    init(_ incidents: some Sequence<Incident>) {
        var named: [String: Set<String>] = [:]
        for incident in incidents {
            for target in incident.rule.inhibits { byTarget[target, default: []].append(incident) }
            named[incident.rule.id, default: []].formUnion(incident.rule.inhibits)
        }
        for rule in named.keys { reached[rule] = Self.reached(from: rule, named) }
    }

    /// The id of the incident that keeps this one quiet: the lowest, so that it is the same one each time.
    func cause(of incident: Incident) -> Int64? {
        (byTarget[incident.rule.id] ?? []).lazy.filter { cause in
            cause.inhibits(incident) && (!isCircle(cause, incident) || cause.goesBefore(incident))
        }.map(\.id).min()
    }

    /// Whether the rule of what is inhibited inhibits that of the cause in turn.
    private func isCircle(_ cause: Incident, _ incident: Incident) -> Bool {
        reached[incident.rule.id]?.contains(cause.rule.id) ?? false
    }

    private static func reached(from start: String, _ named: [String: Set<String>]) -> Set<String> {
        var seen: Set<String> = []
        var todo = [start]
        while let rule = todo.popLast() {
            for next in named[rule] ?? [] where seen.insert(next).inserted { todo.append(next) }
        }
        return seen
    }
}

extension Incident {
    /// Whether this one explains `other` while it is open: its rule says so, the same place vouches for both, and what
    /// both rules captured (a device, say) is the same. A rule does not inhibit itself.
    fileprivate func inhibits(_ other: Incident) -> Bool {
        guard id != other.id, rule.id != other.rule.id, rule.inhibits.contains(other.rule.id),
            origin.vouches(for: other.origin)
        else { return false }
        return captures.allSatisfy { mine in
            other.captures.first { $0.name == mine.name }.map { $0.value == mine.value } ?? true
        }
    }

    /// The more severe first, then the older.
    fileprivate func goesBefore(_ other: Incident) -> Bool { (severity, other.id) > (other.severity, id) }
}
