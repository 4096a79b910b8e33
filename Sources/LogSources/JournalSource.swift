// What the owner of sources sees of a journal, however it is read: the system's and a namespace through one handle
// (JournalReader), a folder of journal files file by file (JournalFolder).

import Records

/// A journal that is read. Belongs to the thread that made it.
package protocol JournalSource: AnyObject {
    /// To be polled with `events`; nil while there is none.
    var descriptor: Int32? { get }
    /// Of poll(2).
    var events: Int16 { get }
    /// When `read` must be called though the descriptor is not ready, on the clock of `SourceTime.monotonic`.
    var nextDeadline: Duration { get }
    /// Whether all that is there was handed over.
    var isIdle: Bool { get }
    var status: SourceStatus { get }
    /// Reads one batch. Never waits.
    func read(at time: SourceTime) -> SourceOutput
}

extension JournalReader: JournalSource {}
