// Last lines without newline, each of which is taken after the same time: so they are due in the order of their coming,
// and ten thousand of them cost a wake-up nothing.

/// Files in the order in which their last lines were first seen. An entry may be of a line that is past.
struct LastLines {
    private var entries: [(key: FileKey, since: Duration)] = []
    private var start = 0

    /// When the next one was first seen.
    var first: Duration? { start < entries.count ? entries[start].since : nil }

    /// `since` is not before that of the last one.
    mutating func add(_ key: FileKey, _ since: Duration) {
        if let last = entries.last, start < entries.count, last.key == key, last.since == since { return }
        entries.append((key, since))
    }

    /// Those that were seen at `time` or before.
    mutating func take(since time: Duration) -> [FileKey] {
        var taken: [FileKey] = []
        while start < entries.count, entries[start].since <= time {
            taken.append(entries[start].key)
            start += 1
        }
        compact()
        return taken
    }

    /// Drops those in front that are past.
    mutating func drop(where isPast: (FileKey, Duration) -> Bool) {
        while start < entries.count, isPast(entries[start].key, entries[start].since) { start += 1 }
        compact()
    }

    private mutating func compact() {
        guard start > 64, start * 2 > entries.count else { return }
        entries.removeFirst(start)
        start = 0
    }
}
