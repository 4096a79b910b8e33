// Memory that secrets pass through leaves the process in no core dump and by no debugger of its own user's.

import CPlatform

package enum CoreDump {
    /// For this process, from its first line on: RLIMIT_CORE 0, which its children take over, and PR_SET_DUMPABLE 0, after
    /// which /proc/PID/mem and its like are root's. Without effect where a sandbox refuses the calls, which limits itself.
    package static func refuse() { herald_refuse_core_dump() }
}
