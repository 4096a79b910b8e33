// Whose turn is next: each file that has something to read waits once, behind all that waited before it.

/// A queue of files without repetition.
struct TurnQueue {
    private var keys: [FileKey] = []
    private var start = 0
    private var waiting: Set<FileKey> = []

    var isEmpty: Bool { start == keys.count }
    var count: Int { keys.count - start }

    func contains(_ key: FileKey) -> Bool { waiting.contains(key) }

    /// Adds it to the end, unless it waits already.
    mutating func add(_ key: FileKey) { if waiting.insert(key).inserted { keys.append(key) } }

    /// Takes the first one out.
    mutating func next() -> FileKey? {
        guard start < keys.count else { return nil }
        let key = keys[start]
        waiting.remove(key)
        start += 1
        // What was taken is let go now and then, for a queue that is never empty.
        if start == keys.count || start > 1024 && start * 2 > keys.count {
            keys.removeFirst(start)
            start = 0
        }
        return key
    }
}
