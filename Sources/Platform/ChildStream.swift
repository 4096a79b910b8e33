// A child process whose output is read as it comes: the pipe holds it back while nobody reads, so that neither its
// output's length nor its slowness costs more than a pipe.

import CPlatform
import Formats
import Glibc

/// A running child that reads a descriptor and writes to a pipe. Belongs to one thread; killed, with its group, when it is
/// let go.
package final class ChildStream {
    package enum Piece: Equatable, Sendable {
        case bytes([UInt8])
        /// Nothing now: poll `output`.
        case none
        case end
    }

    /// How it ended: exit code, or 128 + the number for a signal; and what it said on standard error, 4 KiB at most.
    package struct Ending: Equatable, Sendable {
        package var code: Int32
        package var errors: [UInt8]
    }

    /// To be polled for reading.
    package let output: Descriptor
    private let errors: Descriptor
    private var said: [UInt8] = []
    private var pid: pid_t?

    /// Starts it. `arguments[0]` is an absolute path; standard input is `input`, at its position; nothing else of ours is
    /// inherited. `memoryBytes`: RLIMIT_AS, 0 for none.
    package init(_ arguments: [String], input: Descriptor, memoryBytes: UInt64 = 0) throws(SystemError) {
        let (outRead, outWrite) = try Self.pipe()
        let (errRead, errWrite) = try Self.pipe()
        outRead.setNonblocking(true)
        errRead.setNonblocking(true)
        var limits = herald_limits(cpu_seconds: 0, memory_bytes: memoryBytes, file_bytes: 1, no_signals: 1)
        pid = try ChildProcess.spawn(
            arguments, ["PATH=/usr/bin:/bin", "LC_ALL=C"], (input.number, outWrite.number, errWrite.number, -1), &limits
        )
        (output, errors) = (outRead, errRead)
    }

    deinit {
        if let pid { Self.reap(pid) }
    }

    /// What has come, up to `count` bytes. Never waits.
    package func read(upTo count: Int) throws(SystemError) -> Piece {
        listen()
        do throws(SystemError) {
            let bytes = try output.read(upTo: count)
            return bytes.isEmpty ? .end : .bytes(bytes)
        } catch {
            if error.errno == EAGAIN { return .none }
            throw error
        }
    }

    /// After `.end`: how it ended. It has closed its output, so it is not waited for longer than a moment; one that
    /// lives on is killed.
    package func finish() -> Ending {
        listen()
        guard let pid else { return Ending(code: 0, errors: said) }
        self.pid = nil
        var status: Int32 = 0
        guard ChildProcess.awaitExit(pid, &status, until: SystemClock.monotonic() + .milliseconds(500)) else {
            Self.reap(pid)
            return Ending(code: 128 + SIGKILL, errors: said)
        }
        return Ending(code: herald_exit_code(status), errors: said)
    }

    /// What it says on standard error must not fill its pipe and stop it.
    private func listen() {
        while let bytes = try? errors.read(upTo: 4096), !bytes.isEmpty {
            said += bytes.prefix(max(0, 4096 - said.count))
        }
    }

    private static func reap(_ pid: pid_t) {
        kill(-pid, SIGKILL)
        kill(pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    }

    private static func pipe() throws(SystemError) -> (read: Descriptor, write: Descriptor) {
        var ends: [Int32] = [0, 0]
        try retrying("make a pipe") { herald_pipe(&ends) }
        return (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
    }
}
