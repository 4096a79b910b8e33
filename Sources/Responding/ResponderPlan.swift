// What the settings ask of the responder, with the letters read: all that can be wrong is said here, before an item is
// taken.

import Formats
import Mail
import Platform
import Replies
import Settings
import YAML

/// One drop folder with everything that its answers need.
package struct FolderPlan: Sendable {
    package var settings: Settings.Folder
    package var alias: Settings.Alias
    package var template: ReplyTemplate
}

/// The settings, ready for use.
package struct ResponderPlan: Sendable {
    package var folders: [FolderPlan]
    package var own: OwnIdentity
    package var mailerName: String
    package var paths: Settings.Paths

    /// The plan is nil when a letter's template has errors; all are told.
    package static func make(_ settings: Settings) -> (plan: ResponderPlan?, diagnostics: [Diagnostic]) {
        var diagnostics: [Diagnostic] = []
        var folders: [FolderPlan] = []
        for folder in settings.respond.folders {
            guard let alias = settings.alias(folder.from) else {
                diagnostics.append(
                    Diagnostic(file: folder.path, message: "no alias '\(folder.from ?? "")' for this drop folder"))
                continue
            }
            guard let template = template(folder.letter, &diagnostics) else { continue }
            folders.append(FolderPlan(settings: folder, alias: alias, template: template))
        }
        if diagnostics.contains(where: { $0.severity == .error }) { return (nil, diagnostics) }
        let aliases = settings.aliases.map(\.address)
        let own = OwnIdentity(
            addresses: settings.respond.ownAddresses + aliases + settings.aliases.compactMap(\.replyTo),
            messageIDDomains: aliases.map(ReplyLetter.messageIDDomain))
        let plan = ResponderPlan(
            folders: folders, own: own, mailerName: settings.report.mailerName, paths: settings.paths)
        return (plan, diagnostics)
    }

    /// Reads the settings and makes the plan: at start and at a reload.
    package static func read(_ config: String) -> (plan: ResponderPlan?, diagnostics: [Diagnostic]) {
        let (settings, diagnostics) = Settings.read(config)
        guard let settings else { return (nil, diagnostics) }
        let (plan, more) = make(settings)
        return (plan, diagnostics + more)
    }

    private static func template(_ path: String?, _ diagnostics: inout [Diagnostic]) -> ReplyTemplate? {
        guard let path else { return .builtIn }
        do throws(SystemError) {
            let (template, faults) = ReplyTemplate.load(try Files.read(path, limit: 1 << 20), file: path)
            diagnostics += faults
            return template
        } catch {
            diagnostics.append(Diagnostic(file: path, message: "\(error)"))
            return nil
        }
    }
}
