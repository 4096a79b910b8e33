// What a letter came to that went to other addresses than its recipients: one outcome for all its recipients, of what the
// server said of each address. Pure. What must stay true: no address gets the letter twice but one that is uncertain, and
// none that may still get it is forgotten.

import Formats
import Mail
import SMTPProtocol

struct RedirectOutcome: Equatable {
    /// For every recipient of the letter, but for one where some are `left`.
    var outcome: Outcome
    /// Addresses that are still to have it, or may have it, while others have; for one delivery of the letter to go once
    /// more.
    var left: [EmailAddress] = []
    /// What that delivery comes to; nil where none is left.
    var rest: Outcome?

    /// - Parameter outcomes: of `addresses`; those without one were put off.
    init(_ outcomes: [EmailAddress: Outcome], of addresses: [EmailAddress]) {
        var words: [Reaction.RawValue: (text: String, addresses: [EmailAddress])] = [:]
        for address in addresses {
            let outcome = outcomes[address] ?? .transient("put off by the server")
            words[outcome.reaction.rawValue, default: (outcome.words, [])].addresses.append(address)
        }
        func said(_ reaction: Reaction) -> (text: String, addresses: [EmailAddress])? { words[reaction.rawValue] }
        func list(_ addresses: [EmailAddress]) -> String { addresses.map(\.text).joined(separator: ", ") }
        let (doubtful, later) = (said(.uncertain), said(.tryAgain))
        guard let sent = said(.delivered) else {
            if let found = doubtful {
                outcome = .uncertain(found.text)
            } else if let found = later {
                outcome = .transient(found.text)
            } else {
                let refused = said(.permanent)
                outcome = .permanent("\(refused?.text ?? "nobody"); redirected to \(list(refused?.addresses ?? []))")
            }
            return
        }
        var text = "\(sent.text); redirected to \(list(sent.addresses))"
        if let refused = said(.permanent) { text += "; \(list(refused.addresses)): \(refused.text)" }
        var waits: [String] = []
        if let doubtful { waits.append("\(list(doubtful.addresses)) may have it") }
        if let later { waits.append("\(list(later.addresses)) is still to have it") }
        // The server's words first: the rhythm goes by their code.
        let why = [doubtful?.text, later?.text].compactMap { $0 }.joined(separator: "; ")
        text += waits.isEmpty ? "" : "; \(waits.joined(separator: ", ")): \(why)"
        outcome = .delivered(Printable.text(text, limit: 1000))
        left = (doubtful?.addresses ?? []) + (later?.addresses ?? [])
        let more = Printable.text("\(why) (\(waits.joined(separator: ", ")); \(sent.text))", limit: 1000)
        if doubtful != nil { rest = .uncertain(more) } else if later != nil { rest = .transient(more) }
    }
}
