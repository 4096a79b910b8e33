// One rule of a file, read with every fault it has.

import Formats
import YAML

/// Reads one rule. What is wrong goes to the collector; `rule` is nil only where no rule can be made of it.
struct RuleReader {
    private var map: MapReader
    private let node: YAMLNode
    private let collector: FaultCollector

    init(_ node: YAMLNode, _ collector: FaultCollector) {
        let id = node["id"]?.string.map { "rule '\(Printable.text($0, limit: 60))'" } ?? "a rule"
        map = MapReader(node, subject: id, collector: collector)
        self.node = node
        self.collector = collector
    }

    mutating func rule() -> Rule? {
        guard node.mapping != nil else { return nil }
        let id = identifier()
        let title = required("title")
        let severity = severity()
        var rule = Rule(id: id ?? "", title: Template(title ?? ""), severity: severity ?? .error)
        (rule.file, rule.line, rule.column) = (node.file, node.line, node.column)
        readConditions(&rule)
        readGrouping(&rule)
        rule.advice = map.string("advice").map { Template($0) }
        rule.url = map.string("url")
        readExamples(&rule)
        map.finish()
        checkNames(rule)
        return id == nil ? nil : rule
    }

    // MARK: The four that every rule has

    private mutating func required(_ key: String) -> String? {
        let text = map.string(key)
        if node[key].map(\.isNull) ?? true {
            map.fault(node, "'\(key)' is missing")
        } else if text?.isEmpty == true, let value = node[key] {
            map.fault(value, "'\(key)' is empty")
        }
        return text
    }

