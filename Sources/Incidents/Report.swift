// What is told about one or more incidents at one time. A value of its own: the letter is made of it and of nothing else.

import Formats
import Rules

/// What is told at one time.
package struct Report: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case first
        case further
        /// It is back, after a letter had said that it was over.
        case returned
        /// No new hits, and not over.
        case reminder
        /// Over: a record told so.
        case recovered
        /// Over: nothing came for a time.
        case quiet
        /// More than the cap allows to be told singly.
        case digest
        /// Hits that were old when they were read.
        case late
        /// What a silence kept until its end.
        case silenced
    }

    /// One incident in it.
    package struct Entry: Hashable, Sendable {
        /// `first`, `further`, `returned`, `reminder`, `recovered` or `quiet`.
        package var kind: Kind
        /// As it was when it was told; its samples are those of this report.
        package var incident: Incident
        /// Hits that stand in this report and in no other.
        package var newHits: Int

        package init(kind: Kind, incident: Incident, newHits: Int) {
            self.kind = kind
            self.incident = incident
            self.newHits = newHits
        }
    }

    package var kind: Kind
    /// The most severe first; one, but in a digest.
    package var entries: [Entry]
    package var time: Timestamp
    /// Silences in force, for a digest to list.
    package var silences: [Silence] = []
    /// What was recorded and not told since the last digest, for this one to name.
    package var notes: [RecordedNotes.Note] = []
    /// What this incident kept quiet and what is over as well: told here and nowhere else.
    package var quieted: [Entry] = []
    /// What it keeps quiet now: some of it in words, and how many in all.
    package var keptQuiet: [String] = []
    package var keptQuietCount = 0

    package init(kind: Kind, entries: [Entry], time: Timestamp, silences: [Silence] = []) {
        self.kind = kind
        self.entries = entries
        self.time = time
        self.silences = silences
    }

    package var isDigest: Bool { kind == .digest || kind == .late || kind == .silenced }
    package var newHits: Int { (entries + quieted).reduce(0) { $0 + $1.newHits } }
    package var severity: Severity { entries.map(\.incident.severity).max() ?? .warning }

    /// The part of it that concerns the incidents that `isWanted` takes; nil when that is none.
    package func filtered(_ isWanted: (Incident) -> Bool) -> Report? {
        var part = self
        part.entries = entries.filter { isWanted($0.incident) }
        return part.entries.isEmpty ? nil : part
    }
}
