// The hits that share a fingerprint, from the first to the end. A plain value: the book decides, the store keeps it.

import Formats
import Rules

/// The hits that share a fingerprint.
package struct Incident: Hashable, Sendable, Identifiable {
    package enum State: String, Hashable, Sendable {
        /// Below its rule's threshold; nobody is told, and it passes when its time is over.
        case gathering
        case open
        /// A record told that it is over.
        case recovered
        /// Nothing came for a time.
        case quiet
        /// It was an event, and it was told.
        case told
        /// A person closed it.
        case resolved
    }

    /// For people and commands: counts up from 1.
    package let id: Int64
    package internal(set) var fingerprint: Fingerprint
    /// What the fingerprint was made of, without secrets, so that a later version can make it anew; empty where an
    /// earlier version did not keep it.
    package internal(set) var groups: [GroupValue]
    package var state: State
    package var rule: RuleFacts
    /// The most severe that any of its hits had.
    package var severity: Severity
    package var title: String
    package var advice: String?
    /// Of the first hit.
    package var origin: Origin
    package var captures: [CapturedValue]
    /// What the journal's catalog says of the first hit, fit to show; nil where it says nothing.
    package var explanation: String?

    /// As the records say.
    package var firstSeen: Timestamp
    package var lastSeen: Timestamp
    package var timeline = Timeline()
    /// All hits so far.
    package var hits = 0
    /// Of these, how many a letter told of.
    package var told = 0
    /// Since the last letter: the first ones, and the last.
    package var samples: [Sample] = []
    /// Of those that letters have shown, a few: for a person who asks.
    package var shownSamples: [Sample] = []
    /// The text that told of the recovery.
    package var endedBy: String?
    /// When that was read.
    package internal(set) var ended: Timestamp?

    // The rest is the book's own, in its clock.

    /// When it was opened, or began to gather.
    package var opened: Timestamp
    package var lastHit: Timestamp
    /// The next letter, if any is due.
    package var due: Timestamp?
    package var lastLetter: Timestamp?
    package var letters = 0
    /// Until the next reminder; doubles.
    package var reminderAfter: Duration
    /// In the coming digest, because the cap was reached.
    package var isHeld = false
    /// The open incident that keeps this one quiet, or the silence that does, while it would else be told.
    package var inhibitedBy: Int64?
    package var silencedBy: Int64?
    /// How often it has come back within a short time of its end.
    package var returns = 0
    /// Since when it has been back, after a letter had said that it was over; nil when a letter has said so, too.
    package var backSince: Timestamp?
    /// All its hits were old when they were read, and none was told yet.
    package var isLate = false
    /// While gathering: when the hits within the threshold's time came.
    package var arrivals: [Timestamp] = []
    /// Message-IDs of the first report's letters and of the last one's, which the further ones refer to: more than one
    /// where recipients want different parts of a report. Each got one of them, and that one makes the thread.
    package var firstMessageIDs: [String] = []
    package var lastMessageIDs: [String] = []
    /// Of either.
    static let threadLimit = 10

    package init(id: Int64, _ occurrence: Occurrence, at now: Timestamp, reminderAfter: Duration) {
        self.id = id
        fingerprint = occurrence.fingerprint
        groups = occurrence.groups
        state = .gathering
        rule = occurrence.rule
        severity = occurrence.rule.severity
        title = occurrence.title
        advice = occurrence.advice
        origin = occurrence.origin
        captures = occurrence.captures
        explanation = occurrence.explanation
        firstSeen = occurrence.time
        lastSeen = occurrence.time
        opened = now
        lastHit = now
        self.reminderAfter = reminderAfter
    }

    /// Hits that no letter told of yet.
    package var newHits: Int { hits - told }
    /// Whether it is over.
    package var isOver: Bool { state != .gathering && state != .open }
    /// Emergency and alert: told at once, with a cap of their own.
    package var isUrgent: Bool { severity.isAtLeast(.alert) }
    /// Over and told, and kept for a while in case that it comes back.
    var isLingering: Bool { isOver && due == nil && !isHeld && !isLate }
    /// Whether something tells when it is over, so that time alone does not say so.
    package var endsBySign: Bool { rule.ending == .recovery || !rule.ending.passesWithTime }
}
