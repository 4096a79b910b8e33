// Signals as a descriptor: no code runs in a handler (the SIGBUS handler of CPlatform apart).

import CPlatform
import Glibc

/// SIGTERM, SIGINT and SIGHUP of this process, read from a descriptor. Made on the first thread before others start,
/// since the block is inherited.
package final class Signals: Sendable {
    package enum Request: Sendable {
        case stop
        case reload
    }

    package let descriptor: Descriptor

    package init() throws(SystemError) {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, number) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
        descriptor = Descriptor(
            owning: try retrying("make a signalfd") { signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK)) })
    }

    /// The next request that has come, if any.
    package func next() -> Request? {
        var info = signalfd_siginfo()
        guard read(descriptor.number, &info, MemoryLayout<signalfd_siginfo>.size) > 0 else { return nil }
        return Int32(bitPattern: info.ssi_signo) == SIGHUP ? .reload : .stop
    }
}
