// The section about what is watched.

import Formats
import Records
import Rules
import YAML

extension SettingsReader {
    func watch(_ node: YAMLNode?) -> Settings.Watch {
        var reader = SectionReader(node, Declarations.watch, collector)
        var journal = SectionReader(reader.value("journal"), Declarations.journal, collector)
        let watch = Settings.Watch(
            start: reader.choice("start", Settings.Watch.Start.self) ?? .boot,
            journal: .init(
                enabled: journal.bool("enabled"), namespaces: namespaces(&journal), directories: directories(&journal)),
            files: reader.list("files").compactMap(file),
            rules: reader.texts("rules"), disabledRules: reader.texts("disabled_rules"))
        unique(reader.list("files"), by: "path", what: "file")
        journal.finish()
        reader.finish()
        return watch
    }

    /// Names as systemd takes them (`log_namespace_name_valid`): of file names' letters, none that leaves the folder.
    private func namespaces(_ reader: inout SectionReader) -> [String] {
        let names = reader.texts("namespaces")
        guard let node = reader.value("namespaces") else { return [] }
        for name in names where name.isEmpty || name.hasPrefix(".") || name.contains("/") || name.utf8.count > 200 {
            reader.fault(node, "'\(Printable.text(name, limit: 80))' is not the name of a journal namespace")
        }
        return Self.once(names)
    }

    private func directories(_ reader: inout SectionReader) -> [String] {
        let paths = reader.texts("directories")
        guard let node = reader.value("directories") else { return [] }
        for path in paths where !path.hasPrefix("/") {
            reader.fault(
                node,
                "'\(Printable.text(path, limit: 80))' is not an absolute path, so it depends on where Herald starts")
        }
        // As the checkpoints name them: one directory, one spelling.
        return Self.once(
            paths.map { path in
                var path = path[...]
                while path.count > 1, path.hasSuffix("/") { path = path.dropLast() }
                return String(path)
            })
    }

    private static func once(_ texts: [String]) -> [String] {
        var seen: Set<String> = []
        return texts.filter { seen.insert($0).inserted }
    }

    private func file(_ node: YAMLNode) -> Settings.File? {
        var reader = SectionReader(node, Declarations.file, collector)
        let path = reader.required("path")
        let exclude = reader.texts("exclude")
        let rotated = reader.texts("rotated")
        let format = reader.choice("format", LineFormat.self) ?? .auto
        let multiline = multiline(&reader)
        let lineLimit = reader.size("max_line") ?? LineFormat.lineLimit
        reader.finish()
        if let path {
            absolute(path, reader.value("path") ?? node, reader)
            if path.split(separator: "/").contains("**") {
                let place = reader.value("path") ?? node
                reader.warn(place, "`**` names folders of one depth, as `*` does; write an entry for each depth")
            }
            if Self.hasOpenBracket(path) {
                let place = reader.value("path") ?? node
                reader.warn(place, "a `[` without its `]` stands for itself; write `[[]` where that is meant")
            }
        }
        return path.map {
            Settings.File(
                path: $0, exclude: exclude, rotated: rotated, format: format, multiline: multiline, lineLimit: lineLimit
            )
        }
    }

    /// Whether a component of a glob has a `[` that nothing closes (glob(7)): a `]` directly after it, or after its `!`, is
    /// one of its characters.
    private static func hasOpenBracket(_ path: String) -> Bool {
        path.split(separator: "/").contains { component in
            var rest = Array(component.utf8)[...]
            while let byte = rest.popFirst() {
                if byte == UInt8(ascii: "\\") { _ = rest.popFirst() }
                guard byte == UInt8(ascii: "[") else { continue }
                if rest.first == UInt8(ascii: "!") || rest.first == UInt8(ascii: "^") { rest.removeFirst() }
                guard let close = rest.dropFirst().firstIndex(of: UInt8(ascii: "]")) else { return true }
                rest = rest[(close + 1)...]
            }
            return false
        }
    }

    private func multiline(_ reader: inout SectionReader) -> Settings.LineJoining {
        guard let node = reader.value("multiline") else { return .preset(.auto) }
        if let name = node.string { return .preset(preset(name, node, reader)) }
        guard node.mapping != nil else {
            reader.fault(
                node, "'multiline' must be a word or a map of 'start', 'continue' and 'timeout', not \(node.kind)")
            return .preset(.auto)
        }
        var map = SectionReader(node, Declarations.multiline, collector)
        let start = pattern("start", &map)
        let continuation = pattern("continue", &map)
        let timeout = map.duration("timeout") ?? .seconds(1)
        let lines = map.int("lines") ?? 1000
        if map.value("start") == nil, map.value("continue") == nil {
            map.fault(node, "'multiline' needs 'start' or 'continue', or both")
        }
        map.finish()
        return .patterns(start: start, continuation: continuation, timeout: timeout, lines: lines)
    }

    private func preset(_ name: String, _ node: YAMLNode, _ reader: SectionReader) -> Multiline {
        if let preset = Multiline(name: name) { return preset }
        let hint = NearestName.hint(for: name, in: Multiline.names)
        reader.fault(
            node,
            "'multiline' must be one of \(Multiline.names.joined(separator: ", ")) or a map, not "
                + "'\(Printable.text(name, limit: 60))'\(hint)")
        return .auto
    }

    private func pattern(_ name: String, _ reader: inout SectionReader) -> Pattern? {
        guard let text = reader.text(name), let node = reader.value(name) else { return nil }
        do throws(PatternFault) {
            _ = try PatternSyntax(text)
        } catch {
            reader.fault(node, "'\(name)' is not a pattern: \(error.message) (character \(error.offset + 1))")
            return nil
        }
        return Pattern(text, file: node.file, line: node.line, column: node.column)
    }
}
