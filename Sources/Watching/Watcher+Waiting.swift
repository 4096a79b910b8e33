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

    /// Answers what people asked; what changes the book, when that is committed. Returns whether to stop.
    func answerRequests() -> Bool {
        var stops = desk.isStopAsked
        while let request = signals?.next() {
            switch request {
            case .stop: stops = true
            case .reload: reloadSettings()
            }
        }
        var changes: [WatcherDesk.Call] = []
        for call in desk.take() {
            if IncidentDesk.changes.contains(call.request.command) {
                changes.append(call)
            } else {
                call.answer(answer(to: call.request))
            }
        }
        if !changes.isEmpty { make(changes) }
        return stops
    }

    /// Makes changes that people asked for. What cannot be stored is not made, and they are told at once why: nobody who
    /// has to make room should wait for an answer that needs it.
    private func make(_ changes: [WatcherDesk.Call]) {
        // All else first. Where that failed before, somebody may have made room just now.
        keep(at: clock(), evenCheckpointsAlone: commitRetryAt != nil)
        let before = book
        let responses = changes.map { answer(to: $0.request) }
        var fault = commitRetryAt == nil ? nil : storeFault
        if fault == nil, responses.contains(where: { $0.error == nil }) {
            do {
                try store.commit(RoundChanges(), book.changes, at: clock().wall)
                book.changesKept()
            } catch {
                fault = "the state cannot be written: \(error)"
                log.error("what a person asked for was refused: \(fault ?? "")")
            }
        }
        if fault != nil { book = before }
        for (call, response) in zip(changes, responses) {
            guard let fault, response.error == nil else {
                call.answer(response)
                continue
            }
            call.answer(.failure("nothing was changed: \(fault)", .later))
        }
    }

    private func answer(to request: ControlRequest) -> ControlResponse {
        answer(to: request.command, request.arguments, from: request.peer)
    }
}
