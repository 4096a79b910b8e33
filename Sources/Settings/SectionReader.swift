// Reading one map by its declaration: each key has its default from there, each mistake its place.

import Formats
import Mail
import YAML

/// One map of the settings, read by its section. Asking for a key that the section does not declare is a bug, and traps.
struct SectionReader {
    private var reader: MapReader
    let section: SettingSection
    var collector: FaultCollector { reader.collector }
    var node: YAMLNode { reader.node }

    init(_ node: YAMLNode?, _ section: SettingSection, subject: String? = nil, _ collector: FaultCollector) {
        let name = section.path.isEmpty ? "the settings" : "'\(section.path)'"
        reader = MapReader(node ?? YAMLNode(.mapping([])), subject: subject ?? name, collector: collector)
        self.section = section
        for key in section.keys { _ = reader.value(key.name) }
    }

    private func declared(_ name: String) -> SettingKey {
        guard let key = section[name] else { preconditionFailure("'\(section.path)' declares no '\(name)'") }
        return key
    }

    mutating func value(_ name: String) -> YAMLNode? { reader.value(declared(name).name) }

    mutating func text(_ name: String) -> String? {
        let key = declared(name)
        return reader.string(name) ?? key.fallback
    }

    /// A text that stands in a header of a letter: on one line, without control characters.
    mutating func line(_ name: String) -> String? {
        if let node = reader.value(declared(name).name), let text = node.string,
            text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f })
        {
            reader.fault(node, "'\(name)' must be on one line, without control characters,")
        }
        return text(name)
    }

    mutating func bool(_ name: String) -> Bool {
        let key = declared(name)
        return reader.bool(name) ?? (key.fallback == "true")
    }

    mutating func int(_ name: String) -> Int? {
        let key = declared(name)
        guard case .integer(let range) = key.kind else { preconditionFailure("'\(name)' is no number") }
        return reader.int(name, in: range) ?? key.fallback.flatMap { Int($0) }
    }

    /// In bytes.
    mutating func size(_ name: String) -> Int? {
        let key = declared(name)
        guard case .size(let range) = key.kind else { preconditionFailure("'\(name)' is no size") }
        return reader.size(name, in: range) ?? key.fallback.flatMap { MapReader.bytes(of: $0) }
    }

    mutating func duration(_ name: String) -> Duration? {
        let key = declared(name)
        guard case .duration(let range) = key.kind else { preconditionFailure("'\(name)' is no duration") }
        let fallback = key.fallback.flatMap { Duration(text: $0) }
        guard let found = reader.duration(name) else { return fallback }
        if let node = reader.value(name), !isWithin(range, found, name, node) { return fallback ?? range.lowerBound }
        return found
    }

    /// Whether a duration is one that the key may have; one that is not is a fault.
    func isWithin(_ range: ClosedRange<Duration>, _ found: Duration, _ name: String, _ node: YAMLNode) -> Bool {
        if range.contains(found) { return true }
        reader.fault(
            node, "'\(name)' must be from \(range.lowerBound.text) to \(range.upperBound.text), not \(found.text)")
        return false
    }

    mutating func choice<T: RawRepresentable & CaseIterable>(_ name: String, _ type: T.Type) -> T?
    where T.RawValue == String {
        let key = declared(name)
        return reader.choice(name, type) ?? key.fallback.flatMap { T(rawValue: $0) }
    }

    mutating func address(_ name: String) -> EmailAddress? {
        guard let text = reader.string(declared(name).name), let node = reader.value(name) else { return nil }
        return Self.address(text, node, reader)
    }

    mutating func texts(_ name: String) -> [String] { reader.strings(declared(name).name) ?? [] }

    /// A list of addresses.
    mutating func addresses(_ name: String) -> [EmailAddress] {
        guard let value = reader.value(declared(name).name) else { return [] }
        let items = value.sequence ?? [value]
        return items.compactMap { item in
            guard let text = item.string else {
                reader.fault(item, "'\(name)' must hold e-mail addresses, not \(item.kind)")
                return nil
            }
            return Self.address(text, item, reader)
        }
    }

    /// The maps of a list.
    mutating func list(_ name: String) -> [YAMLNode] { reader.list(declared(name).name) ?? [] }

    /// A text that must be there.
    mutating func required(_ name: String) -> String? {
        let text = text(name)
        if text == nil, reader.value(name) == nil { missing(name) }
        return text
    }

    /// What something is called in lists, figures and the log: it must be there, and be fit to be shown.
    mutating func title(_ name: String) -> String? {
        let text = required(name)
        if let text, let node = reader.value(name),
            text.isEmpty || text.unicodeScalars.contains(where: \.isUnsafeToShow)
        {
            reader.fault(node, text.isEmpty ? "'\(name)' is empty" : "'\(name)' must be without control characters,")
        }
        return text
    }

    func missing(_ name: String) { reader.fault(reader.node, "'\(name)' is missing") }
    func fault(_ node: YAMLNode, _ message: String) { reader.fault(node, message) }
    func warn(_ node: YAMLNode, _ message: String) { collector.add(node.fault(message, severity: .warning)) }
    func finish() { reader.finish() }

    private static func address(_ text: String, _ node: YAMLNode, _ reader: MapReader) -> EmailAddress? {
        do throws(AddressError) {
            return try EmailAddress(text)
        } catch {
            reader.fault(node, "'\(Printable.text(text, limit: 80))' is not an e-mail address: \(error)")
            return nil
        }
    }
}
