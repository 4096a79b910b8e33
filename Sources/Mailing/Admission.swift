// Who may have what sent: the daemons' letters are checked against the settings before they are taken in. The process
// that reads hostile log lines cannot write to strangers, and the one that reads strangers' mail cannot write in the
// administrator's name. Pure.

import Formats
import Mail
import Settings

/// The rules for letters in incoming/NAME.
package struct Admission: Sendable {
    package var settings: Settings

    package init(_ settings: Settings) { self.settings = settings }

    /// Why this letter, found in the folder of `daemon`, is refused; nil when it may go.
    package func refusal(of letter: Letter, from daemon: String) -> String? {
        if letter.origin != daemon { return "it says that it is from '\(shown(letter.origin))'" }
        if letter.envelope.recipients.isEmpty { return "it has no recipient" }
        guard let alias = settings.alias(letter.alias) else {
            return "there is no alias '\(shown(letter.alias ?? ""))' in the settings"
        }
        switch daemon {
        case "watcher": return strangers(letter)
        case "responder": return foreign(alias, letter)
        default: return "nothing is taken from '\(shown(daemon))'"
        }
    }

    /// Reports go to the report's recipients only.
    private func strangers(_ letter: Letter) -> String? {
        let known = Set(settings.report.recipients.map(\.email))
        guard let stranger = letter.envelope.recipients.first(where: { !known.contains($0) }) else { return nil }
        return "\(shown(stranger.text)) is none of the report's recipients"
    }

    /// Replies go under the folders' aliases only, in the envelope and in the letter itself.
    private func foreign(_ alias: Settings.Alias, _ letter: Letter) -> String? {
        let own = settings.respond.folders.compactMap { settings.alias($0.from) }
        guard own.contains(where: { $0.description == alias.description }) else {
            return "the alias '\(shown(alias.description))' is none of the responder's"
        }
        let from = ParsedMessage(letter.message).from.map(\.address)
        if from != [alias.address] { return "its From is not the alias's address \(alias.address.text)" }
        if let sender = letter.envelope.sender, sender != alias.address {
            return "its reverse-path \(shown(sender.text)) is not the alias's address"
        }
        return nil
    }

    private func shown(_ text: String) -> String { Printable.text(text, limit: 200) }
}
