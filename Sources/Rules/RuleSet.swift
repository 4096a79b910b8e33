// All rules that are in force, and the checks between them. The reading of one rule is in RuleReader.

import Formats
import YAML

/// The rules in force, in the order of their files and of the rules in them.
package struct RuleSet: Sendable, Equatable {
    package var rules: [Rule]
    /// Rules that are right, and switched off.
    package var disabled: [Rule]

    package init(_ rules: [Rule], disabled: [Rule] = []) {
        self.rules = rules
        self.disabled = disabled
    }

    /// Leaves out what only a trial of the rules asks for.
    package mutating func removeExamples() {
        for index in rules.indices { (rules[index].examples, rules[index].counterexamples) = ([], []) }
        for index in disabled.indices { (disabled[index].examples, disabled[index].counterexamples) = ([], []) }
    }

    /// The rule of that id.
    package func rule(_ id: String) -> Rule? { rules.first { $0.id == id } }

    /// Reads the files of rules. Of several files with one name (the last component of the path) the last alone
    /// counts. All faults are reported at once; the set is nil when one of them is an error.
    /// `disabled` rules are checked like the others, and left out.
    package static func load(
        files: [(name: String, bytes: [UInt8])], disabled: [String] = []
    ) -> (RuleSet?, [Diagnostic]) {
        let (set, faults) = read(files: files, disabled: disabled)
        return (faults.contains { $0.severity == .error } ? nil : set, faults)
    }

    /// Like `load`, with what could be read where there are faults: enough to look for further ones.
    package static func read(
        files: [(name: String, bytes: [UInt8])], disabled: [String] = []
    ) -> (RuleSet, [Diagnostic]) {
        let collector = FaultCollector()
        var rules: [Rule] = []
        for file in inForce(files) {
            do throws(Diagnostic) {
                rules += Self.rules(in: try YAMLReader.read(file.bytes, file: file.name), collector)
            } catch {
                collector.add(error)
            }
        }
        checkIdentifiers(rules, disabled: disabled, collector)
        let set = RuleSet(
            rules.filter { !disabled.contains($0.id) }, disabled: rules.filter { disabled.contains($0.id) })
        return (set, collector.faults)
    }

    /// A later file takes the place of an earlier one of the same name.
    private static func inForce(_ files: [(name: String, bytes: [UInt8])]) -> [(name: String, bytes: [UInt8])] {
        func last(_ path: String) -> Substring { path.split(separator: "/").last ?? "" }
        var kept: [(name: String, bytes: [UInt8])] = []
        for file in files {
            if let at = kept.firstIndex(where: { last($0.name) == last(file.name) }) {
                kept[at] = file
            } else {
                kept.append(file)
            }
        }
        return kept
    }

    private static func rules(in root: YAMLNode, _ collector: FaultCollector) -> [Rule] {
        var map = MapReader(root, subject: "the file of rules", collector: collector)
        let items = map.list("rules")
        if root["rules"] == nil, root.mapping?.isEmpty == false {
            collector.add(root.fault("a file of rules begins with 'rules:' and a list"))
        }
        map.finish()
        return (items ?? []).compactMap { node in
            var reader = RuleReader(node, collector)
            return reader.rule()
        }
    }

    private static func checkIdentifiers(_ rules: [Rule], disabled: [String], _ collector: FaultCollector) {
        var first: [String: Rule] = [:]
        for rule in rules {
            if let other = first[rule.id] {
                let place = "\(other.file):\(other.line)"
                collector.add(
                    Diagnostic(
                        file: rule.file, line: rule.line, column: rule.column,
                        message:
                            "the rule '\(rule.id)' is there already, in \(place); to change it, switch that one off "
                            + "in 'disabled_rules' and give yours another id, or replace its whole file by one of that "
                            + "name"))
            } else {
                first[rule.id] = rule
            }
        }
        // Only warnings: a file of the administrator's may have replaced the one that held the other rule.
        for rule in rules {
            for id in rule.inhibits where first[id] == nil {
                let message =
                    "'inhibits' names '\(Printable.text(id))', which is no rule\(hint(id, first.keys.sorted()))"
                collector.add(
                    Diagnostic(
                        file: rule.file, line: rule.line, column: rule.column,
                        message: "\(message) in rule '\(rule.id)'", severity: .warning))
            }
        }
        checkCircles(rules.filter { !disabled.contains($0.id) }, collector)
        for id in disabled where first[id] == nil && !Rule.own.contains(id) {
            let message = "there is no rule '\(Printable.text(id))'\(hint(id, first.keys.sorted()))"
            collector.add(Diagnostic(file: "disabled_rules", message: message, severity: .warning))
        }
    }

    /// Rules that explain each other. The incident book tells one of such incidents; what was meant is another matter.
    private static func checkCircles(_ rules: [Rule], _ collector: FaultCollector) {
        let named = Dictionary(rules.map { ($0.id, $0.inhibits) }, uniquingKeysWith: { first, _ in first })
        var said: Set<String> = []
        for rule in rules where !said.contains(rule.id) {
            guard let circle = circle(from: rule.id, named) else { continue }
            said.formUnion(circle)
            let ids = (circle + [rule.id]).map { "'\(Printable.text($0))'" }.joined(separator: ", ")
            collector.add(
                Diagnostic(
                    file: rule.file, line: rule.line, column: rule.column,
                    message: "'inhibits' goes in a circle: \(ids); of these the most severe incident is told, then the "
                        + "oldest",
                    severity: .warning))
        }
    }

    /// The shortest way from a rule back to itself; nil when there is none. That a rule names itself says nothing.
    private static func circle(from start: String, _ named: [String: [String]]) -> [String]? {
        var cameFrom: [String: String] = [:]
        var todo = [start][...]
        while let rule = todo.popFirst() {
            for next in named[rule] ?? [] where next != rule {
                if next == start {
                    var (way, last) = ([rule], rule)
                    while last != start, let before = cameFrom[last] {
                        way.insert(before, at: 0)
                        last = before
                    }
                    return way
                }
                if cameFrom[next] == nil {
                    cameFrom[next] = rule
                    todo.append(next)
                }
            }
        }
        return nil
    }

    private static func hint(_ name: String, _ known: [String]) -> String {
        NearestName.hint(for: name, in: known)
    }
}
