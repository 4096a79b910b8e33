// A record that a rule matched. Made by RuleMatching, joined to incidents by Incidents.

import Formats
import Records

/// A named group's bytes in the message.
package struct Capture: Hashable, Sendable {
    package var name: String
    package var value: [UInt8]
    package init(name: String, value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

/// A record that a rule matched, with what the pattern captured.
package struct Hit: Sendable, Equatable {
    package var rule: Rule
    package var record: Record
    /// The named groups that took part in the match, in the pattern's order.
    package var captures: [Capture]

    package init(rule: Rule, record: Record, captures: [Capture]) {
        self.rule = rule
        self.record = record
        self.captures = captures
    }

    /// The rule's title with its places filled, on one line, with nothing unsafe to show in it.
    /// - Parameter localHost: stands for the host of a record that names none.
    package func title(localHost: String? = nil) -> String {
        rule.title.rendered { value($0, localHost: localHost) }
    }

    /// The rule's advice with its places filled; what has no value stays as written, since braces occur in commands.
    package func advice(localHost: String? = nil) -> String? {
        rule.advice?.rendered { value($0, localHost: localHost) ?? "{\($0)}" }
    }

    /// The value of a capture, else of a record's field, safe to show; nil when there is none. A file's line need not
    /// name who wrote it: then the file does.
    private func value(_ name: String, localHost: String?) -> String? {
        let found = captures.first { $0.name == name }?.value ?? RuleField.values(name, of: record).first
        if let found { return Printable.text(found, limit: 200) }
        switch name {
        case "host": return localHost
        case "identifier": return fileName
        case "unit": return record.identifier.map { Printable.text($0, limit: 200) } ?? fileName
        default: return nil
        }
    }

    /// Without its folders; a container's log as its engine's lists name the container, by twelve digits.
    private var fileName: String? {
        guard case .file(let path) = record.source else { return nil }
        let name = path.split(separator: "/").last ?? ""
        let digits = name.prefix { $0.isHexDigit && $0.isASCII }
        if digits.count == 64, name.dropFirst(64) == "-json.log" { return "container \(digits.prefix(12))" }
        return LogPath.shown(path).split(separator: "/").last.map { Printable.text(String($0), limit: 200) }
    }
}
