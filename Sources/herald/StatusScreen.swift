// The status as a person reads it: what each daemon does, the incidents and silences as their own lists show them, and at
// the end one sentence.

import Formats

enum StatusScreen {
    /// Of a list so many lines, so that all of it is one screen; `--json` has the rest.
    private static let longest = 8
    /// What stands in a sentence, a table or nowhere; all else is a line by its name.
    private static let told: Set<String> = [
        "daemon", "version", "pid", "since", "problems", "problem_count", "limited", "sources", "incidents",
        "open_incidents", "open_by_severity", "silences", "digests", "since_start", "hits", "records", "rules",
        "heartbeat", "last_letter", "outbox_waits", "queue", "accounts", "last_sent", "troubles", "waits_since",
        "unaddressed", "standstill",
    ]

    static func lines(_ facts: JSON) -> [String] {
        var lines = [head(facts)] + watching(facts) + mailing(facts)
        for member in facts.members ?? [] where !told.contains(member.name) && !member.value.isNull {
            lines += others(member)
        }
        lines += table("incidents", IncidentTables.incidents(list(facts, "incidents")), facts["open_incidents"]?.int)
        lines += table("silences", IncidentTables.silences(list(facts, "silences")), nil)
        if facts["limited"]?.bool == true { lines.append("  more is for root and the group herald") }
        return lines
    }

    private static func list(_ facts: JSON, _ name: String) -> [JSON] { facts[name]?.array ?? [] }

    private static func head(_ facts: JSON) -> String {
        let daemon = Printable.text(facts["daemon"]?.string ?? "", limit: 40)
        let version = Printable.text(facts["version"]?.string ?? "", limit: 40)
        let since = facts["since"].map { ", since \(HostClock.text($0).prefix(19))" } ?? ""
        return Terminal.bold(daemon) + Terminal.dim(" \(version)\(since), pid \(facts["pid"]?.int ?? 0)")
    }

    // MARK: The watcher

    private static func watching(_ facts: JSON) -> [String] {
        guard let rules = facts["rules"]?.int else { return [] }
        var lines = ["  \(counted(rules, "rule"))"]
        if let records = facts["records"]?.int, let hits = facts["hits"]?.int {
            lines[0] += "; \(counted(hits, "hit")) in \(counted(records, "line")) since the last heartbeat"
        }
        lines += standstill(facts["standstill"])
        lines += sources(list(facts, "sources"), isStandstill: facts["standstill"].map { !$0.isNull } ?? false)
        if let open = facts["open_incidents"]?.int, facts["incidents"] == nil {
            lines.append("  \(counted(open, "open incident"))")
        }
        lines += list(facts, "digests").map { held in
            let count = held["incidents"]?.int ?? 0
            return "  \(counted(count, "incident")) \(count == 1 ? "waits" : "wait") for the digest at "
                + "\(HostClock.hour(held["at"])) (\(HostClock.text(held["limit"])))"
        }
        if let count = facts["unaddressed"]?.int, count > 0 {
            lines.append("  \(counted(count, "open incident")) that no recipient wants to be told of (report.to)")
        }
        if let waits = facts["outbox_waits"]?.int, waits > 0 {
            lines.append("  \(counted(waits, "letter")) not yet handed over")
        }
        if let letter = facts["last_letter"], !letter.isNull {
            lines.append("  last letter \(HostClock.text(letter["at"])): \(HostClock.text(letter["subject"]))")
        }
        if let heartbeat = facts["heartbeat"], !heartbeat.isNull {
            lines.append("  next heartbeat \(HostClock.text(heartbeat))")
        }
        return lines
    }

    /// Why nothing is read, and what waits in memory.
    private static func standstill(_ facts: JSON?) -> [String] {
        guard let facts, !facts.isNull else { return [] }
        let (records, hits) = (facts["records"]?.int ?? 0, facts["hits"]?.int ?? 0)
        let letters = facts["letters"]?.int ?? 0
        let told = letters > 0 ? ", and \(counted(letters, "letter"))" : ""
        return [
            "  nothing is read since \(HostClock.text(facts["since"])): \(HostClock.text(facts["reason"]))",
            "    \(counted(records, "line that was read waits", "lines that were read wait")) in memory, with "
                + "\(counted(hits, "hit"))\(told)",
        ]
    }

