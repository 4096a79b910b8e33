// Addresses of Unix sockets, and datagrams to them (systemd's notification and journald's native protocol).

import CPlatform
import Glibc

package enum UnixSocket {
    /// Calls `body` with the address of `path`; a leading `@` means an abstract name (unix(7)).
    @discardableResult
    package static func withAddress<T>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> T
    ) throws(SystemError) -> T {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard name.count < capacity else { throw SystemError("use the socket", path, errno: ENAMETOOLONG) }
        let abstract = name.first == UInt8(ascii: "@")
        if abstract { name[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count + (abstract ? 0 : 1))
        let result: Result<T, SystemError> = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                do throws(SystemError) { return .success(try body(raw, length)) } catch { return .failure(error) }
            }
        }
        return try result.get()
    }

    /// Who is at the other end of a connected Unix socket, as the kernel vouches for (SO_PEERCRED).
    package static func peer(of socket: Descriptor) throws(SystemError) -> (pid: Int32, uid: UInt32, gid: UInt32) {
        var (pid, uid, gid): (Int32, UInt32, UInt32) = (0, 0, 0)
        try retrying("learn who is at the socket") { herald_peer_credentials(socket.number, &pid, &uid, &gid) }
        return (pid, uid, gid)
    }

    /// One datagram, without waiting. False when it could not be sent.
    package static func sendDatagram(_ bytes: [UInt8], to path: String) -> Bool {
        let number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { return false }
        let owner = Descriptor(owning: number)
        let sent = try? withAddress(path) { (address, length) throws(SystemError) in
            sendto(owner.number, bytes, bytes.count, Int32(MSG_NOSIGNAL), address, length)
        }
        return sent == bytes.count
    }
}
