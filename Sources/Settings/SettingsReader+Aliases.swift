// The sender identities.

import Formats
import Mail
import Platform
import YAML

extension SettingsReader {
    /// - Parameter defaults: what holds where an alias does not say.
    func aliases(
        _ root: inout SectionReader, defaults: (replyTo: EmailAddress?, fromName: String?)
    ) -> [Settings.Alias] {
        let nodes = root.list("aliases")
        var aliases = nodes.compactMap(alias)
        // There is always one, where none could be read too.
        if aliases.isEmpty, let fallback = fallbackAlias() { aliases = [fallback] }
        for index in aliases.indices {
            aliases[index].name = aliases[index].name ?? defaults.fromName ?? (nodes.isEmpty ? "Herald" : nil)
            aliases[index].replyTo = aliases[index].replyTo ?? defaults.replyTo
        }
        unique(nodes, by: "description", what: "alias")
        if nodes.isEmpty {
            root.warn(root.node, "there is no alias: letters come from herald@\(host.mailName)")
            return aliases
        }
        if aliases.count == 1 { aliases[0].isDefault = true }
        let count = aliases.filter(\.isDefault).count
        if count != 1, let node = root.value("aliases"), !aliases.isEmpty {
            root.fault(node, "exactly one alias must have 'default: true', not \(count),")
        }
        return aliases
    }

    private func fallbackAlias() -> Settings.Alias? {
        let address = (try? EmailAddress("herald@\(host.mailName)")) ?? (try? EmailAddress("herald@localhost"))
        return address.map {
            Settings.Alias(
                description: "herald", name: nil, address: $0, replyTo: nil, isDefault: true, accounts: [],
                user: nil)
        }
    }

    private func alias(_ node: YAMLNode) -> Settings.Alias? {
        let title = node["description"]?.string.map { "alias '\(Printable.text($0))'" }
        var reader = SectionReader(node, Declarations.alias, subject: title, collector)
        let description = reader.title("description")
        let address = reader.address("address")
        if reader.value("address") == nil { reader.missing("address") }
        let name = reader.line("name")
        let replyTo = reader.address("reply_to")
        let isDefault = reader.bool("default")
        let accounts = reader.texts("account")
        let user = reader.text("user")
        let sentFolder = reader.value("sent_folder").flatMap(sentFolder)
        reader.finish()
        guard let description, let address else { return nil }
        return Settings.Alias(
            description: description, name: name, address: address, replyTo: replyTo, isDefault: isDefault,
            accounts: accounts, user: user, sentFolder: sentFolder)
    }
}
