// The section about who is told.

import Formats
import Mail
import Platform
import Rules
import YAML

extension SettingsReader {
    /// - Parameter hold: how long reports are held where the section does not say.
    func report(_ node: YAMLNode?, hold: Duration) -> Settings.Report {
        var reader = SectionReader(node, Declarations.report, collector)
        let least = severity("min_severity", &reader) ?? .critical
        let report = Settings.Report(
            enabled: reader.bool("enabled"), recipients: recipients(&reader, least), subject: subject(&reader),
            mailerName: reader.line("mailer_name") ?? "", from: reader.text("from"), minSeverity: least,
            groupWait: reader.duration("group_wait") ?? .zero,
            groupInterval: reader.duration("group_interval") ?? .zero,
            repeatInterval: reader.duration("repeat_interval") ?? .zero, maxPerHour: reader.int("max_per_hour") ?? 12,
            contextLines: reader.int("context_lines") ?? 3, samples: reader.int("samples") ?? 10,
            hold: reader.duration("hold") ?? hold, heartbeat: heartbeat(&reader),
            fallbackCommand: fallbackCommand(&reader))
        reader.finish()
        if report.enabled, !report.recipients.contains(where: \.enabled), !collector.hasErrors {
            let place = node ?? YAMLNode(.mapping([]), file: files.first?.path ?? "", line: 1, column: 1)
            let reason =
                report.recipients.isEmpty
                ? "'report.to_email' is missing" : "none of the recipients in 'report.to' is enabled"
            reader.warn(place, "nobody is told: \(reason)")
        }
        return report
    }

    private func heartbeat(_ reader: inout SectionReader) -> HeartbeatTimes? {
        guard let text = reader.text("heartbeat"), text != "off" else { return nil }
        let times = HeartbeatTimes(text: text)
        if times == nil, let node = reader.value("heartbeat") {
            reader.fault(node, "'heartbeat' must be 'off', 'daily 07:00' or 'weekly mon 07:00',")
        }
        return times
    }

    private func fallbackCommand(_ reader: inout SectionReader) -> [String] {
        let words = reader.texts("fallback_command")
        if let program = words.first, let node = reader.value("fallback_command") { absolute(program, node, reader) }
        return words
    }

    /// A template: `{host}` and the like stand for what they name.
    private func subject(_ reader: inout SectionReader) -> String {
        let text = reader.line("subject") ?? ""
        guard let node = reader.value("subject") else { return text }
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            let after = rest[rest.index(after: open)...]
            guard let close = after.firstIndex(of: "}") else {
                reader.fault(node, "'subject' has a '{' that is not closed")
                break
            }
            let name = String(after[..<close])
            if !Settings.Report.subjectFields.contains(name) {
                let near =
                    NearestName.to(name, in: Settings.Report.subjectFields).map { "; did you mean '{\($0)}'?" } ?? ""
                reader.fault(node, "'subject' names the unknown field '{\(Printable.text(name, limit: 40))}'\(near)")
            }
            rest = after[after.index(after: close)...]
        }
        return text
    }

    private func severity(_ name: String, _ reader: inout SectionReader) -> Severity? {
        reader.choice(name, SeverityName.self).flatMap { Severity(name: $0.rawValue) }
    }

    private enum SeverityName: String, CaseIterable { case emergency, alert, critical, error, warning }

    /// - Parameter least: What recipients get that say nothing of it themselves, and above.
    private func recipients(_ reader: inout SectionReader, _ least: Severity) -> [Settings.Recipient] {
        let email = reader.address("to_email")
        guard let to = reader.value("to") else { return email.map { [recipient(nil, $0, least)] } ?? [] }
        if let name = to.string {
            _ = reader.line("to")
            if reader.value("to_email") == nil { reader.missing("to_email") }
            return email.map { [recipient(name, $0, least)] } ?? []
        }
        guard let list = to.sequence else {
            reader.fault(to, "'to' must be a name, or a list of recipients,")
            return []
        }
        if let single = reader.value("to_email") {
            reader.fault(single, "'to_email' beside a list in 'to': give one of them")
        }
        return list.compactMap { recipient($0, least) }
    }

    private func recipient(_ name: String?, _ email: EmailAddress, _ least: Severity) -> Settings.Recipient {
        Settings.Recipient(name: name, email: email, enabled: true, minSeverity: least, rules: [])
    }

    private func recipient(_ node: YAMLNode, _ least: Severity) -> Settings.Recipient? {
        var reader = SectionReader(node, Declarations.recipient, collector)
        let email = reader.address("email")
        if reader.value("email") == nil { reader.missing("email") }
        let name = reader.line("name")
        let enabled = reader.bool("enabled")
        let own = severity("min_severity", &reader)
        let rules = reader.texts("rules")
        reader.finish()
        return email.map {
            Settings.Recipient(name: name, email: $0, enabled: enabled, minSeverity: own ?? least, rules: rules)
        }
    }
}
