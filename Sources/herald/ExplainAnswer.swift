// The answer of `herald rules explain` for one line, for people and for programs.

import Formats
import Platform
import Incidents
import Records
import RuleMatching
import Rules

struct ExplainAnswer {
    let record: Record
    private let matched: [RuleVerdict]
    private let near: [RuleVerdict]
    private let further: Int

    init(record: Record, verdicts: [RuleVerdict], near limit: Int) {
        self.record = record
        matched = verdicts.filter { $0.hit != nil }
        let others = verdicts.filter { $0.hit == nil }
        near = Array(others.prefix(limit))
        further = others.count - near.count
    }

    // MARK: For people

    func say() {
        Terminal.say(Terminal.dim(reading))
        Terminal.say("message: \(Printable.text(record.message, keepingLines: false, limit: 500))")
        if matched.isEmpty { Terminal.say("No rule hits it.") }
        for verdict in matched { say(matched: verdict) }
        if !near.isEmpty { Terminal.say(matched.isEmpty ? "Nearly:" : "Nearly, too:") }
        for verdict in near { say(near: verdict) }
        if further > 0 { Terminal.say(Terminal.dim("and \(further) more that are further away (--near)")) }
        Terminal.say("")
    }

    /// What was recognised before the message.
    private var reading: String {
        var known = ["read as \(record.source.isJournal ? "an entry of the journal" : "a line of a file")"]
        let names = ["host", "identifier", "pid", "unit", "uid", "transport", "priority", "message_id", "executable"]
        for name in names {
            if let value = RuleField.values(name, of: record).first {
                known.append("\(name) \(Printable.text(value, limit: 80))")
            }
        }
        if let time = record.time { known.append("time \(HostClock.text(time))") }
        return known.joined(separator: ", ")
    }

    private func say(matched verdict: RuleVerdict) {
        let rule = verdict.rule
        let title = verdict.hit?.title(localHost: HostNames.host()) ?? ""
        switch verdict.outcome {
        case .recovery: Terminal.say("\(Terminal.bold(rule.id)): this line says that it is over")
        case .expected: Terminal.say("\(Terminal.bold(rule.id)): this is the line that it expects")
        default: Terminal.say("\(Terminal.bold(rule.id)): \(Terminal.severity(rule.severity)): \(title)")
        }
        if let pattern = verdict.pattern { Terminal.say("  pattern   \(Self.told(pattern))") }
        for capture in verdict.hit?.captures ?? [] {
            Terminal.say("  {\(capture.name)}  '\(Printable.text(capture.value, limit: 200))'")
        }
        if verdict.outcome == .hit { Terminal.say("  grouped   \(grouping(verdict))") }
        for reason in verdict.reasons { Terminal.say("  note      \(reason)") }
        Terminal.say(Terminal.dim("  from      \(Printable.text(rule.file)):\(rule.line)"))
    }

    private func say(near verdict: RuleVerdict) {
        let rule = verdict.rule
        Terminal.say("\(Terminal.bold(rule.id)) (\(rule.severity.name)):")
        for reason in verdict.reasons { Terminal.say("  - \(reason)") }
        if let pattern = verdict.pattern { Terminal.say(Terminal.dim("  pattern   \(Self.told(pattern))")) }
        Terminal.say(Terminal.dim("  from      \(Printable.text(rule.file)):\(rule.line)"))
    }

    private static func told(_ pattern: Pattern) -> String {
        "`\(Printable.text(pattern.text, limit: 200))` (line \(pattern.line))"
    }

    /// What makes two hits one incident.
    private func grouping(_ verdict: RuleVerdict) -> String {
        let rule = verdict.rule
        if rule.neverGroup { return "never: each hit is an incident of its own" }
        let place = record.unit != nil ? "unit" : record.source.isJournal ? "source" : "file"
        let parts = (rule.groupBy ?? ["host", place, "message"]).map { name in
            "\(name) \(Printable.text(value(name, verdict), limit: 120))"
        }
        let uid = record.uid.map { ["uid \($0)"] } ?? []
        return (["by rule"] + parts + uid).joined(separator: ", ")
    }

    private func value(_ name: String, _ verdict: RuleVerdict) -> [UInt8] {
        if name == "message" { return [0x27] + MessageMask.masked(record.message) + [0x27] }
        let captured = verdict.hit?.captures.first { $0.name == name }?.value
        let found = captured ?? RuleField.values(name, of: record).first ?? []
        return found.isEmpty ? Array((name == "host" ? "(this host)" : "(none)").utf8) : found
    }

    // MARK: For programs

    var json: JSON {
        var members = [
            JSON.Member("line", Self.text(record.raw)), JSON.Member("message", Self.text(record.message)),
            JSON.Member("matches", .array(matched.map { json($0) })),
            JSON.Member("near", .array(near.map { json($0) })),
        ]
        if further > 0 { members.append(JSON.Member("more_near", JSON(further))) }
        return .object(members)
    }

    private func json(_ verdict: RuleVerdict) -> JSON {
        let rule = verdict.rule
        var members = [
            JSON.Member("rule", .string(rule.id)), JSON.Member("severity", .string(rule.severity.name)),
            JSON.Member("outcome", .string(verdict.outcome.rawValue)), JSON.Member("file", .string(rule.file)),
            JSON.Member("rule_line", JSON(rule.line)),
        ]
        if let pattern = verdict.pattern {
            members.append(JSON.Member("pattern", .string(pattern.text)))
            members.append(JSON.Member("pattern_line", JSON(pattern.line)))
        }
        if let hit = verdict.hit {
            members.append(JSON.Member("title", .string(hit.title(localHost: HostNames.host()))))
            members.append(
                JSON.Member("captures", .object(hit.captures.map { JSON.Member($0.name, Self.text($0.value)) })))
            if verdict.outcome == .hit { members.append(JSON.Member("grouped", .string(grouping(verdict)))) }
        } else {
            members.append(JSON.Member("nearness", JSON(verdict.nearness)))
        }
        members.append(JSON.Member("reasons", .array(verdict.reasons.map { .string($0) })))
        return .object(members)
    }

    private static func text(_ bytes: [UInt8]) -> JSON { .string(String(decoding: bytes, as: UTF8.self)) }
}
