// How many connections one sync of the disk serves. Threads whose dots were let go together come back together: the first
// of them is not to have a commit of its own while the others are a moment behind. Pure.
//
// Must stay true: what is waited for is a part of what a commit takes, and a thread whose server is slow is not waited for
// again and again.

struct CommitGroup: Equatable {
    /// How many threads are waited for.
    private(set) var size = 1
    /// Rounds until one more is waited for.
    private var patience = 0
    private static let pause = 32
    static let longestWait = Duration.milliseconds(3)

    /// How many are to have come before the commit, and how long that may take, where so many threads are at work.
    func wants(busy: Int, commitTook: Duration) -> (count: Int, wait: Duration) {
        let count = min(busy, size + (patience == 0 ? 1 : 0))
        return (count, min(Self.longestWait, .microseconds(commitTook.microseconds / 2)))
    }

    /// So many came, of those that were wanted.
    mutating func came(_ count: Int, wanted: Int) {
        patience = max(0, patience - 1)
        if count >= wanted {
            size = max(size, wanted)
        } else {
            (size, patience) = (max(1, count), Self.pause)
        }
    }
}
