// What herald-extract gives up before it reads its first byte: new privileges, resources, the file system but for /usr,
// sockets, other processes. Called once, from main, on the only thread.

import CPlatform
import Glibc
import Platform

package enum ExtractionSandbox {
    /// What the loader and poppler need; the programs and their data are beneath /usr. /lib and /lib64 are links into
    /// it on Debian, folders elsewhere.
    private static let readable = ["/usr", "/lib", "/lib64", "/etc/ld.so.cache"]

    /// Nothing can be undone. Throws when the kernel refuses a part; a kernel without Landlock is no refusal, since the
    /// unit's own sandbox stands around this one: the responder warns. Returns Landlock's ABI, 0 without.
    ///
    /// - Parameter startsPrograms: whether this process has to kill children; they are confined by ChildProcess.
    package static func enter(startsPrograms: Bool) throws(SystemError) -> Int {
        try retrying("set no_new_privs") { herald_no_new_privs() }
        try ExtractionLimits.apply()
        let pointers = readable.map { UnsafePointer<CChar>(strdup($0)) }
        defer { for pointer in pointers { free(UnsafeMutablePointer(mutating: pointer)) } }
        let abi = try retrying("restrict files (Landlock)") { herald_landlock_read_only(pointers, pointers.count) }
        try retrying("restrict system calls (seccomp)") { herald_seccomp_no_network() }
        if !startsPrograms { try retrying("restrict signals (seccomp)") { herald_seccomp_no_signals() } }
        return Int(abi)
    }

    /// Tries what must fail: to open each of `paths` for reading, to write beside them, to make a socket, to reach the
    /// parent. Returns what succeeded, in words; empty is well.
    package static func breaches(trying paths: [String]) -> [String] {
        var breaches: [String] = []
        for path in paths {
            for (flags, what) in [(O_RDONLY, "read"), (O_RDONLY | O_DIRECTORY, "listed"), (O_WRONLY, "written")] {
                let number = Glibc.open(path, flags | O_CLOEXEC)
                if number >= 0 {
                    breaches.append("\(path) can be \(what)")
                    close(number)
                }
            }
            let made = Glibc.open(path + "/herald-extract-self-test", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            if made >= 0 {
                breaches.append("a file can be made in \(path)")
                close(made)
                unlink(path + "/herald-extract-self-test")
            }
        }
        for (family, name) in [(AF_UNIX, "Unix"), (AF_INET, "IPv4"), (AF_INET6, "IPv6")] {
            let number = socket(family, Int32(SOCK_STREAM.rawValue), 0)
            if number >= 0 {
                breaches.append("a socket (\(name)) can be made")
                close(number)
            }
        }
        if kill(getppid(), 0) == 0 { breaches.append("the parent can be signalled") }
        return breaches
    }
}
