// What a letter says of several incidents: a row for each rule, then some of them at length, going round the rules.
//
// Must stay true: however many incidents one rule has, each other rule stands on the first screen, and has its first
// incident told before any rule has its second; every hit is in a count.

import Formats
import Incidents
import Rules

/// What of a report one rule has found.
struct RuleGroup {
    /// At least one, the gravest first.
    var entries: [Report.Entry]

    var rule: String { entries[0].incident.rule.id }
    var severity: Severity { entries[0].incident.severity }
    var newHits: Int { entries.reduce(0) { $0 + $1.newHits } }
}

extension Report {
    /// By rule, the gravest first.
    var byRule: [RuleGroup] {
        var groups: [RuleGroup] = []
        var places: [String: Int] = [:]
        for entry in entries {
            if let place = places[entry.incident.rule.id] {
                groups[place].entries.append(entry)
            } else {
                places[entry.incident.rule.id] = groups.count
                groups.append(RuleGroup(entries: [entry]))
            }
        }
        return groups
    }

    /// One of each rule, the gravest first, then a second one, and so on; of each rule at most so many.
    func goingRound(most: Int = .max) -> [Entry] {
        let groups = byRule
        let rounds = min(most, groups.map(\.entries.count).max() ?? 0)
        return (0..<rounds).flatMap { round in
            groups.compactMap { round < $0.entries.count ? $0.entries[round] : nil }
        }
    }
}

extension LetterWording {
    /// The incidents that are told at length. Of one rule a few show what it is.
    var shownEntries: [Report.Entry] {
        let ofOneRule = max(2, 8 / max(1, report.byRule.count))
        return Array(report.goingRound(most: ofOneRule).prefix(budget.sections))
    }

    /// What a digest holds, before any of it is told at length.
    var overview: [LetterContent.OverviewLine] {
        guard report.entries.count > 1 else { return [] }
        return report.byRule.prefix(budget.rows).map { group in
            let hits = group.newHits
            let state = group.entries.count == 1 ? Self.state(group.entries[0]) : nil
            return LetterContent.OverviewLine(
                severity: group.severity, title: title(of: group),
                hits: hits == 0 ? state ?? "no new hit" : Self.times(hits))
        }
    }

    /// What has no section: counted all the same, and of each rule some of it named.
    var rest: [String] {
        let shown = Set(shownEntries.map(\.incident.id))
        let left = report.byRule.compactMap { group in
            let entries = group.entries.filter { !shown.contains($0.incident.id) }
            return entries.isEmpty ? nil : RuleGroup(entries: entries)
        }
        var lines = left.prefix(budget.named).map { group in
            guard group.entries.count > 1 else {
                let title = Self.cut(group.entries[0].incident.title, min(120, budget.title))
                return "\(group.severity.name), \(group.newHits) new: \(title)"
            }
            let names = Self.some(of: group.entries.map(\.incident.title), budget.names, min(120, budget.title))
            return "\(group.severity.name), \(Self.count(group.entries.count, "more incident")) of "
                + "\(Printable.text(group.rule, limit: 100)) with \(Self.count(group.newHits, "new hit")): \(names)"
        }
        let unnamed = left.dropFirst(budget.named).flatMap(\.entries)
        if !unnamed.isEmpty {
            let hits = unnamed.reduce(0) { $0 + $1.newHits }
            lines.append("and \(Self.count(unnamed.count, "more incident")) with \(Self.count(hits, "new hit"))")
        }
        return lines
    }

    var notes: [String] {
        let shown = report.notes.prefix(budget.names)
        let left = report.notes.count - shown.count
        return shown.map { "\(Self.cut($0.text, min(200, budget.field))), \(Self.times($0.count))" }
            + (left > 0 ? ["and \(left) more: \(command.line("incidents list --all --rule 'herald-*'"))"] : [])
    }

    /// `em, 195 incidents: EM e7; EM e8; ...; EM e201`
    private func title(of group: RuleGroup) -> String {
        guard group.entries.count > 1 else {
            return Self.cut(group.entries[0].incident.title, min(120, budget.title))
        }
        let hosts = Set(group.entries.map(\.incident.origin.host)).count
        return "\(Printable.text(group.rule, limit: 100)), \(group.entries.count) incidents"
            + (hosts > 1 ? " on \(hosts) hosts" : "") + ": "
            + Self.some(of: group.entries.map(\.incident.title), 3, min(60, budget.title))
    }

    /// Some of the titles: the first ones, and the last.
    private static func some(of titles: [String], _ most: Int, _ length: Int) -> String {
        var met: Set<String> = []
        let different = titles.filter { met.insert($0).inserted }.map { cut($0, length) }
        guard different.count > most, let last = different.last else { return different.joined(separator: "; ") }
        return (different.prefix(most - 1) + ["...", last]).joined(separator: "; ")
    }

    var digestSentence: String {
        let rules = report.byRule.count
        let incidents = Self.count(report.entries.count, "incident") + (rules > 1 ? " of \(rules) rules" : "")
        let start = report.entries.map(\.incident.firstSeen).min() ?? report.time
        return "\(incidents) on \(hostPhrase) with \(Self.count(report.newHits, "new hit")) since "
            + "\(clock(start, near: report.time))."
    }
}
