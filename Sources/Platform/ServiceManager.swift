// What systemd is told of this daemon: sd_notify(3)'s protocol, a datagram, so that only the watcher links libsystemd.

import CPlatform
import Glibc

package enum ServiceManager {
    /// The start, or a reload, is over. What only that needed (the compiler of the rules takes far more than its result,
    /// the run time touches most of the program once) is given back first, so that a daemon at rest is small.
    package static func ready() {
        giveBackMemory()
        notify("READY=1")
    }
    /// Freed memory, and pages of code, which come back as they are used.
    package static func giveBackMemory() { herald_trim_memory() }
    package static func stopping() { notify("STOPPING=1") }
    /// The stop may take so long from now on, whatever TimeoutStopSec says.
    package static func extendTimeout(by time: Duration) { notify("EXTEND_TIMEOUT_USEC=\(time.microseconds)") }
    package static func watchdog() { notify("WATCHDOG=1") }
    /// One line for `systemctl status`.
    package static func status(_ text: String) { notify("STATUS=" + text) }

    /// RELOADING=1 with the time that Type=notify-reload asks for; follow it with `ready()`.
    package static func reloading() {
        var t = timespec()
        clock_gettime(CLOCK_MONOTONIC, &t)
        notify("RELOADING=1\nMONOTONIC_USEC=\(t.tv_sec * 1_000_000 + t.tv_nsec / 1000)")
    }

    /// Half of WatchdogSec, if the unit has one for this process: how often to call `watchdog()`.
    package static func watchdogInterval() -> Duration? {
        guard let text = Environment["WATCHDOG_USEC"], let usec = Int64(text), usec > 0 else { return nil }
        if let pid = Environment["WATCHDOG_PID"], pid != String(getpid()) { return nil }
        return .microseconds(usec / 2)
    }

    private static func notify(_ message: String) {
        guard let path = Environment["NOTIFY_SOCKET"] else { return }
        _ = UnixSocket.sendDatagram(Array(message.utf8), to: path)
    }
}

/// The environment of this process.
package enum Environment {
    package static subscript(name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
