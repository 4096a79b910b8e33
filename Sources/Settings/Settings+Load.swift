// From files to settings: parse, merge, read, check what only the whole can tell. All faults at once.

import Formats
import Glibc
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
        /// For who asks a daemon, and must not be kept from it by a fault elsewhere: what could be read, and defaults in the
        /// place of what could not.
        package var usable: Settings
        /// The errors of the section `smtp` by itself.
        package var mailFaults: [Diagnostic]
        /// Whether the main file could be read as YAML, so that `usable.paths` is what it says.
        package var knowsPaths: Bool
        /// Why a file could not be read at all.
        package var unread: SystemError?

        package var errors: [Diagnostic] { diagnostics.filter { $0.severity == .error } }
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
        var knowsPaths = false
        for (index, file) in files.enumerated() {
            do throws(Diagnostic) {
                root = SettingsMerge.merge(root, try YAMLReader.read(file.bytes, file: file.path))
                if index == 0 { knowsPaths = true }
            } catch {
                collector.add(error)
            }
        }
        let isYAML = !collector.hasErrors
        // What a file that is no YAML would have said is not missed in words of its own.
        let rest = isYAML ? collector : FaultCollector()
        let settings = SettingsReader(files: files, host: host, collector: rest).settings(root)
        let mail = FaultCollector()
        _ = SettingsReader(files: files, host: host, collector: mail).smtp(root["smtp"])
        return Reading(
            settings: collector.hasErrors ? nil : settings, partial: isYAML ? settings : nil, root: root,
            diagnostics: collector.faults, usable: settings, mailFaults: mail.faults.filter { $0.severity == .error },
            knowsPaths: knowsPaths)
    }

    /// Reads `path` and its `conf.d` from the disk, and loads them: what the programs do at start and at a reload.
    package static func read(_ path: String) -> (settings: Settings?, diagnostics: [Diagnostic]) {
        let reading = examine(path)
        return (reading.settings, reading.diagnostics)
    }

    package static func examine(_ path: String) -> Reading {
        let (files, unread) = ConfigurationFile.found(path)
        var reading = examine(files, host: Host(mailName: HostNames.mail()))
        if path != Product.settingsPath {
            let command = HeraldCommand(config: Files.absolute(path))
            reading.settings?.command = command
            reading.partial?.command = command
            reading.usable.command = command
        }
        guard let unread else { return reading }
        let advice = unread.errno == ENOENT ? "; write one, or name another with --config" : ""
        // The place names the path already, unless it is another's (`conf.d`).
        let words =
            unread.path == path ? "cannot \(unread.operation) it: \(SystemError.text(of: unread.errno))" : "\(unread)"
        (reading.settings, reading.partial) = (nil, nil)
        (reading.diagnostics, reading.unread) = ([Diagnostic(file: path, message: words + advice)], unread)
        (reading.root, reading.knowsPaths) = (YAMLNode(.mapping([]), file: path), reading.knowsPaths && !files.isEmpty)
        return reading
    }
}
