// Where people's requests wait for the watcher: the control socket has threads of its own, the state belongs to the
// watcher's.

import Control
import Platform
import Synchronization

/// Requests on their way from the control socket to the watcher, and answers back.
package final class WatcherDesk: Sendable {
    let wakeUp: WakeUp
    private let state = Mutex(State())

    private struct State {
        var calls: [Call] = []
        var isClosed = false
        var stopAsked = false
    }

    /// A request that waits for its answer.
    final class Call: Sendable {
        let request: ControlRequest
        private let done: WakeUp
        private let response = Mutex<ControlResponse?>(nil)

        init(_ request: ControlRequest) throws(SystemError) {
            self.request = request
            done = try WakeUp()
        }

        func answer(_ answer: ControlResponse) {
            response.withLock { $0 = answer }
            done.signal()
        }

        func wait(_ timeout: Duration) -> ControlResponse? {
            _ = try? Poller.wait([(done.descriptor.number, .readable)], timeout: timeout)
            return response.withLock { $0 }
        }
    }

    package init() throws(SystemError) { wakeUp = try WakeUp() }

    /// For the control socket's threads: hands the request over and waits for the answer.
    package func ask(_ request: ControlRequest) -> ControlResponse {
        guard let call = try? put(request) else { return .failure("out of descriptors", .later) }
        return call.wait(.seconds(25)) ?? .failure("the watcher is busy", .later)
    }

    /// Puts the request on the desk; answered at once when nobody will come for it any more.
    func put(_ request: ControlRequest) throws(SystemError) -> Call {
        let call = try Call(request)
        let isTaken = state.withLock { state in
            if !state.isClosed { state.calls.append(call) }
            return !state.isClosed
        }
        if isTaken { wakeUp.signal() } else { call.answer(.failure("the watcher is stopping", .later)) }
        return call
    }

    /// Asks the watcher to stop at the next safe point; from any thread.
    package func stop() {
        state.withLock { $0.stopAsked = true }
        wakeUp.signal()
    }

    var isStopAsked: Bool { state.withLock { $0.stopAsked } }

    /// The requests that have come.
    func take() -> [Call] {
        state.withLock { state in
            defer { state.calls = [] }
            return state.calls
        }
    }

    /// Nobody is answered from now on; those who wait are told so.
    func close() {
        state.withLock { $0.isClosed = true }
        for call in take() { call.answer(.failure("the watcher is stopping", .later)) }
    }
}
