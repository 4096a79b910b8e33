// Which rules a subcommand works with: those of the settings, as the watcher takes them, or others.

import ArgumentParser
import Formats
import Platform
import RuleMatching
import Rules
import Settings
import YAML

/// `--rules DIR`, of the subcommands that work offline.
struct RulesOption: ParsableArguments {
    @Option(
        name: .customLong("rules"),
        help:
            "A folder (or file) of rules in place of those of the settings; given several times, a later file replaces one of its name."
    )
    var folders: [String] = []
    @OptionGroup var config: ConfigOption

    /// `herald scan -` with the same rules, to paste.
    var scanCommand: String {
        config.command.line("scan " + folders.map { "--rules \(ShellWord.quoted($0)) " }.joined() + "-")
    }

    /// The rules. Wrong ones end the command with all their faults, exit 2.
    func load() throws -> RuleSet { try loaded().matcher.rules }

    /// The rules compiled; kept for the next time in the person's cache.
    func matcher() throws -> Matcher { try loaded().matcher }

    /// The rules compiled, and the files that they are from.
    func loaded() throws -> (matcher: Matcher, files: RuleFiles) {
        let (folders, disabled) = try choice()
        let loaded = RuleLoading.load(folders, disabled: disabled, cache: DatabaseCache.ofUser())
        guard let matcher = loaded.matcher else {
            throw Failure.wrong(loaded.diagnostics.map(\.description).joined(separator: "\n"))
        }
        for fault in loaded.diagnostics { Terminal.complain(fault.description) }
        return (matcher, loaded.files)
    }

    /// The rule of that id. One that is not there ends the command, exit 2.
    func rule(_ id: String, in rules: RuleSet) throws -> Rule {
        if let rule = rules.rule(id) ?? rules.disabled.first(where: { $0.id == id }) { return rule }
        let known = rules.rules.map(\.id)
        let near = NearestName.hint(for: id, in: known, otherwise: "; herald rules list names all")
        throw Failure.wrong("there is no rule '\(Printable.text(id, limit: 100))'\(near)")
    }

    /// The files that the settings name; none where there are no settings. With rules of one's own, settings that nobody
    /// named and that this person may not read are done without, which is said.
    func watchedFiles() throws -> [Settings.File] {
        do {
            return try reading()?.partial?.watch.files ?? []
        } catch let failure as Failure where !folders.isEmpty && config.path == Product.settingsPath {
            Terminal.complain("warning: files are read as if no settings named them: \(failure.message)")
            return []
        }
    }

    /// Settings that are wrong elsewhere still say which rules there are; without a file of them the installed rules do.
    private func choice() throws -> (folders: [String], disabled: [String]) {
        if !folders.isEmpty { return (folders, []) }
        guard let reading = try reading(), let settings = reading.partial else { return ([], []) }
        if reading.settings == nil { Terminal.complain("\(config.path) has mistakes, which herald check names") }
        return (settings.watch.rules, settings.watch.disabledRules)
    }

    /// Nil where there is no file of settings, and none was asked for. One that cannot be read ends the command, exit 2.
    private func reading() throws -> Settings.Reading? {
        if config.path == Product.settingsPath, ((try? FileStatus.of(config.path)) ?? nil) == nil { return nil }
        let reading = Settings.examine(config.path)
        if reading.partial == nil {
            throw Failure.wrong(
                reading.diagnostics.filter { $0.severity == .error }.map(\.description).joined(separator: "\n"))
        }
        return reading
    }
}
