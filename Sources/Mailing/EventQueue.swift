// How the mailer's threads talk: each reads one queue of events, and waits for it with poll(2). The senders are few and
// each has at most one event under way, which bounds the queue.

import Glibc
import Platform
import Synchronization

/// Events for one thread, from any thread.
final class EventQueue<Event: Sendable>: Sendable {
    private let wake: WakeUp
    private let events = Mutex<[Event]>([])

    init() throws(SystemError) { wake = try WakeUp() }

    /// Readable while events may be waiting.
    var descriptor: Descriptor { wake.descriptor }

    /// - Parameter wakes: false for what can wait until the receiver is awake for another reason.
    func post(_ event: Event, wakes: Bool = true) {
        events.withLock { $0.append(event) }
        if wakes { wake.signal() }
    }

    func takeAll() -> [Event] {
        wake.clear()
        return events.withLock { waiting in
            defer { waiting.removeAll() }
            return waiting
        }
    }
}

/// One answer that a thread waits for.
final class Answer<Value: Sendable>: Sendable {
    private enum State {
        case awaited
        /// What was asked for is being done.
        case claimed
        /// Nobody waits any more, and nothing was done.
        case withdrawn
        case given(Value)
    }

    private let wake: WakeUp
    private let state = Mutex(State.awaited)

    init() throws(SystemError) { wake = try WakeUp() }

    /// To be called before anything is done that cannot be taken back: false when the one who asked has given up.
    func claim() -> Bool {
        state.withLock { state in
            guard case .awaited = state else { return false }
            state = .claimed
            return true
        }
    }

    /// Gives up, where nobody has begun: from then on `claim` says no. False when it is too late for that.
    func withdraw() -> Bool {
        state.withLock { state in
            guard case .awaited = state else { return false }
            state = .withdrawn
            return true
        }
    }

    func give(_ answer: Value) {
        state.withLock { $0 = .given(answer) }
        wake.signal()
    }

    /// Nil when none came in time.
    func wait(_ timeout: Duration) -> Value? {
        let end = SystemClock.monotonic() + timeout
        while true {
            if case .given(let answer) = state.withLock({ $0 }) { return answer }
            let left = end - SystemClock.monotonic()
            if left <= .zero { return nil }
            _ = try? Poller.wait([(wake.descriptor.number, .readable)], timeout: left)
        }
    }
}