    /// How many there are, and those that want a look.
    private static func sources(_ sources: [JSON], isStandstill: Bool) -> [String] {
        guard !sources.isEmpty else { return [] }
        let well = sources.filter { $0["state"]?.string == "well" }
        let behind = well.filter { ($0["behind_bytes"]?.int ?? 0) > 0 || $0["at_end"]?.bool == false }
        let bytes = behind.reduce(Int64(0)) { $0.addingReportingOverflow($1["behind_bytes"]?.int ?? 0).partialValue }
        var line =
            "  \(well.count) of \(counted(Int64(sources.count), "source")) \(well.count == 1 ? "is" : "are") read"
        let unread = bytes > 0 ? counted(bytes, "byte") + " of " : ""
        line += behind.isEmpty ? isStandstill ? "" : " to the end" : "; \(unread)\(behind.count) not yet"
        let wanted = sources.filter { $0["state"]?.string != "well" } + behind
        return [line]
            + rows(
                wanted.map { source in
                    let state = HostClock.text(source["state"])
                    let words =
                        source["state"]?.string == "well"
                        ? distance(source)
                        : [state, reason(source)].filter { !$0.isEmpty }.joined(separator: ": ")
                    return "    \(HostClock.text(source["name"])): \(words)"
                })
            + rows(sources.compactMap(rotated))
    }

    /// Why a source is not read.
    private static func reason(_ source: JSON) -> String {
        guard let log = source["copy_of"], !log.isNull else { return HostClock.text(source["fault"]) }
        return "it holds only what \(HostClock.text(log)) does, and may be a copy of it"
    }

    /// What a glob matches besides a log, and is not read as one: nobody should find that out by a missing letter.
    private static func rotated(_ source: JSON) -> String? {
        let paths = source["rotated"]?.array ?? []
        guard let first = paths.first else { return nil }
        let name = HostClock.text(first).split(separator: "/").last.map(String.init) ?? ""
        let others = paths.count > 1 ? " and \(paths.count - 1) more are" : " is"
        return "    \(HostClock.text(source["name"])): \(name)\(others) matched too, and taken for rotated files of it"
    }

    private static func distance(_ source: JSON) -> String {
        if let bytes = source["behind_bytes"]?.int { return counted(bytes, "byte") + " behind" }
        guard let entries = source["behind_entries"]?.int else { return "not read to its end yet" }
        return "\(entries) \(entries == 1 ? "entry" : "entries") behind"
    }

    // MARK: The mailer

    private static func mailing(_ facts: JSON) -> [String] {
        var lines: [String] = []
        if let queue = facts["queue"]?.members {
            let counts = queue.filter { ($0.value.int ?? 0) > 0 }.map { "\($0.value.int ?? 0) \($0.name)" }
            let since = facts["waits_since"].flatMap {
                $0.isNull ? nil : " (the oldest waits since \(HostClock.text($0)))"
            }
            lines.append("  deliveries: \(counts.isEmpty ? "none" : counts.joined(separator: ", "))\(since ?? "")")
        }
        lines += rows(
            list(facts, "accounts").map { account in
                let words = [
                    "\(HostClock.text(account["server"])), "
                        + (account["security"]?.string == "none" ? "no TLS" : HostClock.text(account["security"])),
                    // Why it is paused stands among what needs a person.
                    HostClock.text(account["state"]),
                    (account["next_probe"]?.string).map { "next try \(HostClock.text(.string($0)))" } ?? "",
                ]
                return "  account \(HostClock.text(account["name"])): "
                    + words.filter { !$0.isEmpty }.joined(separator: "; ")
            })
        if let last = facts["last_sent"], !last.isNull {
            lines.append(
                "  last sent \(HostClock.text(last["at"])) to \(recipient(last)): " + HostClock.text(last["subject"]))
        }
        return lines
            + rows(
                list(facts, "troubles").map { delivery in
                    let next =
                        delivery["next_attempt"].flatMap { $0.isNull ? nil : "; next try \(HostClock.text($0))" } ?? ""
                    return "  \(HostClock.text(delivery["id"])) \(HostClock.text(delivery["state"])): "
                        + "\(recipient(delivery)), \(HostClock.text(delivery["subject"])): "
                        + "\(HostClock.text(delivery["last_reply"]))\(next)"
                })
    }

    /// Who has it, where that is not whom it was for.
    private static func recipient(_ delivery: JSON) -> String {
        let recipient = HostClock.text(delivery["recipient"])
        guard let other = delivery["redirected_to"]?.string else { return recipient }
        return "\(Printable.text(other, limit: 200)) instead of \(recipient)"
    }

