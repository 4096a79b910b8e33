// A Maildir to write to: tmp, then new, under a name that nobody else uses.

import Formats
import Glibc
import Platform
import Synchronization

/// <https://cr.yp.to/proto/maildir.html>. Used by several threads at once.
final class Maildir: Sendable {
    private let path: String
    private let count = Mutex(0)

    init(_ path: String) throws(SystemError) {
        self.path = path
        for folder in ["tmp", "new", "cur"] { try Files.makeDirectories("\(path)/\(folder)", mode: 0o755) }
    }

    /// Writes a message; returns its name in `new`.
    func deliver(_ message: [UInt8]) throws(SystemError) -> String {
        let number = count.withLock { count in
            count += 1
            return count
        }
        let now = SystemClock.now()
        let name = "\(now.seconds).M\(now.microseconds % 1_000_000)P\(getpid())Q\(number).\(HostNames.host())"
        try Files.create(message, at: "\(path)/tmp/\(name)", mode: 0o644)
        try Files.renameExclusively("\(path)/tmp/\(name)", to: "\(path)/new/\(name)")
        return name
    }
}
