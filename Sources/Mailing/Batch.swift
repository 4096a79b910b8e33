// The letters that a delivery thread is given at one time. The thread takes them one by one; what it has not begun can be
// taken back from it.

import Platform
import Synchronization

/// Thread-safe.
final class Batch: Sendable {
    struct Letter: Sendable {
        var assignment: Assignment
        /// As in `QueueIndex.Place`.
        var order: UInt8
    }

    private struct State {
        var waiting: [Letter]
        /// When the thread began the letter that it is at; monotonic.
        var begun: Duration?
        /// How long the one before it took.
        var took: Duration?
    }

    let account: String
    /// The domain that an account delivers to directly; else empty.
    let destination: String
    /// Whether `destination` may have private and loopback addresses.
    let allowsPrivate: Bool
    private let state: Mutex<State>

    init(_ letters: [Letter], account: String, destination: String = "", allowsPrivate: Bool = false) {
        (self.account, self.destination, self.allowsPrivate) = (account, destination, allowsPrivate)
        state = Mutex(State(waiting: letters))
    }

    /// For the thread: the next one, begun with this.
    func next() -> Assignment? {
        let now = SystemClock.monotonic()
        return state.withLock { state in
            if let begun = state.begun { state.took = now - begun }
            guard !state.waiting.isEmpty else { return nil }
            state.begun = now
            return state.waiting.removeFirst().assignment
        }
    }

    /// Takes back what has not been begun and `isWanted`. Returns the deliveries.
    func withdraw(_ isWanted: (Letter) -> Bool = { _ in true }) -> [Int64] {
        state.withLock { state in
            let back = state.waiting.filter(isWanted)
            if !back.isEmpty { state.waiting.removeAll(where: isWanted) }
            return back.flatMap(\.assignment.numbers)
        }
    }

    /// Since when the thread has been at a letter with others behind it; monotonic. Nil where none waits for it.
    var holdsUpSince: Duration? { state.withLock { $0.waiting.isEmpty ? nil : $0.begun } }

    /// How long the last letter took that the thread is through with.
    var took: Duration? { state.withLock(\.took) }

    /// Of what has not been begun.
    var bytesWaiting: Int {
        state.withLock { $0.waiting.reduce(0) { $0 + $1.assignment.message.count } }
    }
}

extension Assignment {
    var numbers: [Int64] { recipients.map(\.delivery) }
}
