// Reading a map by known keys: every mistake is collected with its place, none stops the reading.

import Formats

/// Collects the faults of a reading.
package final class FaultCollector {
    package private(set) var faults: [Diagnostic] = []
    package init() {}
    package func add(_ fault: Diagnostic) { faults.append(fault) }
    package var hasErrors: Bool { faults.contains { $0.severity == .error } }
}

/// One map of a file, read key by key. At the end, `finish` reports the keys that nobody asked for.
package struct MapReader {
    package let node: YAMLNode
    /// What the map is, for messages: `account 'office'`.
    package let subject: String
    package let collector: FaultCollector
    private var known: [String] = []

    /// A node that is no map is reported, and reads as empty.
    package init(_ node: YAMLNode, subject: String, collector: FaultCollector) {
        if node.mapping == nil, !node.isNull {
            collector.add(node.fault("\(subject) must be a map of keys and values, not \(node.kind)"))
        }
        self.node = node
        self.subject = subject
        self.collector = collector
    }

    /// The value of `key`, unless it is absent or null.
    package mutating func value(_ key: String) -> YAMLNode? {
        known.append(key)
        guard let value = node[key], !value.isNull else { return nil }
        return value
    }

    package mutating func string(_ key: String) -> String? {
        guard let value = value(key) else { return nil }
        if value.string == nil { fault(value, "'\(key)' must be a text, not \(value.kind)") }
        return value.string
    }

    package mutating func bool(_ key: String) -> Bool? {
        guard let value = value(key) else { return nil }
        if value.bool == nil { fault(value, "'\(key)' must be true or false\(Self.shown(value))") }
        return value.bool
    }

    package mutating func int(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = value(key) else { return nil }
        guard let number = value.int, range.contains(number) else {
            fault(
                value,
                "'\(key)' must be a whole number from \(range.lowerBound) to \(range.upperBound)\(Self.shown(value))")
            return nil
        }
        return number
    }

    /// A size in bytes.
    package mutating func size(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = value(key) else { return nil }
        if let bytes = value.string.flatMap({ Self.bytes(of: $0) }), range.contains(bytes) { return bytes }
        fault(
            value,
            "'\(key)' must be a size from \(range.lowerBound) to \(range.upperBound) bytes, such as 64 KiB\(Self.shown(value))"
        )
        return nil
    }

    /// `65536`, `64 KiB`, `1 MiB`; nil for what is no size, or none that can be counted.
    package static func bytes(of text: String) -> Int? {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard let number = Int(digits) else { return nil }
        let factors = ["": 1, "KiB": 1 << 10, "MiB": 1 << 20]
        guard let factor = factors[String(text.dropFirst(digits.count).drop { $0 == " " })] else { return nil }
        let (bytes, isTooLarge) = number.multipliedReportingOverflow(by: factor)
        return isTooLarge ? nil : bytes
    }

    package mutating func duration(_ key: String) -> Duration? {
        guard let value = value(key) else { return nil }
        if let text = value.string, let duration = Duration(text: text) { return duration }
        let bare = value.int != nil ? "; a bare number has no unit" : ""
        fault(value, "'\(key)' must be a duration such as 90s, 5m, 4h, 2d or 2500ms\(Self.shown(value))\(bare)")
        return nil
    }

    /// One of the names of an enumeration.
    package mutating func choice<T: RawRepresentable & CaseIterable>(
        _ key: String, _ type: T.Type
    ) -> T? where T.RawValue == String {
        guard let value = value(key) else { return nil }
        if let text = value.string, let choice = T(rawValue: text) { return choice }
        let names = T.allCases.map(\.rawValue)
        let hint = value.string.map { NearestName.hint(for: $0, in: names) } ?? ""
        fault(value, "'\(key)' must be one of \(names.joined(separator: ", "))\(Self.shown(value))\(hint)")
        return nil
    }

    /// A list of texts; a single text counts as a list of one.
    package mutating func strings(_ key: String) -> [String]? {
        guard let value = value(key) else { return nil }
        if let one = value.string { return [one] }
        guard let items = value.sequence else {
            fault(value, "'\(key)' must be a text or a list of texts, not \(value.kind)")
            return nil
        }
        return items.compactMap { item in
            if item.string == nil { fault(item, "'\(key)' must hold texts, not \(item.kind)") }
            return item.string
        }
    }

    /// The items of a list.
    package mutating func list(_ key: String) -> [YAMLNode]? {
        guard let value = value(key) else { return nil }
        if value.sequence == nil { fault(value, "'\(key)' must be a list, not \(value.kind)") }
        return value.sequence
    }

    /// `message` with the map's name, which stands before what is only advice.
    package func fault(_ node: YAMLNode, _ message: String) {
        let end = message.firstIndex(of: ";") ?? message.endIndex
        collector.add(node.fault("\(message[..<end]) in \(subject)\(message[end...])"))
    }

    /// Reports every key that was not asked for, with the nearest known name.
    package func finish() {
        for entry in node.mapping ?? [] {
            let name = entry.key.string ?? ""
            guard !known.contains(name) else { continue }
            let hint = NearestName.hint(for: name, in: known)
            collector.add(entry.key.fault("unknown key '\(Printable.text(name))' in \(subject)\(hint)"))
        }
    }

    private static func shown(_ node: YAMLNode) -> String {
        node.string.map { ", not '\(Printable.text($0, limit: 40))'" } ?? ", not \(node.kind)"
    }
}
