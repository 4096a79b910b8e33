// What a round does that the clock asks for.

import Formats
import Platform
import Settings

extension Mailer {
    /// A wall clock that was set must neither give letters up nor make them wait for a year.
    func noticeClock(_ moment: Moment) throws(QueueError) {
        let now = moment.wall
        let (step, isSeenDue) = clock.move(to: moment)
        // Where nothing could be written, that tells whether it can be again.
        if isSeenDue || troubles.database != nil { try queue.seen(at: now) }
        guard let step else { return }
        log.notice("the clock was set by \(step.microseconds / 1_000_000) s: times of attempts move with it")
        try queue.clockWasSet(by: step)
        try queue.bound(at: now, retry)
        try queue.loadIndex(at: now)
        book.clockWasSet(by: step)
        lanes.clockWasSet(by: step)
    }

    func forget(at now: Timestamp) throws(QueueError) {
        guard SystemClock.monotonic() >= agenda.forget else { return }
        let more = try queue.forget(before: now - settings.smtp.keep) > 0
        try queue.forgetRedirects()
        agenda.forget = SystemClock.monotonic() + (more ? .seconds(1) : .seconds(3600))
    }
}
