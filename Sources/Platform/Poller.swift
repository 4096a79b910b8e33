// Waiting for descriptors with a deadline: poll(2), and an eventfd to be woken by other threads.

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
