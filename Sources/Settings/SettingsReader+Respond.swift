// The section about folders that are answered.

import Formats
import YAML

extension SettingsReader {
    /// - Parameter hold: how long answers are held where a folder does not say.
    func respond(_ node: YAMLNode?, hold: Duration) -> Settings.Respond {
        var reader = SectionReader(node, Declarations.respond, collector)
        let respond = Settings.Respond(
            folders: reader.list("folders").compactMap { folder($0, hold) },
            ownAddresses: reader.addresses("own_addresses"))
        unique(reader.list("folders"), by: "path", what: "folder")
        reader.finish()
        return respond
    }

    private func folder(_ node: YAMLNode, _ hold: Duration) -> Settings.Folder? {
        var reader = SectionReader(node, Declarations.folder, collector)
        guard var path = reader.required("path") else { return nil }
        absolute(path, reader.value("path") ?? node, reader)
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        let folder = Settings.Folder(
            path: path, from: reader.text("from"), letter: reader.text("letter"), position: reader.text("position"),
            settle: reader.duration("settle") ?? .seconds(3),
            outcomeDirectory: reader.text("outcome_dir") ?? path + ".herald", oncePer: reader.duration("once_per"),
            dryRun: reader.bool("dry_run"), hold: reader.duration("hold") ?? hold)
        if let node = reader.value("outcome_dir") {
            absolute(folder.outcomeDirectory, node, reader)
            if folder.outcomeDirectory == path || folder.outcomeDirectory.hasPrefix(path + "/") {
                reader.fault(node, "'outcome_dir' lies in the folder itself")
            }
        }
        reader.finish()
        return folder
    }
}
