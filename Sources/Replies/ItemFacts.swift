// All that a decision looks at: the item itself, and what is ours. Values, so that a decision can be made again.

import Mail

/// One item: a message with its documents, or a bare document.
package struct ItemFacts: Sendable {
    /// Nil for a bare file.
    package var message: MessageFacts?
    package let documents: [ResumeDocument]
    /// What was recognised of each document, in the same order: looked at once.
    package let recognitions: [Recognition]
    /// The position that the folder is for.
    package var position: String?

    package init(message: MessageFacts? = nil, documents: [ResumeDocument], position: String? = nil) {
        self.message = message
        self.documents = documents
        recognitions = documents.map { Recognition($0) }
        self.position = position
    }

    /// The documents that are resumes.
    package var resumes: [ResumeDocument] { zip(documents, recognitions).filter(\.1.isResume).map(\.0) }
}

/// What is ours, and therefore neither answered nor taken for a candidate's.
package struct OwnIdentity: Sendable {
    /// Addresses of ours, watched ones included.
    package var addresses: Set<String>
    /// The right side of the Message-IDs that we make.
    package var messageIDDomains: Set<String>

    package init(addresses: [EmailAddress] = [], messageIDDomains: [String] = []) {
        self.addresses = Set(addresses.map(\.key))
        self.messageIDDomains = Set(messageIDDomains.map { $0.lowercased() })
    }

    package func owns(_ address: EmailAddress) -> Bool { addresses.contains(address.key) }
}

extension EmailAddress {
    /// For comparing people: servers may tell the case of a local part apart, none that is in use does. Of ASCII alone: no
    /// server makes a k of the kelvin sign.
    package var key: String { text.loweredASCII }
}

/// What the ledger knows that concerns an item (rows 11 and 16).
package struct ItemHistory: Hashable, Sendable {
    /// In-Reply-To or References names an answer of ours.
    package var namesAnswerOfOurs = false
    /// The same address and position were answered within `once_per`.
    package var answeredBefore = false
    /// A message of this Message-ID was taken in before.
    package var sameMessageID = false
    /// The same document was taken in before, for the same position.
    package var sameContent = false

    package init(
        namesAnswerOfOurs: Bool = false, answeredBefore: Bool = false, sameMessageID: Bool = false,
        sameContent: Bool = false
    ) {
        self.namesAnswerOfOurs = namesAnswerOfOurs
        self.answeredBefore = answeredBefore
        self.sameMessageID = sameMessageID
        self.sameContent = sameContent
    }
}
