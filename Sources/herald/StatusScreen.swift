// The status as a person reads it.

import Formats

enum StatusScreen {
    static func show(_ daemon: String, _ facts: JSON) {
        Terminal.say(Terminal.bold("herald-\(daemon)"))
        for member in facts.members ?? [] where !["daemon", "problems"].contains(member.name) {
            show(member)
        }
        Terminal.say("")
    }

    private static func show(_ member: JSON.Member) {
        let label = member.name.map { $0 == "_" ? " " : String($0) }.joined()
        switch member.value {
        case .null: return
        case .array(let items) where items.allSatisfy({ $0.members != nil }):
            if items.isEmpty { return Terminal.say("  \(label): none") }
            Terminal.say("  \(label):")
            for item in items { Terminal.say("    " + line(item)) }
        case .array(let items): Terminal.say("  \(label): \(items.map(text).joined(separator: ", "))")
        case .object: Terminal.say("  \(label): \(line(member.value))")
        default: Terminal.say("  \(label): \(text(member.value))")
        }
    }

    /// `name sda, state well, behind bytes 0`
    private static func line(_ value: JSON) -> String {
        (value.members ?? []).compactMap { member in
            if member.value.isNull { return nil }
            let label = member.name.map { $0 == "_" ? " " : String($0) }.joined()
            return ["name", "title", "id"].contains(member.name) ? text(member.value) : "\(label) \(text(member.value))"
        }.joined(separator: ", ")
    }

    private static func text(_ value: JSON) -> String { Printable.text(value.string ?? value.text, limit: 200) }
}

/// The status in figures.
enum StatusFigures {
    /// The text exposition format of Prometheus.
    static func prometheus(_ daemons: [(name: String, isRunning: Bool, facts: JSON)]) -> String {
        var lines = ["# HELP herald_up Whether the daemon answers.", "# TYPE herald_up gauge"]
        for daemon in daemons { lines.append("herald_up{daemon=\"\(daemon.name)\"} \(daemon.isRunning ? 1 : 0)") }
        lines += ["# HELP herald_problems What needs a person.", "# TYPE herald_problems gauge"]
        for daemon in daemons {
            lines.append("herald_problems{daemon=\"\(daemon.name)\"} \(daemon.facts["problems"]?.array?.count ?? 0)")
        }
        for daemon in daemons {
            for (key, help) in [("queue", "Deliveries in each state."), ("ledger", "Items in each outcome.")] {
                guard let counts = daemon.facts[key]?.members else { continue }
                lines += ["# HELP herald_\(key) \(help)", "# TYPE herald_\(key) gauge"]
                for count in counts {
                    if let number = count.value.int { lines.append("herald_\(key){state=\"\(count.name)\"} \(number)") }
                }
            }
            if let incidents = daemon.facts["incidents"]?.array {
                lines += [
                    "# HELP herald_open_incidents Incidents that are open.", "# TYPE herald_open_incidents gauge",
                ]
                lines.append("herald_open_incidents \(incidents.count)")
            }
        }
        return lines.joined(separator: "\n")
    }
}
