// Who may have what sent: the daemons' letters are checked against the settings before they are taken in. The process
// that reads hostile log lines cannot write to strangers nor in another's name, and the one that reads strangers' mail
// cannot write in the administrator's name. Pure.

import Formats
import Mail
import Settings

/// The rules for letters in incoming/NAME.
package struct Admission: Sendable {
    package var settings: Settings
    /// Settings that were in force a while ago: what was written under them may go as well.
    package var former: [Settings]

    package init(_ settings: Settings, former: [Settings] = []) { (self.settings, self.former) = (settings, former) }

    /// Why this letter, found in the folder of `daemon`, is refused; nil when it may go.
    package func refusal(of letter: Letter, from daemon: String) -> String? {
        guard let refusal = presentRefusal(of: letter, from: daemon) else { return nil }
        let isFormer = former.contains { Admission($0).presentRefusal(of: letter, from: daemon) == nil }
        return isFormer ? nil : refusal
    }

    private func presentRefusal(of letter: Letter, from daemon: String) -> String? {
        if letter.origin != daemon { return "it says that it is from '\(shown(letter.origin))'" }
        if letter.envelope.recipients.isEmpty { return "it has no recipient" }
        guard let alias = settings.alias(letter.alias) else {
            return "there is no alias '\(shown(letter.alias ?? ""))' in the settings"
        }
        let refusal: String? =
            switch daemon {
            case "watcher": report(alias, letter)
            case "responder": reply(alias, letter)
            default: "nothing is taken from '\(shown(daemon))'"
            }
        return refusal ?? LetterForm.fault(of: letter.message)
    }

    /// Reports go to the report's recipients only, and under the report's alias only.
    private func report(_ alias: Settings.Alias, _ letter: Letter) -> String? {
        let known = Set(settings.report.recipients.map(\.email))
        if let stranger = letter.envelope.recipients.first(where: { !known.contains($0) }) {
            return "\(shown(stranger.text)) is none of the report's recipients"
        }
        guard settings.alias(settings.report.from)?.description == alias.description else {
            return "the alias '\(shown(alias.description))' is not the report's"
        }
        return foreign(alias, letter, nullSender: false)
    }

    /// Replies go to one person, under the folders' aliases only, and nothing comes back of them.
    private func reply(_ alias: Settings.Alias, _ letter: Letter) -> String? {
        let own = settings.respond.folders.compactMap { settings.alias($0.from) }
        guard own.contains(where: { $0.description == alias.description }) else {
            return "the alias '\(shown(alias.description))' is none of the responder's"
        }
        if letter.envelope.recipients.count != 1 { return "a reply goes to one recipient" }
        if letter.envelope.notify != .never { return "a reply asks for no notice of its delivery" }
        return foreign(alias, letter, nullSender: true)
    }

    /// The alias's address alone stands in the envelope, in From and in Sender, if there is one.
    private func foreign(_ alias: Settings.Alias, _ letter: Letter, nullSender: Bool) -> String? {
        let message = ParsedMessage(letter.message)
        if message.headers.raw("From").count != 1 || message.from.map(\.address) != [alias.address] {
            return "its From is not the alias's address \(alias.address.text)"
        }
        if message.headers.has("Sender"), message.sender.map(\.address) != [alias.address] {
            return "its Sender is not the alias's address \(alias.address.text)"
        }
        guard let sender = letter.envelope.sender else {
            return nullSender ? nil : "its reverse-path is empty"
        }
        return sender == alias.address
            ? nil : "its reverse-path \(shown(sender.text)) is not the alias's address"
    }

    private func shown(_ text: String) -> String { Printable.text(text, limit: 200) }
}
