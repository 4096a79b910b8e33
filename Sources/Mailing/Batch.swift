// The letters that a delivery thread is given at one time. The thread takes them one by one; what it has not begun can be
// taken back from it, and more can be put behind it, so that a connection need not wait for the mailer between two letters.

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
        /// Its deliveries.
        var current: [Int64] = []
        /// The thread takes nothing more.
        var isOver = false
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

    /// For the thread: the next one, begun with this. Where there is none, the batch is over.
    func next() -> Assignment? {
        let now = SystemClock.monotonic()
        return state.withLock { state in
            if let begun = state.begun { state.took = now - begun }
            guard !state.waiting.isEmpty else {
                (state.current, state.isOver) = ([], true)
                return nil
            }
            let next = state.waiting.removeFirst().assignment
            (state.begun, state.current) = (now, next.numbers)
            return next
        }
    }

    /// For the thread: it stops before the end. Returns the deliveries that it has not begun.
    func end() -> [Int64] {
        state.withLock { $0.isOver = true }
        return withdraw()
    }

    /// More letters behind those that wait. False when the batch is over: nobody has them then.
    func append(_ letters: [Letter]) -> Bool {
        state.withLock { state in
            if state.isOver { return false }
            state.waiting += letters
            return true
        }
    }

    /// How many letters wait behind the one that the thread is at.
    var left: Int { state.withLock(\.waiting.count) }

    /// What the thread is at, and what waits behind that.
    var underWay: [Int64] { state.withLock { $0.current + $0.waiting.flatMap(\.assignment.numbers) } }

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
