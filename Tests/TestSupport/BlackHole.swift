// A server that answers nothing at all.

import Glibc
import Platform
import SMTPProtocol
import SMTPTransport

/// A port that swallows SYNs: its queue of connections is full and nobody accepts.
package final class BlackHole {
    package let port: Int
    private let sockets: [Descriptor]

    /// - Parameter port: 0: any free one.
    package init(_ host: String = "127.0.0.1", port wanted: Int = 0) throws {
        guard let any = try Connector.resolve(ServerAddress(host: host, port: max(1, wanted))).first else {
            throw SystemError("find an address of", host)
        }
        let listener = Descriptor(owning: socket(any.family, Int32(SOCK_STREAM.rawValue), 0))
        var address = any
        // sin_port and sin6_port are both the third and fourth byte.
        if wanted == 0 { address.bytes.replaceSubrange(2..<4, with: [0, 0]) }
        guard address.withPointer({ bind(listener.number, $0, $1) }) == 0, listen(listener.number, 0) == 0 else {
            throw SystemError("listen")
        }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener.number, $0, &length) }
        }
        guard code == 0 else { throw SystemError("find the port") }
        port = withUnsafeBytes(of: &storage) { Int($0[2]) << 8 | Int($0[3]) }
        let target = try Connector.resolve(ServerAddress(host: host, port: port)).first ?? any
        let fillers = (0..<4).map { _ in
            let filler = Descriptor(owning: socket(any.family, Int32(SOCK_STREAM.rawValue), 0))
            filler.setNonblocking(true)
            _ = target.withPointer { Glibc.connect(filler.number, $0, $1) }
            return filler
        }
        sockets = [listener] + fillers
    }
}
