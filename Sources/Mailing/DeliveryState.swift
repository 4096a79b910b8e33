// The states of a delivery, and which may follow which. docs/queue.md is this table with its reasons and the instants of
// commit; the two are kept the same by hand, the code by `Queue.move`, which refuses every other step.

/// Where a delivery (one letter to one recipient) stands. The raw values are those of the database.
package enum DeliveryState: Int, CaseIterable, Sendable {
    /// Waits for a time or for a person.
    case held = 0
    /// Waits for its next attempt.
    case queued = 1
    /// An attempt is under way; nothing final was said to the server.
    case sending = 2
    /// The final dot may have gone out.
    case dotPending = 3
    /// Whether the server took it is not known.
    case uncertain = 4
    case sent = 5
    case failed = 6
    /// Taken back by a person before it was sent.
    case retracted = 7

    /// As the command shows it: that the dot is pending is the queue's own business.
    package var name: String {
        switch self {
        case .held: "held"
        case .queued: "queued"
        case .sending, .dotPending: "sending"
        case .uncertain: "uncertain"
        case .sent: "sent"
        case .failed: "failed"
        case .retracted: "retracted"
        }
    }

    /// Nothing more happens by itself.
    package var isFinal: Bool { [.sent, .failed, .retracted].contains(self) }

    /// A thread is at work on it.
    package var isUnderWay: Bool { self == .sending || self == .dotPending }

    /// The states that may come next.
    package var successors: [DeliveryState] {
        switch self {
        case .held: [.queued, .retracted]
        case .queued: [.sending, .held, .failed, .retracted]
        case .sending: [.dotPending, .queued, .uncertain, .failed]
        case .dotPending: [.sent, .queued, .failed, .uncertain, .sending]
        case .uncertain: [.sending, .held, .failed]
        case .failed: [.queued]
        case .sent, .retracted: []
        }
    }
}
