// From files to settings: parse, merge, read, check what only the whole can tell. All faults at once.

import Formats
import Mail
import Platform
import Records
import Rules
import YAML

extension Settings {
    /// What the host contributes to the defaults.
    package struct Host: Sendable {
        /// The mail name: letters come from `herald@` it when there is no alias.
        package var mailName: String
        package init(mailName: String) { self.mailName = mailName }
    }

    /// What came out of some files: for `herald check`, which looks further even where there are errors.
    package struct Reading: Sendable {
        /// Nil when any diagnostic is an error.
        package var settings: Settings?
        /// As far as the files could be read; nil where they are no YAML.
        package var partial: Settings?
        /// The merged files, for the places of what is found wrong later.
        package var root: YAMLNode
        package var diagnostics: [Diagnostic]
    }

    /// Reads the main file and those of `conf.d`, in that order. The settings are nil when any diagnostic is an error;
    /// warnings come beside settings that can be used.
    package static func load(_ files: [ConfigurationFile], host: Host) -> (
        settings: Settings?, diagnostics: [Diagnostic]
    ) {
        let reading = examine(files, host: host)
        return (reading.settings, reading.diagnostics)
    }

    package static func examine(_ files: [ConfigurationFile], host: Host) -> Reading {
        let collector = FaultCollector()
        var root = YAMLNode(.mapping([]), file: files.first?.path ?? "", line: 1, column: 1)
        for file in files {
            do throws(Diagnostic) {
                root = SettingsMerge.merge(root, try YAMLReader.read(file.bytes, file: file.path))
            } catch {
                collector.add(error)
            }
        }
        // What a file that is no YAML would have said is not missed in words of its own.
        if collector.hasErrors { return Reading(root: root, diagnostics: collector.faults) }
        let settings = SettingsReader(files: files, host: host, collector: collector).settings(root)
        return Reading(
            settings: collector.hasErrors ? nil : settings, partial: settings, root: root, diagnostics: collector.faults
        )
    }

    /// Reads `path` and its `conf.d` from the disk, and loads them: what the programs do at start and at a reload.
    package static func read(_ path: String) -> (settings: Settings?, diagnostics: [Diagnostic]) {
        let reading = examine(path)
        return (reading.settings, reading.diagnostics)
    }

    package static func examine(_ path: String) -> Reading {
        do throws(SystemError) {
            return examine(try ConfigurationFile.read(path), host: Host(mailName: HostNames.mail()))
        } catch {
            let advice = error.errno == 2 ? "; write one, or name another with --config" : ""
            let fault = Diagnostic(file: path, message: "\(error)\(advice)")
            return Reading(root: YAMLNode(.mapping([]), file: path), diagnostics: [fault])
        }
    }
}

/// Reads the sections one after the other.
struct SettingsReader {
    let files: [ConfigurationFile]
    let host: Settings.Host
    let collector: FaultCollector

    func settings(_ node: YAMLNode) -> Settings {
        var root = SectionReader(node, Declarations.root, subject: "the settings", collector)
        let report = report(root.value("report"))
        let smtp = smtp(root.value("smtp"))
        let aliases = aliases(&root)
        let watch = watch(root.value("watch"))
        let respond = respond(root.value("respond"))
        let paths = paths(root.value("paths"))
        root.finish()
        let settings = Settings(
            report: report, smtp: smtp, aliases: aliases, watch: watch, respond: respond, paths: paths)
        checkReferences(settings, node)
        return settings
    }

    private func watch(_ node: YAMLNode?) -> Settings.Watch {
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
        }
        return path.map {
            Settings.File(
                path: $0, exclude: exclude, rotated: rotated, format: format, multiline: multiline, lineLimit: lineLimit
            )
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
        if let node = map.value("timeout"), timeout <= .zero || timeout > .seconds(60) {
            map.fault(node, "'timeout' must be more than nothing and at most 60s: the record's letter waits for it")
        }
        map.finish()
        return .patterns(start: start, continuation: continuation, timeout: timeout, lines: lines)
    }

    private func preset(_ name: String, _ node: YAMLNode, _ reader: SectionReader) -> Multiline {
        if let preset = Multiline(name: name) { return preset }
        let hint = NearestName.to(name, in: Multiline.names).map { "; did you mean '\($0)'?" } ?? ""
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

    private func respond(_ node: YAMLNode?) -> Settings.Respond {
        var reader = SectionReader(node, Declarations.respond, collector)
        let respond = Settings.Respond(
            folders: reader.list("folders").compactMap(folder), ownAddresses: reader.addresses("own_addresses"))
        unique(reader.list("folders"), by: "path", what: "folder")
        reader.finish()
        return respond
    }

    private func folder(_ node: YAMLNode) -> Settings.Folder? {
        var reader = SectionReader(node, Declarations.folder, collector)
        guard var path = reader.required("path") else { return nil }
        absolute(path, reader.value("path") ?? node, reader)
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        let folder = Settings.Folder(
            path: path, from: reader.text("from"), letter: reader.text("letter"), position: reader.text("position"),
            settle: reader.duration("settle") ?? .seconds(3),
            outcomeDirectory: reader.text("outcome_dir") ?? path + ".herald", oncePer: reader.duration("once_per"),
            dryRun: reader.bool("dry_run"))
        if let node = reader.value("outcome_dir") {
            absolute(folder.outcomeDirectory, node, reader)
            if folder.outcomeDirectory == path || folder.outcomeDirectory.hasPrefix(path + "/") {
                reader.fault(node, "'outcome_dir' lies in the folder itself")
            }
        }
        reader.finish()
        return folder
    }

    private func paths(_ node: YAMLNode?) -> Settings.Paths {
        var reader = SectionReader(node, Declarations.paths, collector)
        let paths = Settings.Paths(
            state: reader.text("state") ?? "", spool: reader.text("spool") ?? "", run: reader.text("run") ?? "")
        for name in ["state", "spool", "run"] {
            if let value = reader.value(name), let text = value.string { absolute(text, value, reader) }
        }
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
        NearestName.to(name, in: known).map { "; did you mean '\($0)'?" } ?? ""
    }
}
