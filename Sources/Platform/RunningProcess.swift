// A child that runs beside us until it is told to stop: the daemons in `herald demo` and in tests.

import CPlatform
import Glibc

/// Started at init; killed with its group when the last reference goes. Its pid is known, nothing is found by name.
package final class RunningProcess {
    package let pid: pid_t
    private var ended = false

    /// `arguments[0]` is an absolute path. Standard output and error go to `output`.
    package init(_ arguments: [String], environment: [String], output: Descriptor) throws(SystemError) {
        var argv = arguments.map { UnsafePointer<CChar>(strdup($0)) }
        var variables = environment.map { UnsafePointer<CChar>(strdup($0)) }
        defer { for pointer in argv + variables { free(UnsafeMutablePointer(mutating: pointer)) } }
        argv.append(nil)
        variables.append(nil)
        pid = try retrying("start", arguments[0]) {
            herald_spawn(argv, variables, -1, output.number, output.number, -1, nil)
        }
    }

    deinit {
        guard !ended else { return }
        kill(-pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    }

    package func signal(_ number: Int32) {
        if !ended { kill(pid, number) }
    }

    /// Waits for the end, at most so long. The exit code, 128 + the number for a signal; nil while it runs.
    package func wait(atMost timeout: Duration) -> Int32? {
        let end = SystemClock.monotonic() + timeout
        let handle = herald_pidfd_open(pid)
        let descriptor = handle >= 0 ? Descriptor(owning: handle) : nil
        while !ended {
            var status: Int32 = 0
            let got = waitpid(pid, &status, WNOHANG)
            if got == pid {
                ended = true
                kill(-pid, SIGKILL)
                return herald_exit_code(status)
            }
            let left = end - SystemClock.monotonic()
            guard got == 0 || errno == EINTR, left > .zero else { return nil }
            _ = try? Poller.wait(
                descriptor.map { [($0.number, .readable)] } ?? [], timeout: min(left, .milliseconds(100)))
        }
        return nil
    }
}
