// How a delivery ends, and the letters of the fault table: what the two sides of the mailer say to each other about a try.

/// How one delivery (one letter, one recipient) ended. The words are the server's, or ours where it said nothing; they
/// are safe to show and begin with the reply code where there was a reply.
package enum Outcome: Hashable, Sendable {
    /// The server took responsibility (RFC 5321 section 4.2.5). D of the fault table.
    case delivered(String)
    /// To be tried again later. T.
    case transient(String)
    /// Never to be tried again. P.
    case permanent(String)
    /// The final dot went out and no answer that counts came back. U: the same bytes and Message-ID once more.
    case uncertain(String)

    package var words: String {
        switch self {
        case .delivered(let words), .transient(let words), .permanent(let words), .uncertain(let words): words
        }
    }

    /// The reply code that the words begin with.
    package var code: Int? { Reply.code(leading: words) }
    /// The enhanced code behind it.
    package var enhanced: EnhancedCode? { Reply.enhanced(leading: words) }

    package var reaction: Reaction {
        switch self {
        case .delivered: .delivered
        case .transient: .tryAgain
        case .permanent: .permanent
        case .uncertain: .uncertain
        }
    }
}

/// What a fault calls for; several can stand together (`T, OP`). The tests name the rows of the fault table.
package struct Reaction: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// D
    package static let delivered = Reaction(rawValue: 1)
    /// T: try again later.
    package static let tryAgain = Reaction(rawValue: 2)
    /// P: permanent.
    package static let permanent = Reaction(rawValue: 4)
    /// N: the next address or the next host first.
    package static let nextAddress = Reaction(rawValue: 8)
    /// U: uncertain.
    package static let uncertain = Reaction(rawValue: 16)
    /// C: the connection is closed.
    package static let close = Reaction(rawValue: 32)
    /// OP: tell the administrator, and pause the account.
    package static let tellOperator = Reaction(rawValue: 64)
}
