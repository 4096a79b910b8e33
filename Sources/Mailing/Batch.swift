// The letters that a delivery thread is given at one time. The thread takes them one by one; what it has not begun can be
// taken back from it.

import Synchronization

/// Thread-safe.
final class Batch: Sendable {
    let account: String
    /// The domain that an account delivers to directly; else empty.
    let destination: String
    /// Whether `destination` may have private and loopback addresses.
    let allowsPrivate: Bool
    private let waiting: Mutex<[Assignment]>
    /// How many letters there were.
    let count: Int

    init(_ assignments: [Assignment], account: String, destination: String = "", allowsPrivate: Bool = false) {
        (self.account, self.destination, self.allowsPrivate) = (account, destination, allowsPrivate)
        count = assignments.count
        waiting = Mutex(assignments)
    }

    var deliveries: [Int64] { waiting.withLock { $0.flatMap(\.numbers) } }

    /// For the thread: the next one, begun with this.
    func next() -> Assignment? { waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() } }

    /// Takes back what has not been begun, of one letter or all. Returns the deliveries.
    func withdraw(_ letter: String? = nil) -> [Int64] {
        waiting.withLock { waiting in
            let back = waiting.filter { letter == nil || $0.letter == letter }
            waiting.removeAll { letter == nil || $0.letter == letter }
            return back.flatMap(\.numbers)
        }
    }
}

extension Assignment {
    var numbers: [Int64] { recipients.map(\.delivery) }
}
