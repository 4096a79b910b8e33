// The fields that a rule asks for, and those that its examples have.

import Formats
import YAML

extension RuleReader {
    mutating func conditions() -> [FieldCondition] {
        guard let value = map.value("where") else { return [] }
        guard let entries = value.mapping else {
            map.fault(value, "'where' must be a map of fields and values, not \(value.kind)")
            return []
        }
        return entries.compactMap { entry in
            let name = entry.key.string ?? ""
            guard RuleField.isCondition(name) else {
                let near = hint(name, RuleField.conditions)
                map.fault(entry.key, "unknown field '\(Printable.text(name, limit: 60))' in 'where'\(near)")
                return nil
            }
            let items = entry.value.sequence ?? [entry.value]
            let values = items.flatMap { condition(name, $0) }
            if items.isEmpty { map.fault(entry.value, "the field '\(name)' in 'where' has no value") }
            return values.isEmpty ? nil : FieldCondition(name, values)
        }
    }

    /// One value as written, `!` and all; a range of priorities becomes its members.
    private func condition(_ name: String, _ value: YAMLNode) -> [String] {
        guard let text = value.string else {
            let tag = value.isNull ? "; a value that begins with '!' has to stand in quotes" : ""
            map.fault(
                value, "the field '\(name)' in 'where' must be a value or a list of values, not \(value.kind)\(tag)")
            return []
        }
        let isExcluded = text.hasPrefix("!")
        let asked = isExcluded ? String(text.dropFirst()) : text
        let found = name == "priority" ? priorities(asked) : RuleField.value(asked, of: name).map { [$0] }
        guard let found, !asked.isEmpty else {
            let shown = Printable.text(text, limit: 40)
            let form = asked.isEmpty ? "not empty" : RuleField.form(of: name)
            map.fault(value, "the field '\(name)' in 'where' is \(form), not '\(shown)'")
            return []
        }
        return found.map { isExcluded ? "!" + $0 : $0 }
    }

    /// `3`, `err`, `0..3` or `emerg..err` as journalctl(1) has it; in whichever order the two stand.
    private func priorities(_ text: String) -> [String]? {
        guard let dots = text.utf8.firstRange(ofBytes: "..".utf8) else {
            return RuleField.priority(text).map { [String($0)] }
        }
        guard let one = RuleField.priority(String(text[..<dots.lowerBound])),
            let other = RuleField.priority(String(text[dots.upperBound...]))
        else { return nil }
        return (min(one, other)...max(one, other)).map { String($0) }
    }

    // MARK: Examples

    mutating func readExamples(_ rule: inout Rule) {
        guard let value = map.value("examples") else { return }
        var examples = MapReader(value, subject: "'examples' of rule '\(rule.id)'", collector: collector)
        rule.examples = Self.examples(examples.value("match"), examples)
        rule.counterexamples = Self.examples(examples.value("no_match"), examples)
        examples.finish()
    }

    private static func examples(_ value: YAMLNode?, _ map: MapReader) -> [Example] {
        guard let value else { return [] }
        return (value.sequence ?? [value]).compactMap { item in
            var example = Example(
                text: "", fields: [], isMessage: false, file: item.file, line: item.line, column: item.column)
            if let text = item.string {
                example.text = text
                return example
            }
            guard let entries = item.mapping else {
                map.fault(item, "an example is a log line, or a map of fields and 'message', not \(item.kind)")
                return nil
            }
            example.isMessage = true
            for entry in entries {
                let name = entry.key.string ?? ""
                if let field = field(entry, name, map) {
                    if name == "message" {
                        example.text = field
                    } else {
                        example.fields.append(.init(name: name, value: field))
                    }
                }
            }
            return example
        }
    }

    /// The value of a field as the record will have it.
    private static func field(_ entry: YAMLNode.Entry, _ name: String, _ map: MapReader) -> String? {
        guard let text = entry.value.string, RuleField.isKnown(name) else {
            let near = NearestName.hint(for: name, in: RuleField.names)
            map.fault(entry.key, "unknown field '\(Printable.text(name, limit: 60))' in an example\(near)")
            return nil
        }
        if let value = RuleField.value(text, of: name) { return value }
        let shown = Printable.text(text, limit: 40)
        map.fault(entry.value, "the field '\(name)' in an example is \(RuleField.form(of: name)), not '\(shown)'")
        return nil
    }
}
