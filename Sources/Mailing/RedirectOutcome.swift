// What a letter came to that went to other addresses than its recipients: one outcome for all its recipients, of what the
// server said of each address. Pure. What must stay true: no address gets the letter twice, and none that may still get it
// is forgotten.

import Formats
import Mail
import SMTPProtocol

struct RedirectOutcome: Equatable {
    /// For every recipient of the letter.
    var outcome: Outcome
    /// Addresses that are still to have it, while others have; for one delivery of the letter to go once more.
    var left: [EmailAddress] = []

    /// - Parameter outcomes: of `addresses`; those without one were put off.
    init(_ outcomes: [EmailAddress: Outcome], of addresses: [EmailAddress]) {
        var words: [Reaction.RawValue: (text: String, addresses: [EmailAddress])] = [:]
        for address in addresses {
            let outcome = outcomes[address] ?? .transient("put off by the server")
            words[outcome.reaction.rawValue, default: (outcome.words, [])].addresses.append(address)
        }
        func said(_ reaction: Reaction) -> (text: String, addresses: [EmailAddress])? { words[reaction.rawValue] }
        func list(_ addresses: [EmailAddress]) -> String { addresses.map(\.text).joined(separator: ", ") }
        if let sent = said(.delivered) {
            var text = "\(sent.text); redirected to \(list(sent.addresses))"
            if let refused = said(.permanent) { text += "; \(list(refused.addresses)): \(refused.text)" }
            outcome = .delivered(Printable.text(text, limit: 1000))
            left = said(.tryAgain)?.addresses ?? []
        } else if let found = said(.uncertain) {
            outcome = .uncertain(found.text)
        } else if let found = said(.tryAgain) {
            outcome = .transient(found.text)
        } else {
            let refused = said(.permanent)
            outcome = .permanent("\(refused?.text ?? "nobody"); redirected to \(list(refused?.addresses ?? []))")
        }
    }
}
