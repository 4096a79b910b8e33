// `herald send`: a local user's message becomes a letter. What the user may say (aliases, recipients) is checked, and the
// message is brought into the form that any server takes. Pure.

import Control
import Formats
import Mail
import Settings

/// Why a message was not taken, for the user.
package struct SubmissionError: Error, Equatable, Sendable, CustomStringConvertible {
    package var description: String
    package var kind: ControlResponse.Refusal

    init(_ description: String, _ kind: ControlResponse.Refusal = .wrong) {
        self.description = description
        self.kind = kind
    }
}

/// A message as it was submitted.
package struct Submission: Sendable {
    /// The wish for an alias, by description or address.
    package var from: String?
    package var recipients: [String]
    /// Recipients are taken from To, Cc and Bcc as well.
    package var fromHeaders: Bool
    package var body: [UInt8]

    package init(from: String? = nil, recipients: [String], fromHeaders: Bool = false, body: [UInt8]) {
        self.from = from
        self.recipients = recipients
        self.fromHeaders = fromHeaders
        self.body = body
    }

    init(_ request: ControlRequest) throws(SubmissionError) {
        let list = request.arguments["recipients"] ?? .array([])
        guard let items = list.array, items.allSatisfy({ $0.string != nil }) else {
            throw SubmissionError("'recipients' must be a list of addresses")
        }
        self.init(
            from: request.arguments["from"]?.string, recipients: items.compactMap(\.string),
            fromHeaders: request.arguments["from_headers"]?.bool ?? false, body: request.body)
    }

    /// The most recipients that one submission may have.
    static let maximumRecipients = 1000

    /// The alias that this user's message carries: any for the privileged, their own (`aliases[].user`) for others.
    package func alias(for user: LocalUser, _ settings: Settings) throws(SubmissionError) -> Settings.Alias {
        let own = settings.aliases.filter { user.isPrivileged || ($0.user != nil && $0.user == user.name) }
        guard let from else {
            if user.isPrivileged, let alias = settings.alias(nil) { return alias }
            if let alias = own.first(where: \.isDefault) ?? own.first { return alias }
            throw SubmissionError(
                "no alias is yours: an 'aliases' entry with 'user: \(user.name ?? String(user.uid))' is needed, or the "
                    + "group herald", .denied)
        }
        let named = settings.aliases.filter { $0.description == from || $0.address.text == from }
        guard let alias = named.first else {
            let near = NearestName.hint(for: from, in: settings.aliases.map(\.description))
            throw SubmissionError("there is no alias '\(Printable.text(from, limit: 100))'\(near)")
        }
        guard let mine = named.first(where: { own.contains($0) }) else {
            throw SubmissionError("the alias '\(alias.description)' is not yours to send under", .denied)
        }
        return mine
    }

    /// The envelope's recipients, each once.
    func addresses(_ submitted: SubmittedMessage) throws(SubmissionError) -> [EmailAddress] {
        var found: [EmailAddress] = []
        for text in recipients {
            do throws(AddressError) {
                found.append(try EmailAddress(text))
            } catch {
                throw SubmissionError("'\(Printable.text(text, limit: 100))': \(error)")
            }
        }
        if fromHeaders { found += submitted.recipients }
        var seen: Set<EmailAddress> = []
        found = found.filter { seen.insert($0).inserted }
        if found.isEmpty { throw SubmissionError("there is no recipient") }
        if found.count > Self.maximumRecipients {
            throw SubmissionError("\(found.count) recipients; at most \(Self.maximumRecipients) are taken at once")
        }
        return found
    }
}
