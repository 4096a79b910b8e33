// Between two rounds: waiting for what asks for the next one, and answers to people.

import Control
import Formats
import LogSources
import Platform

extension Watcher {
    /// Sleeps until a source, a person, a signal or a time asks for the next round.
    func waitForMore(isIdle: Bool) throws(SystemError) {
        let watchdog = ServiceManager.watchdogInterval()
        var list: [(number: Int32, interest: Interest)] = [(desk.wakeUp.descriptor.number, .readable)]
        if let signals { list.append((signals.descriptor.number, .readable)) }
        // While the state cannot be written nothing is read, so nothing is waited for either.
        if commitRetryAt == nil { list += sources.interests }
        let ready = try Poller.wait(list, timeout: isIdle || commitRetryAt != nil ? timeout(watchdog) : .zero)
        if ready.contains(0) { desk.wakeUp.clear() }
        if watchdog != nil { ServiceManager.watchdog() }
    }

    /// How long nothing is due of itself, zero where something is; nil: for ever.
    func timeout(_ watchdog: Duration?) -> Duration? {
        let now = clock()
        var times = [commitRetryAt, outbox.retryAt, checkpointDue, pruneDue].compactMap { $0 }.map {
            $0 - now.monotonic
        }
        if commitRetryAt == nil {
            for due in [book.nextDue, heartbeatDue].compactMap({ $0 }) { times.append(due - now.wall) }
            if let due = [sources.nextDeadline, joining.deadline].compactMap({ $0 }).min() {
                times.append(due - now.monotonic)
            }
        }
        if let watchdog { times.append(watchdog) }
        return times.min().map { max($0, .zero) }
    }

    /// Answers what people asked; what changes the book, when it is committed. Returns whether to stop.
    func answerRequests() -> Bool {
        var stops = desk.isStopAsked
        while let request = signals?.next() {
            switch request {
            case .stop: stops = true
            case .reload: reloadSettings()
            }
        }
        for call in desk.take() {
            let response = answer(to: call.request.command, call.request.arguments, from: call.request.peer)
            if IncidentDesk.changes.contains(call.request.command), response.error == nil {
                unanswered.append((call, response))
            } else {
                call.answer(response)
            }
        }
        if !unanswered.isEmpty, commitRetryAt == nil { keep(at: clock(), evenCheckpointsAlone: false) }
        return stops
    }
}