    private mutating func identifier() -> String? {
        guard let id = required("id"), let value = node["id"] else { return nil }
        let allowed = id.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte)
                || [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")].contains(byte)
        }
        if !allowed || id.utf8.count > 100 {
            map.fault(value, "an id has letters, digits, '-', '_' and '.', at most 100")
        }
        return id
    }

    private mutating func severity() -> Severity? {
        guard let name = required("severity"), let value = node["severity"] else { return nil }
        if let severity = Severity(name: name) { return severity }
        let shown = Printable.text(name, limit: 40)
        map.fault(
            value,
            "'severity' must be one of \(Severity.names.joined(separator: ", ")), not '\(shown)'\(hint(name, Severity.names))"
        )
        return nil
    }

    // MARK: Which records

    private mutating func readConditions(_ rule: inout Rule) {
        rule.where = conditions()
        rule.match = patterns("match")
        rule.unless = patterns("unless")
        rule.recoveredBy = patterns("recovered_by")
        rule.messageIDs = messageIDs()
        rule.isFloor = map.bool("floor") ?? false
        if let value = map.value("expect") {
            var expect = MapReader(value, subject: "'expect' of rule '\(rule.id)'", collector: collector)
            rule.expectEvery = expect.duration("every")
            if value.mapping != nil, value["every"] == nil { expect.fault(value, "'every' is missing") }
            if let every = rule.expectEvery, every <= .zero { expect.fault(value, "'every' must be more than nothing") }
            expect.finish()
        }
        guard rule.match.isEmpty, node["match"].map(\.isNull) ?? true else { return }
        if rule.expectEvery != nil {
            map.fault(node, "'match' is missing, which says what 'expect' waits for")
        } else if rule.isFloor, rule.messageIDs.isEmpty, !rule.where.contains(where: { $0.field == "priority" }) {
            map.fault(node, "a rule with 'floor' and without 'match' needs 'where: {priority: …}' or 'message_id'")
        } else if !rule.isFloor, rule.messageIDs.isEmpty {
            map.fault(node, "'match' is missing")
        }
    }

    private mutating func conditions() -> [FieldCondition] {
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
            let values = items.compactMap { condition(name, $0) }
            if items.isEmpty { map.fault(entry.value, "the field '\(name)' in 'where' has no value") }
            return values.isEmpty ? nil : FieldCondition(name, values)
        }
    }

    private func condition(_ name: String, _ value: YAMLNode) -> String? {
        guard let text = value.string else {
            map.fault(value, "the field '\(name)' in 'where' must be a value or a list of values, not \(value.kind)")
            return nil
        }
        let shown = Printable.text(text, limit: 40)
        switch name {
        case "priority" where !(text.utf8.count == 1 && "01234567".contains(text)):
            map.fault(
                value, "the field 'priority' in 'where' is a digit from 0 (emergency) to 7 (debug), not '\(shown)'")
        case "uid" where UInt32(text) == nil, "pid" where Int32(text) == nil:
            map.fault(value, "the field '\(name)' in 'where' is a number, not '\(shown)'")
        case "message_id" where RuleField.messageID(text) == nil:
            map.fault(value, "the field 'message_id' in 'where' is 32 hexadecimal digits, not '\(shown)'")
        case "message_id": return RuleField.messageID(text)
        default: break
        }
        return text
    }

    private mutating func patterns(_ key: String) -> [Pattern] {
        guard let value = map.value(key) else { return [] }
        let items = value.sequence ?? [value]
        if items.isEmpty { map.fault(value, "'\(key)' is an empty list") }
        return items.compactMap { item in
            guard let text = item.string else {
                map.fault(item, "'\(key)' must be a pattern or a list of patterns, not \(item.kind)")
                return nil
            }
            if text.isEmpty {
                map.fault(item, "an empty pattern in '\(key)'")
                return nil
            }
            return Pattern(text, file: item.file, line: item.line, column: item.column)
        }
    }

    private mutating func messageIDs() -> [String] {
        guard let texts = map.strings("message_id"), let value = node["message_id"] else { return [] }
        return texts.compactMap { text in
            if let id = RuleField.messageID(text) { return id }
            map.fault(value, "'message_id' is 32 hexadecimal digits, not '\(Printable.text(text, limit: 60))'")
            return nil
        }
    }

    // MARK: What becomes of them

    private mutating func readGrouping(_ rule: inout Rule) {
        rule.groupBy = map.strings("group_by")
        rule.inhibits = map.strings("inhibits") ?? []
        if let value = map.value("group") {
            if value.string == "never" {
                rule.neverGroup = true
            } else {
                map.fault(value, "'group' can only be 'never'")
            }
        }
        guard let value = map.value("threshold") else { return }
        var threshold = MapReader(value, subject: "'threshold' of rule '\(rule.id)'", collector: collector)
        let count = threshold.int("count", in: 1...1_000_000)
        let within = threshold.duration("within")
        for key in ["count", "within"] where value.mapping != nil && value[key] == nil {
            threshold.fault(value, "'\(key)' is missing")
        }
        if let within, within <= .zero { threshold.fault(value, "'within' must be more than nothing") }
        threshold.finish()
        if let count, let within { rule.threshold = Threshold(count: count, within: within) }
    }

    // MARK: Examples

    private mutating func readExamples(_ rule: inout Rule) {
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
                guard let text = entry.value.string, RuleField.isKnown(name) else {
                    map.fault(entry.key, "unknown field '\(Printable.text(name, limit: 60))' in an example")
                    continue
                }
                if name == "message" {
                    example.text = text
                } else {
                    example.fields.append(Example.Field(name: name, value: text))
                }
            }
            return example
        }
    }

    // MARK: Names that must exist

    /// The constructs that are refused, and the names in the title and in `group_by` that nothing gives.
    private func checkNames(_ rule: Rule) {
        var captures: [String] = []
        var refused = false
        for pattern in rule.match + rule.unless + rule.recoveredBy {
            do throws(PatternFault) {
                let syntax = try PatternSyntax(pattern.text)
                if rule.match.contains(pattern) { captures += syntax.groupNames }
            } catch {
                collector.add(
                    Diagnostic(
                        file: pattern.file, line: pattern.line, column: pattern.column,
                        message: "\(error.message) (character \(error.offset + 1) of the pattern) in \(map.subject)"))
                refused = true
            }
        }
        if refused { return }
        let known = captures + RuleField.names
        for name in rule.title.fields where !captures.contains(name) && !RuleField.isKnown(name) {
            map.fault(
                node["title"] ?? node, "the title names '{\(name)}', which no pattern captures\(hint(name, known))")
        }
        for name in rule.groupBy ?? [] where !captures.contains(name) && !RuleField.isKnown(name) {
            let shown = Printable.text(name, limit: 60)
            map.fault(
                node["group_by"] ?? node,
                "'group_by' names '\(shown)', which is no field and no pattern captures\(hint(name, known))")
        }
    }

    private func hint(_ name: String, _ known: [String]) -> String {
        NearestName.to(name, in: known).map { "; did you mean '\($0)'?" } ?? ""
    }
}
