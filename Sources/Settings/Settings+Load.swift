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
            var reading = examine(try ConfigurationFile.read(path), host: Host(mailName: HostNames.mail()))
            if path != Product.settingsPath {
                let command = HeraldCommand(config: Files.absolute(path))
                reading.settings?.command = command
                reading.partial?.command = command
            }
            return reading
        } catch {
            let advice = error.errno == 2 ? "; write one, or name another with --config" : ""
            // The place names the path already, unless it is another's (`conf.d`).
            let words =
                error.path == path ? "cannot \(error.operation) it: \(SystemError.text(of: error.errno))" : "\(error)"
            let fault = Diagnostic(file: path, message: words + advice)
            return Reading(root: YAMLNode(.mapping([]), file: path), diagnostics: [fault])
        }
    }
}
