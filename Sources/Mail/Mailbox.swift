// A person or team with an address, as headers have them.

/// A display name and an address.
package struct Mailbox: Hashable, Sendable {
    /// Decoded; nil when there is none.
    package var name: String?
    package var address: EmailAddress

    package init(_ name: String?, _ address: EmailAddress) {
        self.name = name
        self.address = address
    }

    /// As a header has it: the name as atoms, a quoted string or encoded words, whichever it needs.
    package var header: String {
        guard let name, !name.isEmpty else { return address.text }
        return "\"" + name + "\" <" + address.text + ">"
    }
}
