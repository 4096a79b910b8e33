// The responder's status, between its own thread and that of its control socket.

import Formats
import Glibc
import Platform
import Synchronization

/// What the control socket shows: set by the responder's thread, read by the socket's.
final class StatusBoard: Sendable {
    private let content = Mutex<[JSON.Member]>([JSON.Member("problems", [])])
    private let head: [JSON.Member] = [
        JSON.Member("daemon", "herald-responder"), JSON.Member("version", .string(Product.version)),
        JSON.Member("pid", .int(Int64(getpid()))),
        JSON.Member("since", .string(SystemClock.now().rfc3339(fraction: 3))),
    ]

    var value: JSON { .object(head + content.withLock { $0 }) }
    func set(_ value: JSON) { content.withLock { $0 = value.members ?? [] } }
}
