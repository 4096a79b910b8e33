// `conf.d/*.yaml` merged over the main file: maps by key, lists of maps by what names their items, all else replaced.

import YAML

enum SettingsMerge {
    /// What names an item of a list, by the list's key; other lists of maps go by `name`.
    private static let identities = [
        "aliases": "description", "watch.files": "path", "respond.folders": "path", "smtp.redirect.to": "email",
    ]

    /// `over` laid on `base`. Every node keeps the place it came from. `key`: where in the file they stand.
    static func merge(_ base: YAMLNode, _ over: YAMLNode, key: String = "") -> YAMLNode {
        switch (base.content, over.content) {
        case (.mapping(let old), .mapping(let new)): return mapping(base, old, new, key)
        case (.sequence(let old), .sequence(let new)):
            guard let merged = sequence(old, new, identity: identities[key] ?? "name") else { return over }
            return YAMLNode(.sequence(merged), file: base.file, line: base.line, column: base.column)
        default: return over
        }
    }

    private static func mapping(
        _ base: YAMLNode, _ old: [YAMLNode.Entry], _ new: [YAMLNode.Entry], _ key: String
    ) -> YAMLNode {
        var entries = old
        for entry in new {
            if let index = entries.firstIndex(where: { $0.key.string == entry.key.string }) {
                let name = entry.key.string ?? ""
                let merged = merge(entries[index].value, entry.value, key: key.isEmpty ? name : "\(key).\(name)")
                entries[index] = YAMLNode.Entry(key: entry.key, value: merged)
            } else {
                entries.append(entry)
            }
        }
        return YAMLNode(.mapping(entries), file: base.file, line: base.line, column: base.column)
    }

    /// Nil when an item has no identity: then the new list replaces the old one.
    private static func sequence(_ old: [YAMLNode], _ new: [YAMLNode], identity: String) -> [YAMLNode]? {
        guard (old + new).allSatisfy({ $0[identity]?.string != nil }) else { return nil }
        var items = old
        for item in new {
            if let index = items.firstIndex(where: { $0[identity]?.string == item[identity]?.string }) {
                items[index] = merge(items[index], item)
            } else {
                items.append(item)
            }
        }
        return items
    }
}
