import Formats
import Records

/// A path that is or was matched, and the texts of its log: those that are open, those that were read and closed, and
/// those of which it is not known where they are.
final class WatchedLog {
    let path: String
    var pattern: FilePattern
    /// The file that stood at the path last, if it is open.
    var current: FileKey?
    /// The open files that hold texts of this log.
    var open: Set<FileKey> = []
    /// Rotated generations that were read and are closed, and those that are passed over: what was there when the log was
    /// looked at first, whether the log was or not, and plain copies of texts that are read elsewhere.
    var closed: [FileKey: FileCheckpoint] = [:]
    /// Texts whose files do not hold them any more, and at the start all that the owner stored. Their rows stay stored
    /// until they are found or given up.
    var astray: [Astray] = []
    /// When a text was first not found; a rename under the look can hide it once. Monotonic.
    var missedAt: Duration?

    struct Astray {
        var checkpoint: FileCheckpoint
        /// How many bytes behind the offset were seen; nil where nobody looked (the watcher did not run).
        var unread: Int64?
        /// When its file was written last, as far as that was seen; an archive of it has that time too.
        var modified: Timestamp?
    }

    init(path: String, pattern: FilePattern) {
        self.path = path
        self.pattern = pattern
    }

    /// Whether texts of it are elsewhere.
    func hasTexts(besides generations: [Generation]) -> Bool {
        if astray.isEmpty && closed.isEmpty { return false }
        let there = Set(generations.map(\.key))
        return !astray.isEmpty || closed.keys.contains { !there.contains($0) }
    }

    /// Its generations were looked for what nobody read, since the start: its file may be the one that was read, and
    /// another have come between (copied and truncated, and the same written again).
    var isSurveyed = false

    /// Whether anything was read of it, or is to be.
    var isKnown: Bool {
        !open.isEmpty || !astray.isEmpty || closed.values.contains { !$0.isPassedOver }
    }
}
