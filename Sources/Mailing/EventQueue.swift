// How the mailer's threads talk: each reads one queue of events, and waits for it with poll(2). The senders are few, and
// each waits for an answer before it goes on: no more than what one letter came to is under way beside, which bounds the
// queue.

import Glibc
import Platform
import Synchronization

/// Events for one thread, from any thread.
final class EventQueue<Event: Sendable>: Sendable {
    private struct State {
        var events: [Event] = []
        /// How many of them woke the receiver.
        var urgent = 0
        var isAlarmSet = false
    }

    private let wake: WakeUp
    /// For what does not wake the receiver at once, and how long that may wait.
    private let alarm: (clock: Alarm, delay: Duration)?
    private let state = Mutex(State())

    /// - Parameter delay: how long an event that wakes nobody may wait for the receiver; nil: for ever.
    init(delay: Duration? = nil) throws(SystemError) {
        wake = try WakeUp()
        alarm = try delay.map { delay throws(SystemError) in (try Alarm(), delay) }
    }

    /// Readable while events may be waiting that woke the receiver.
    var descriptor: Descriptor { wake.descriptor }

    /// One of them is readable while events may be waiting that have waited long enough.
    var descriptors: [Descriptor] { [wake.descriptor] + (alarm.map { [$0.clock.descriptor] } ?? []) }

    /// - Parameter wakes: false for what can wait until the receiver is awake for another reason.
    func post(_ event: Event, wakes: Bool = true) {
        state.withLock { state in
            state.events.append(event)
            if wakes {
                state.urgent += 1
            } else if let alarm, !state.isAlarmSet {
                state.isAlarmSet = true
                alarm.clock.set(alarm.delay)
            }
        }
        if wakes { wake.signal() }
    }

    func takeAll() -> [Event] {
        wake.clear()
        return state.withLock { state in
            if state.isAlarmSet { alarm?.clock.clear() }
            defer { state = State() }
            return state.events
        }
    }

    /// How many events wait that woke the receiver.
    var urgent: Int { state.withLock(\.urgent) }

    /// Waits until there are so many of these, or the time is over. Returns how many there are.
    func gather(_ count: Int, for wait: Duration) -> Int {
        let end = SystemClock.monotonic() + wait
        while true {
            wake.clear()
            let urgent = urgent
            let left = end - SystemClock.monotonic()
            if urgent >= count || left <= .zero { return urgent }
            _ = try? Poller.wait([(descriptor.number, .readable)], timeout: left)
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

    /// - Parameter wake: the waiting thread's own, which it uses for one answer after the other.
    init(_ wake: WakeUp) {
        wake.clear()
        self.wake = wake
    }

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
