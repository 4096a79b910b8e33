// Whether a process is one of our own programs: what a log file says of it, anyone can have written there.

import Formats
import Glibc
import Platform

enum OwnProcess {
    /// Whether the process `pid` runs our program `name` now, as a user that only the administrator can be: root, our own,
    /// or the one that the program's unit is run under.
    static func isOne(_ pid: Int32, _ name: String) -> Bool {
        guard pid > 0, let owner = (try? FileStatus.of("/proc/\(pid)"))?.owner else { return false }
        guard owner == 0 || owner == geteuid() || owner == self.uid(of: name) else { return false }
        let line = (try? Files.read("/proc/\(pid)/cmdline")) ?? []
        let program = String(decoding: line.prefix { $0 != 0 }, as: UTF8.self)
        return Files.split(program).name == name
    }

    private static func uid(of user: String) -> UInt32? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 1 << 14)
        guard getpwnam_r(user, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return entry.pw_uid
    }
}
