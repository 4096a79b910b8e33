// What the tests of the conversation share.

import Formats
import Mail
import SMTPProtocol

typealias Event = Conversation.Event
typealias Action = Conversation.Action

/// One reply; `/` stands between its lines.
func reply(_ text: String) -> Reply {
    let lines = text.split(separator: "/").map(String.init)
    var parser = ReplyParser()
    for (index, line) in lines.enumerated() {
        let isLast = index == lines.count - 1
        parser.append(Array("\(line.prefix(3))\(isLast ? " " : "-")\(line.dropFirst(4))\r\n".utf8))
    }
    return ((try? parser.next()) ?? nil) ?? Reply(code: 0, lines: ["not a reply: \(text)"])
}

func says(_ text: String) -> Event { .replyReceived(reply(text)) }

/// A command as an action.
func send(_ line: String) -> Action { .send(Array("\(line)\r\n".utf8), shown: line) }

func mailbox(_ local: String) throws -> EmailAddress { try EmailAddress("\(local)@example.org") }

func transaction(_ locals: String..., size: Int = 10) throws -> Transaction {
    Transaction(
        Envelope(sender: try mailbox("s"), recipients: try locals.map { try mailbox($0) }), size: size,
        hasEightBit: false)
}

extension Conversation {
    /// What comes of these events, one after the other.
    mutating func handle(_ events: [Event]) -> [Action] { events.flatMap { handle($0) } }

    /// A session that is open, to a server that offers this.
    static func opened(_ capabilities: String = "250 PIPELINING", _ terms: Terms? = nil) -> Conversation {
        var conversation = Conversation(terms ?? Terms(security: .none, heloName: "c"))
        _ = conversation.handle([.connected, says("220 s"), says("250 s/\(capabilities)")])
        return conversation
    }

    /// Such a session after the group of a transaction for these recipients has been sent.
    static func asked(_ locals: String..., pipelining: Bool = true) throws -> Conversation {
        var conversation = opened(pipelining ? "250 PIPELINING" : "250 HELP")
        let envelope = Envelope(sender: try mailbox("s"), recipients: try locals.map { try mailbox($0) })
        _ = conversation.handle(.transactionRequested(Transaction(envelope, size: 10, hasEightBit: false)))
        return conversation
    }

    /// Such a session when the dot is out.
    static func dotSent(_ locals: String...) throws -> Conversation {
        var conversation = opened("250 HELP")
        let envelope = Envelope(sender: try mailbox("s"), recipients: try locals.map { try mailbox($0) })
        _ = conversation.handle(.transactionRequested(Transaction(envelope, size: 10, hasEightBit: false)))
        _ = conversation.handle([says("250 ok")] + locals.map { _ in says("250 ok") } + [says("354 go")])
        _ = conversation.handle([.bodySent, .dotMarked, .endSent])
        return conversation
    }
}

extension Action {
    /// What a transcript has of it.
    var shown: String? {
        switch self {
        case .send(_, let shown), .sendSecret(_, let shown): shown
        default: nil
        }
    }

    /// What goes over the wire.
    var line: String? {
        switch self {
        case .send(let bytes, _): String(decoding: bytes, as: UTF8.self)
        case .sendSecret(let secret, _): secret.text
        default: nil
        }
    }
}

extension Secret {
    var text: String { withBytes { String(decoding: $0, as: UTF8.self) } }
}

extension [Action] {
    /// The fault, of a session or of a transaction.
    var fault: SessionFault? {
        for action in self {
            if case .fail(let fault) = action { return fault }
            if case .finish(_, let fault) = action { return fault }
        }
        return nil
    }

    /// The outcomes by the local part.
    var outcomes: [String: Outcome]? {
        for action in self {
            if case .finish(let outcomes, _) = action {
                return Dictionary(uniqueKeysWithValues: outcomes.map { ($0.key.local, $0.value) })
            }
        }
        return nil
    }

    var closes: Bool { last == .close }
}

extension Reaction {
    /// T
    static let t: Reaction = [.tryAgain, .close]
    /// N, T
    static let nt: Reaction = [.nextAddress, .tryAgain, .close]
    /// N, T, OP
    static let ntop: Reaction = [.nextAddress, .tryAgain, .close, .tellOperator]
    /// T, OP
    static let top: Reaction = [.tryAgain, .close, .tellOperator]
}
