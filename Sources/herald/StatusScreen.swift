// The status as a person reads it.

import Formats

enum StatusScreen {
    /// Of a list so many lines, so that all of it is one screen; `--json` has the rest.
    private static let longest = 8

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
        case .array(let items) where member.name == "digests":
            for item in items { Terminal.say("  " + digest(item)) }
        case .array(let items) where items.allSatisfy({ $0.members != nil }):
            if items.isEmpty { return Terminal.say("  \(label): none") }
            Terminal.say("  \(label):")
            for item in items.prefix(longest) { Terminal.say("    " + line(item)) }
            if items.count > longest { Terminal.say("    and \(items.count - longest) more") }
        case .array(let items): Terminal.say("  \(label): \(items.map(text).joined(separator: ", "))")
        case .object: Terminal.say("  \(label): \(line(member.value))")
        default: Terminal.say("  \(label): \(text(member.value))")
        }
    }

    /// `216 incidents wait for the digest at 2026-11-21T22:11:00Z (report.max_per_hour)`
    static func digest(_ held: JSON) -> String {
        let count = held["incidents"]?.int ?? 0
        return "\(count) incident\(count == 1 ? " waits" : "s wait") for the digest at \(text(held["at"] ?? .null)) "
            + "(\(text(held["limit"] ?? .null)))"
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
