// The sections, one after the other, and what only the whole can tell.

import Formats
import Mail
import Platform
import YAML

/// Reads the sections one after the other.
struct SettingsReader {
    let files: [ConfigurationFile]
    let host: Settings.Host
    let collector: FaultCollector

    func settings(_ node: YAMLNode) -> Settings {
        var root = SectionReader(node, Declarations.root, subject: "the settings", collector)
        let smtp = smtp(root.value("smtp"))
        let report = report(root.value("report"), hold: smtp.hold)
        let aliases = aliases(&root, defaults: defaults(root.value("smtp")))
        let watch = watch(root.value("watch"))
        let respond = respond(root.value("respond"), hold: smtp.hold)
        let paths = paths(root.value("paths"))
        root.finish()
        var settings = Settings(
            report: report, smtp: smtp, aliases: aliases, watch: watch, respond: respond, paths: paths)
        checkTokenAccounts(&settings, node)
        checkReferences(settings, node)
        return settings
    }

    private func paths(_ node: YAMLNode?) -> Settings.Paths {
        var reader = SectionReader(node, Declarations.paths, collector)
        func path(_ name: String) -> String {
            let found = reader.text(name) ?? ""
            guard let node = reader.value(name), node.string != nil, !found.hasPrefix("/") else { return found }
            absolute(found, node, reader)
            // Whoever goes on in spite of that does so in the usual place, and not beneath the folder that it stands in.
            return reader.section[name]?.fallback ?? ""
        }
        let paths = Settings.Paths(state: path("state"), spool: path("spool"), run: path("run"))
        reader.finish()
        return paths
    }

    func absolute(_ path: String, _ node: YAMLNode, _ reader: SectionReader) {
        if !path.hasPrefix("/") { reader.fault(node, "'\(Printable.text(path))' must be an absolute path, from /,") }
    }

    /// What one section says of another.
    private func checkReferences(_ settings: Settings, _ root: YAMLNode) {
        let known = settings.aliases.map(\.description)
        let fromNodes = [root["report"]?["from"]] + (root["respond"]?["folders"]?.sequence ?? []).map { $0["from"] }
        for node in fromNodes.compactMap({ $0 }) {
            guard let name = node.string, !known.contains(name) else { continue }
            collector.add(node.fault("there is no alias '\(Printable.text(name))'\(hint(name, known))"))
        }
        let accounts = settings.smtp.accounts.map(\.name)
        for alias in root["aliases"]?.sequence ?? [] {
            guard let node = alias["account"] else { continue }
            for item in node.sequence ?? [node] {
                guard let name = item.string, !accounts.contains(name) else { continue }
                collector.add(item.fault("there is no account '\(Printable.text(name))'\(hint(name, accounts))"))
            }
        }
    }

    private func hint(_ name: String, _ known: [String]) -> String {
        NearestName.hint(for: name, in: known)
    }

    func unique(_ nodes: [YAMLNode], by key: String, what: String) {
        var seen: Set<String> = []
        for node in nodes {
            guard let value = node[key], let name = value.string else { continue }
            if !seen.insert(name).inserted { collector.add(value.fault("a second \(what) '\(Printable.text(name))'")) }
        }
    }
}
