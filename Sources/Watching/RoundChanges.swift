// What one round of the watcher changed, gathered to be committed as one (ARCHITECTURE.md, promise 1).

import Formats
import Incidents
import Mail
import Records

/// What one round changed, to be committed as one.
struct RoundChanges {
    /// By key; the newest of each.
    var checkpoints: [String: SourceCheckpoint] = [:]
    var forgotten: Set<String> = []
    /// Lines that wait for the rest of their record, of each source where they are others than before; nil: none.
    var held: [Source: HeldLines?] = [:]
    /// What the last run left behind and nobody can read, by key and by id: not to be met again.
    var unreadableHeld: [String] = []
    var unreadableIncidents: [Int64] = []
    var letters: [Letter] = []
    var reports: [TellingRow] = []
    /// Where a source is begun at its end, which must be known from then on: what is written after it must be read,
    /// whatever happens until the next commit.
    var hasBeginning = false
    /// It is committed at once; other checkpoints can wait.
    var isUrgent: Bool { !letters.isEmpty || !reports.isEmpty || hasBeginning }
    var hasCheckpoints: Bool { !checkpoints.isEmpty || !forgotten.isEmpty }

    mutating func note(_ checkpoint: SourceCheckpoint) {
        forgotten.remove(checkpoint.key)
        checkpoints[checkpoint.key] = checkpoint
    }

    mutating func forget(_ key: String) {
        checkpoints[key] = nil
        forgotten.insert(key)
    }
}

/// Which report told what of which incident.
struct TellingRow {
    var time: Timestamp
    var incident: Int64
    var kind: Report.Kind
    var newHits: Int
    /// Nil where it could not be made a letter of, or the settings changed since it was due.
    var letter: String?
    /// Why there is no letter, though somebody wants it.
    var fault: String?
}
