// An open file, owned: closed when the last reference goes.

import CPlatform
import Glibc

/// Owns a file descriptor. The number may be used by any thread that holds a reference; closing is at deinit or `close`.
package final class Descriptor: Sendable {
    package let number: Int32

    /// Takes ownership.
    package init(owning number: Int32) { self.number = number }

    deinit { _ = Glibc.close(number) }

    /// open(2) with O_CLOEXEC.
    package static func open(_ path: String, _ flags: Int32, mode: mode_t = 0o600) throws(SystemError) -> Descriptor {
        Descriptor(owning: try retrying("open", path) { Glibc.open(path, flags | O_CLOEXEC, mode) })
    }

    /// Reads up to `count` bytes from the current position; fewer at the end. Nil would be ambiguous: EAGAIN throws.
    package func read(upTo count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(SystemError) {
                filled = Int(try retrying("read") { Glibc.read(number, buffer.baseAddress, count) })
            } catch {
                failure = error
                filled = 0
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes everything, however many calls it takes.
    package func write(_ bytes: some Sequence<UInt8>) throws(SystemError) {
        let all = Array(bytes)
        var done = 0
        while done < all.count {
            done += Int(
                try retrying("write") {
                    all.withUnsafeBytes { Glibc.write(number, $0.baseAddress?.advanced(by: done), all.count - done) }
                })
        }
    }

    package func sync() throws(SystemError) { try retrying("sync") { fsync(number) } }

    package func status() throws(SystemError) -> FileStatus {
        var raw = stat()
        try retrying("stat") { fstat(number, &raw) }
        return FileStatus(raw)
    }

    /// O_NONBLOCK on or off.
    package func setNonblocking(_ on: Bool) {
        let flags = fcntl(number, F_GETFL)
        _ = fcntl(number, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK)
    }
}

extension Descriptor {
    /// A file without a name that holds `bytes` and stands at its beginning (memfd_create(2)).
    package static func inMemory(_ bytes: some Sequence<UInt8>) throws(SystemError) -> Descriptor {
        let file = Descriptor(owning: try retrying("make a file in memory") { herald_memory_file("herald") })
        try file.write(bytes)
        try retrying("rewind a file in memory") { lseek(file.number, 0, SEEK_SET) }
        return file
    }

    /// A copy of standard input.
    package static func standardInput() throws(SystemError) -> Descriptor {
        Descriptor(owning: try retrying("read standard input") { fcntl(0, F_DUPFD_CLOEXEC, 3) })
    }
}