    // MARK: Parts

    private static func rows(_ rows: [String]) -> [String] {
        rows.count > longest ? rows.prefix(longest) + ["    and \(rows.count - longest) more"] : rows
    }

    /// A table with its first rows. `total`: of how many the rows are some.
    private static func table(_ name: String, _ rows: [[String]], _ total: Int64?) -> [String] {
        guard rows.count > 1 else { return [] }
        let shown = min(rows.count - 1, longest)
        let more = max(Int64(rows.count - 1), total ?? 0) - Int64(shown)
        var lines = Terminal.aligned(Array(rows.prefix(shown + 1))).map { "  " + $0 }
        if more > 0 { lines.append("  and \(more) more: herald \(name == "silences" ? "silence list" : name)") }
        return lines
    }

    /// What a later version says, and the responder: `queue waiting 1, held 2`.
    private static func others(_ member: JSON.Member) -> [String] {
        let label = member.name.map { $0 == "_" ? " " : String($0) }.joined()
        if let items = member.value.array {
            return items.isEmpty ? [] : ["  \(label):"] + rows(items.map { "    " + line($0) })
        }
        return ["  \(label): \(line(member.value))"]
    }

    private static func line(_ value: JSON) -> String {
        guard let members = value.members else { return HostClock.text(value) }
        return members.filter { !$0.value.isNull }.map { member in
            let label = member.name.map { $0 == "_" ? " " : String($0) }.joined()
            return "\(label) \(HostClock.text(member.value))"
        }.joined(separator: ", ")
    }

    // MARK: What needs a person

    /// A problem that is too long for a line in several: what is the case, and beneath it the cause and what to do, which
    /// stand behind it in brackets or semicolons. No command is broken.
    static func problem(_ text: String) -> [String] {
        let text = Printable.text(text, limit: 2000)
        guard text.count > 100 else { return ["  - " + text] }
        var (head, tail) = (text, "")
        if let open = openingBracket(text) {
            head = String(text.unicodeScalars.prefix(open - 1))
            tail = String(text.unicodeScalars.dropFirst(open + 1).dropLast())
        }
        let parts = [head, tail].flatMap { $0.split(separator: "; ").map(String.init) }
        return parts.enumerated().map { ($0.offset == 0 ? "  - " : "      ") + $0.element }
    }

    /// The bracket that the one at the end closes, where there is a space before it.
    private static func openingBracket(_ text: String) -> Int? {
        let scalars = Array(text.unicodeScalars)
        guard scalars.last == ")" else { return nil }
        var depth = 0
        for index in scalars.indices.reversed() {
            if scalars[index] == ")" { depth += 1 }
            if scalars[index] == "(" { depth -= 1 }
            if depth == 0 { return index > 1 && scalars[index - 1] == " " ? index : nil }
        }
        return nil
    }

    // MARK: The sentence

    /// `Herald is well; 4 incidents are open (1 emergency); 3 silences, one of everything.`
    static func verdict(_ watcher: JSON?) -> String {
        var parts = ["Herald is well"]
        let open = watcher?["open_incidents"]?.int ?? 0
        if open > 0 {
            let worst = severities(watcher)
            let words = open == 1 ? "1 incident is open" : "\(open) incidents are open"
            parts.append(words + (worst.isEmpty ? "" : " (\(worst.joined(separator: ", ")))"))
        } else if watcher != nil {
            parts.append("no incident is open")
        }
        let silences = watcher?["silences"]?.array ?? []
        if !silences.isEmpty {
            let all = silences.count { silence in
                ["rule", "host", "unit"].allSatisfy { silence[$0]?.string ?? "*" == "*" }
                    && silence["incident"]?.int == nil
            }
            let words =
                all == 0
                ? ""
                : all == silences.count && all == 1
                    ? " of everything" : ", \(all == 1 ? "one" : "\(all)") of everything"
            parts.append(counted(Int64(silences.count), "silence") + words)
        }
        return parts.joined(separator: "; ") + "."
    }

    /// Of those that somebody is woken for.
    private static func severities(_ watcher: JSON?) -> [String] {
        let listed = watcher?["incidents"]?.array ?? []
        return ["emergency", "alert"].compactMap { name in
            let count =
                watcher?["open_by_severity"]?[name]?.int
                ?? Int64(listed.count { $0["severity"]?.string == name })
            return count > 0 ? "\(count) \(name)" : nil
        }
    }
}
