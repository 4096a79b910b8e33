// One rule of a file, read with every fault it has.

import Formats
import YAML

/// Reads one rule. What is wrong goes to the collector; `rule` is nil only where no rule can be made of it.
struct RuleReader {
    var map: MapReader
    let node: YAMLNode
    let collector: FaultCollector

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
        rule.url = url()
        readExamples(&rule)
        map.finish()
        checkNames(rule)
        checkKeys(rule)
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

    /// It becomes a link in letters, so it is one of the web, and holds nothing that would end it.
    private mutating func url() -> String? {
        guard let text = map.string("url"), let value = node["url"] else { return nil }
        let isWeb = text.hasPrefix("https://") || text.hasPrefix("http://")
        guard isWeb, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x3c && $0 != 0x3e }) else {
            map.fault(value, "'url' must begin with https:// or http://, without spaces, quotes and brackets")
            return nil
        }
        return text
    }

    // MARK: Which records

    private mutating func readConditions(_ rule: inout Rule) {
        rule.where = conditions()
        rule.match = patterns("match")
        rule.unless = patterns("unless") { rule.spared.insert($0) }
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
        } else if rule.isFloor, rule.messageIDs.isEmpty, !asksForPriority(rule) {
            map.fault(node, "a rule with 'floor' and without 'match' needs 'where: {priority: …}' or 'message_id'")
        } else if !rule.isFloor, rule.messageIDs.isEmpty {
            map.fault(node, "'match' is missing")
        }
    }

    private func asksForPriority(_ rule: Rule) -> Bool {
        rule.where.contains { $0.field == "priority" && $0.values.contains { !$0.hasPrefix("!") } }
    }

    /// - Parameter spare: what is done with a named exception that is no pattern.
    private mutating func patterns(_ key: String, spare: (NamedException) -> Void = { _ in }) -> [Pattern] {
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
            guard key == "unless", NamedException.isName(text) else {
                return Pattern(text, file: item.file, line: item.line, column: item.column)
            }
            guard let exception = NamedException(rawValue: text) else {
                let names = NamedException.allCases.map(\.rawValue)
                map.fault(
                    item, "'unless' names '\(text)'; there are \(names.joined(separator: ", "))\(hint(text, names))")
                return nil
            }
            guard let text = exception.text else {
                spare(exception)
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
        // Each hit's time is remembered until the threshold is reached, so that it is reached exactly.
        let count = threshold.int("count", in: 1...1000)
        let within = threshold.duration("within")
        for key in ["count", "within"] where value.mapping != nil && value[key] == nil {
            threshold.fault(value, "'\(key)' is missing")
        }
        if let within, within <= .zero { threshold.fault(value, "'within' must be more than nothing") }
        threshold.finish()
        if let count, let within { rule.threshold = Threshold(count: count, within: within) }
    }
}
