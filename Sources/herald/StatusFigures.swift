// The status in figures: the text exposition format of Prometheus, version 0.0.4. Each metric has one HELP and one TYPE
// line before its samples, and label values are escaped.

import Formats

enum StatusFigures {
    /// - Parameters:
    ///   - now: what ages are reckoned to.
    ///   - own: how many problems the settings have, as the command reads them.
    static func prometheus(
        _ daemons: [(name: String, isRunning: Bool, facts: JSON)], at now: Timestamp, own: Int = 0
    ) -> String {
        var figures = Figures()
        figures.add(
            "herald_up", "Whether the daemon answers.", daemons.map { ([("daemon", $0.name)], $0.isRunning ? 1 : 0) })
        figures.add(
            "herald_problems", "What needs a person.",
            daemons.map { ([("daemon", $0.name)], Int64($0.facts["problems"]?.array?.count ?? 0)) }
                + (own == 0 ? [] : [([("daemon", "settings")], Int64(own))]))
        for daemon in daemons where daemon.isRunning {
            switch daemon.name {
            case "watcher": watcher(daemon.facts, &figures)
            case "mailer": mailer(daemon.facts, &figures, now)
            default: counts("herald_ledger", "Items in each outcome.", daemon.facts["ledger"], &figures)
            }
        }
        return figures.lines.joined(separator: "\n")
    }

    private static func watcher(_ facts: JSON, _ figures: inout Figures) {
        figures.add(
            "herald_open_incidents", "Incidents that are open, of each severity.",
            (facts["open_by_severity"]?.members ?? []).map { ([("severity", $0.name)], $0.value.int ?? 0) })
        figures.add(
            "herald_held_incidents", "Incidents that wait for a digest, because letters are as many as may be.",
            [([], (facts["digests"]?.array ?? []).reduce(0) { $0 + ($1["incidents"]?.int ?? 0) })])
        for (key, help) in [
            ("records", "Log entries read"), ("hits", "Hits"), ("incidents", "Incidents opened"),
            ("reports", "Reports made"),
        ] {
            guard let value = facts["since_start"]?[key]?.int else { continue }
            figures.add("herald_\(key)_total", "\(help) since the watcher's start.", [([], value)], type: "counter")
        }
        figures.add(
            "herald_standstill", "Whether nothing is read because the state cannot be written.",
            [([], facts["standstill"].map { $0.isNull } ?? true ? 0 : 1)])
        let sources = facts["sources"]?.array ?? []
        figures.add(
            "herald_source_up", "Whether the source can be read.",
            // A glob that names nothing now is no source, nor is what may be a copy.
            sources.filter { ["well", "unreadable"].contains($0["state"]?.string) }.map {
                ([("source", $0["name"]?.string ?? "")], $0["state"]?.string == "well" ? 1 : 0)
            })
        figures.add(
            "herald_source_behind_bytes", "What is there and not yet read.",
            sources.compactMap { source in
                source["behind_bytes"]?.int.map { ([("source", source["name"]?.string ?? "")], $0) }
            })
        for (key, name, help) in [
            ("rules", "herald_rules", "Rules in force."),
            ("outbox_waits", "herald_outbox_letters", "Letters not handed over."),
            ("unaddressed", "herald_unaddressed_incidents", "Open incidents that no recipient wants to be told of."),
        ] {
            if let value = facts[key]?.int { figures.add(name, help, [([], value)]) }
        }
        figures.add("herald_silences", "Silences in force.", [([], Int64(facts["silences"]?.array?.count ?? 0))])
    }

    private static func mailer(_ facts: JSON, _ figures: inout Figures, _ now: Timestamp) {
        counts("herald_queue", "Deliveries in each state.", facts["queue"], &figures)
        if let oldest = facts["waits_since"] {
            let since = oldest.string.flatMap { Timestamp(rfc3339: $0) }
            figures.add(
                "herald_queue_oldest_seconds", "Age of the delivery that waits longest; 0 when none waits.",
                [([], since.map { max(0, (now - $0).milliseconds / 1000) } ?? 0)])
        }
        if let sent = facts["last_sent"]?["at"]?.string.flatMap({ Timestamp(rfc3339: $0) }) {
            figures.add(
                "herald_last_sent_timestamp_seconds", "When a server last took a letter, in seconds since 1970.",
                [([], sent.microseconds / 1_000_000)])
        }
        figures.add(
            "herald_account_up", "Whether the account is well.",
            // Of one that nobody has connected to nothing is known.
            (facts["accounts"]?.array ?? []).filter { $0["state"]?.string != "not used yet" }.map {
                ([("account", $0["name"]?.string ?? "")], $0["state"]?.string == "well" ? 1 : 0)
            })
    }

    private static func counts(_ name: String, _ help: String, _ facts: JSON?, _ figures: inout Figures) {
        figures.add(
            name, help,
            (facts?.members ?? []).compactMap { member in member.value.int.map { ([("state", member.name)], $0) } })
    }
}

/// Lines of the exposition format.
struct Figures {
    private(set) var lines: [String] = []

    /// A metric with its samples; two samples of the same labels would be a fault, and the first one stands.
    mutating func add(_ name: String, _ help: String, _ samples: [([(String, String)], Int64)], type: String = "gauge")
    {
        guard !samples.isEmpty else { return }
        lines += ["# HELP \(name) \(help)", "# TYPE \(name) \(type)"]
        var seen: Set<String> = []
        for (labels, value) in samples {
            let pairs = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
            if seen.insert(pairs).inserted { lines.append("\(name)\(pairs.isEmpty ? "" : "{\(pairs)}") \(value)") }
        }
    }

    static func escaped(_ value: String) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
