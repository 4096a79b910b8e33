// One owner for one state: a second daemon on the same files is refused.

import Glibc

/// An exclusive flock(2), held until the last reference goes.
package final class LockFile: Sendable {
    private let descriptor: Descriptor

    /// Never through a link (ELOOP). Throws EWOULDBLOCK when another process holds it for a second: a child of an owner that has ended holds its
    /// descriptors for an instant, between fork and exec.
    package init(_ path: String) throws(SystemError) {
        descriptor = try Descriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o640)
        for _ in 1...20 {
            if flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 { return }
            _ = try Poller.wait([], timeout: .milliseconds(50))
        }
        try retrying("lock", path) { flock(descriptor.number, LOCK_EX | LOCK_NB) }
    }
}
