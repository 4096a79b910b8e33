import Formats
import Platform
import Records

/// Reads one journal: the system's, or a folder of journal files. Belongs to the thread that made it, for life.
package final class JournalReader {
    package enum Start: String, Hashable, Sendable {
        /// This boot's entries.
        case boot
        /// Only what comes from now on.
        case now
        /// Everything.
        case beginning
    }

    package struct Options: Sendable {
        /// "" for the system's journal, else a folder.
        package var place: String
        /// Where to begin when there is no checkpoint.
        package var start = Start.now
        /// Entries of one batch.
        package var batchEntries = 2000
        /// Text of one batch.
        package var batchBytes = 256 << 10
        /// Of one field other than MESSAGE; a longer one is cut.
        package var fieldLimit = 64 << 10
        /// Of one MESSAGE; a longer one is cut, and said.
        package var messageLimit = 1 << 20

        package init(place: String = "") { self.place = place }
    }

    /// Opens nothing yet: a journal that is not there is a notice of `read`, and tried again.
    /// `checkpoints` are those that the owner stored, those of other sources too.
    package init(_ options: Options, checkpoints: [SourceCheckpoint]) {}

    /// To be polled with `events`; nil while the journal is not open.
    package var descriptor: Int32? { nil }

    /// Of poll(2).
    package var events: Int16 { 0 }

    /// When `read` must be called though the descriptor is not ready, on the monotonic clock; nil: not at all.
    package var nextDeadline: Duration? { nil }

    /// Reads one batch. Never waits.
    package func read(at time: SourceTime) -> SourceOutput { SourceOutput() }

    /// Whether the last `read` came to the end.
    package var isIdle: Bool { true }

    package var status: SourceStatus { SourceStatus(source: .journal("")) }
}
