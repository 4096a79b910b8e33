// `herald check`: everything validated, nothing changed.

import ArgumentParser
import Formats
import Glibc
import LogSources
import Platform
import Replies
import RuleMatching
import Rules
import Settings
import Watching
import YAML

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Validate settings, rules and letters; change nothing.",
        discussion:
            "All mistakes are shown at once, each with file, line and column. Exit 0 when there is none, 2 otherwise.")

    @OptionGroup var config: ConfigOption

    func run() throws {
        let reading = Settings.examine(config.path)
        var check = SettingsCheck(reading)
        check.run()
        for fault in Diagnostic.inOrder(check.faults) { Terminal.complain(fault.description) }
        let errors = check.faults.filter { $0.severity == .error }.count
        if errors > 0 { throw Failure.wrong(counted(errors, "error")) }
        let warnings = check.faults.count - errors
        let tail =
            warnings == 0 ? "all is well" : warnings == 1 ? "no error, 1 warning" : "no error, \(warnings) warnings"
        Terminal.say("\(config.path): \(tail) (\(check.summary.joined(separator: ", ")))")
    }
}

/// What the settings name is looked at too: rules, letters, files, users. Goes on where there are errors.
struct SettingsCheck {
    var faults: [Diagnostic]
    private(set) var summary: [String] = []
    private let settings: Settings?
    let root: YAMLNode

    init(_ reading: Settings.Reading) {
        faults = reading.diagnostics
        settings = reading.partial
        root = reading.root
    }

    mutating func run() {
        guard let settings else { return }
        summary.append(
            "\(counted(settings.smtp.accounts.count, "account")), \(counted(settings.aliases.count, "alias", "aliases"))"
        )
        checkRules(settings)
        checkLetters(settings)
        checkLogins(settings)
        checkFiles(settings)
        checkWatched(settings)
        checkUsers(settings)
        checkTwice(settings, SyslogFile.all())
    }

    /// What the journal holds and a syslog daemon writes to a watched file too has two incidents, and two letters.
    mutating func checkTwice(_ settings: Settings, _ written: [SyslogFile]) {
        guard settings.watch.journal.enabled else { return }
        for node in root["watch"]?["files"]?.sequence ?? [] {
            guard let path = node["path"], let glob = path.string,
                let file = written.first(where: { $0.isNamed(by: glob) })
            else { continue }
            faults.append(
                path.fault(
                    "\(Printable.text(file.path)) is written from what the journal holds too "
                        + "(\(Printable.text(file.place))): each fault in it would be told twice; leave it out, "
                        + "or set 'watch.journal.enabled' to false", severity: .warning))
        }
    }

    /// The rules, compiled as the watcher would, and what the settings say of rules.
    private mutating func checkRules(_ settings: Settings) {
        let watch = root["watch"]
        for node in watch?["rules"].map({ $0.sequence ?? [$0] }) ?? [] {
            need(node, "the folder of rules", isFolder: true)
        }
        guard !faults.contains(where: { $0.message.hasPrefix("the folder of rules") }) else { return }
        let loaded = RuleLoading.load(settings.watch.rules)
        faults += loaded.diagnostics
        guard let rules = loaded.rules else { return }
        summary.append(counted(rules.rules.count, "rule"))
        if rules.rules.isEmpty {
            let place = watch?["rules"] ?? watch ?? root
            faults.append(place.fault("there are no rules: nothing is looked for", severity: .warning))
        }
        if let place = root["report"]?["to"], let text = Self.unheard(of: rules.rules, settings) {
            faults.append(place.fault(text, severity: .warning))
        }
        let known = KnownRules(rules, others: OwnNotice.rules)
        let disabled = watch?["disabled_rules"].map { $0.sequence ?? [$0] } ?? []
        let wanted = (root["report"]?["to"]?.sequence ?? []).flatMap { $0["rules"].map { $0.sequence ?? [$0] } ?? [] }
        for node in disabled + wanted {
            guard let name = node.string else { continue }
            guard let fault = known.fault(of: name) else { continue }
            faults.append(node.fault(fault.text, severity: .warning))
        }
    }

    private mutating func checkLetters(_ settings: Settings) {
        var count = 0
        for folder in root["respond"]?["folders"]?.sequence ?? [] {
            guard let node = folder["letter"], let path = node.string else { continue }
            do throws(SystemError) {
                faults += ReplyTemplate.load(try Files.read(path, limit: 1 << 20), file: path).diagnostics
                count += 1
            } catch {
                faults.append(node.fault("the letter: \(error)"))
            }
        }
        if !settings.respond.folders.isEmpty { summary.append(counted(count, "letter")) }
    }

    /// Files and folders that the settings name and that must be there.
    private mutating func checkFiles(_ settings: Settings) {
        if let node = root["watch"]?["journal"]?["directories"] {
            for directory in node.sequence ?? [node] {
                need(directory, "the directory of journal files", isFolder: true, severity: .warning)
                guard let path = directory.string, (try? JournalFolder.paths(in: path))?.isEmpty == true else {
                    continue
                }
                let words = "no journal file is in \(Printable.text(path)), nor in a subdirectory named after a machine"
                faults.append(directory.fault(words, severity: .warning))
            }
        }
        for folder in root["respond"]?["folders"]?.sequence ?? [] {
            if let node = folder["path"] { need(node, "the drop folder", isFolder: true, severity: .warning) }
        }
    }

    /// What is watched: how it is read, and whether it is there.
    private mutating func checkWatched(_ settings: Settings) {
        faults += FileReadings.faults(settings.watch.files)
        for file in root["watch"]?["files"]?.sequence ?? [] {
            // Of one that is not absolute it was said already.
            guard let node = file["path"], let path = node.string, path.hasPrefix("/") else { continue }
            if !path.utf8.contains(where: { "*?[".utf8.contains($0) }) {
                need(node, "the watched file", severity: .warning)
                continue
            }
            // A pattern may name nothing yet; the folder above its first wildcard is there.
            let fixed = path.split(separator: "/").prefix { !$0.utf8.contains { "*?[".utf8.contains($0) } }
            let folder = "/" + fixed.joined(separator: "/")
            if access(folder, F_OK) != 0, errno == ENOENT {
                let words = "nothing is watched by this pattern: the folder \(Printable.text(folder)) is not there"
                faults.append(node.fault(words, severity: .warning))
            }
        }
    }

    mutating func need(
        _ node: YAMLNode, _ what: String, isFolder: Bool = false, severity: Diagnostic.Severity = .error
    ) {
        guard let path = node.string else { return }
        do throws(SystemError) {
            guard let status = try FileStatus.of(path) else {
                return faults.append(node.fault("\(what) \(Printable.text(path)) is not there", severity: severity))
            }
            if status.isDirectory != isFolder {
                let kind = isFolder ? "no folder" : "no file"
                faults.append(node.fault("\(what) \(Printable.text(path)) is \(kind)", severity: severity))
            }
        } catch {
            faults.append(node.fault("\(what): \(error)", severity: severity))
        }
    }

    private mutating func checkUsers(_ settings: Settings) {
        for alias in root["aliases"]?.sequence ?? [] {
            guard let node = alias["user"], let name = node.string, getpwnam(name) == nil else { continue }
            faults.append(node.fault("this host has no user '\(Printable.text(name, limit: 60))'", severity: .warning))
        }
    }
}
