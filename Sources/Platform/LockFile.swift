// One owner for one state: a second daemon on the same files is refused.

import Glibc

/// An exclusive flock(2), held until the last reference goes.
package final class LockFile: Sendable {
    private let descriptor: Descriptor

    /// Throws EWOULDBLOCK when another process holds it.
    package init(_ path: String) throws(SystemError) {
        descriptor = try Descriptor.open(path, O_RDWR | O_CREAT, mode: 0o640)
        try retrying("lock", path) { flock(descriptor.number, LOCK_EX | LOCK_NB) }
    }
}
