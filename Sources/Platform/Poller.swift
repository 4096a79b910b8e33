// Waiting for descriptors with a deadline: poll(2), an eventfd to be woken by other threads, and a timerfd.

import CPlatform
import Formats
import Glibc

/// What to wait for.
package struct Interest: OptionSet, Sendable {
    package let rawValue: Int16
    package init(rawValue: Int16) { self.rawValue = rawValue }
    package static let readable = Interest(rawValue: Int16(POLLIN))
    package static let writable = Interest(rawValue: Int16(POLLOUT))
}

package enum Poller {
    /// Waits until one of `descriptors` is ready (or failed, which counts as ready) or `timeout` has passed (nil: for
    /// ever). Returns the indices of those that are ready; empty after the time-out or a signal.
    package static func wait(
        _ descriptors: [(number: Int32, interest: Interest)], timeout: Duration?
    ) throws(SystemError) -> [Int] {
        var list = descriptors.map { pollfd(fd: $0.number, events: $0.interest.rawValue, revents: 0) }
        // Rounded up, so that a wait of 0.4 ms does not spin.
        let milliseconds = timeout.map { Int32(clamping: ($0.microseconds + 999) / 1000) } ?? -1
        let count = poll(&list, nfds_t(list.count), max(-1, milliseconds))
        if count < 0 {
            if errno == EINTR { return [] }
            throw SystemError("poll")
        }
        return list.indices.filter { list[$0].revents != 0 }
    }
}

/// An eventfd: `signal` from any thread makes `descriptor` readable for the thread that polls it.
package final class WakeUp: Sendable {
    package let descriptor: Descriptor

    package init() throws(SystemError) {
        descriptor = Descriptor(
            owning: try retrying("make an eventfd") { eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)) })
    }

    package func signal() { eventfd_write(descriptor.number, 1) }

    /// Makes it unreadable again.
    package func clear() {
        var value: eventfd_t = 0
        eventfd_read(descriptor.number, &value)
    }
}

/// A timerfd(2): `descriptor` is readable once the time is over. From any thread.
package final class Alarm: Sendable {
    package let descriptor: Descriptor

    package init() throws(SystemError) {
        descriptor = Descriptor(
            owning: try retrying("make a timerfd") {
                timerfd_create(CLOCK_MONOTONIC, Int32(TFD_CLOEXEC | TFD_NONBLOCK))
            })
    }

    /// Once, `delay` from now.
    package func set(_ delay: Duration) { start(max(1, delay.microseconds)) }

    /// Makes it unreadable again, set or over.
    package func clear() { start(0) }

    /// Setting it takes away what was over (timerfd_create(2)); zero disarms it.
    private func start(_ microseconds: Int64) {
        var time = itimerspec()
        time.it_value = timespec(
            tv_sec: Int(microseconds / 1_000_000), tv_nsec: Int(microseconds % 1_000_000) * 1000)
        timerfd_settime(descriptor.number, 0, &time, nil)
    }
}
