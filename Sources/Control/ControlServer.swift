// A daemon's control socket: status is asked and every change is requested here.

import Formats
import Glibc
import Logging
import Platform
import Synchronization

/// Listens on a Unix socket, one request a connection, on threads of its own: one takes connections, four serve them. A
/// peer that stops talking, or taking its answer, is dropped after five seconds, and holds up nobody but its own user (`PeerQueue`).
package final class ControlServer: Sendable {
    /// Called by several threads at a time.
    package typealias Handler = @Sendable (ControlRequest) -> ControlResponse
    /// Asked before the body of a request is read, by several threads at a time: what it returns is the answer, and the
    /// body is not read.
    package typealias Gate = @Sendable (ControlPeer, _ command: String, _ bodyLength: Int) -> ControlResponse?

    private let path: String
    private let listener: Descriptor
    private let stopping: WakeUp
    private let threads: Mutex<[Worker]>

    /// Begins to listen. A socket file that nobody serves is replaced; one that is served throws EADDRINUSE.
    /// - Parameter mode: 0o666 lets every local user ask; the handler decides by the peer what is allowed.
    package init(
        path: String, mode: mode_t = 0o666, log: Logger, timeout: Duration = .seconds(5),
        gate: @escaping Gate = { _, _, _ in nil }, handler: @escaping Handler
    ) throws(SystemError) {
        try Files.makeDirectories(Files.split(path).directory, mode: 0o755)
        if (try? ControlClient(path: path).connect()) != nil {
            throw SystemError("serve", path, errno: EADDRINUSE)
        }
        _ = unlink(path)
        let number = try retrying("make a socket") {
            socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
        let listener = Descriptor(owning: number)
        try UnixSocket.withAddress(path) { (address, length) throws(SystemError) in
            try retrying("make the socket", path) { bind(listener.number, address, length) }
        }
        try retrying("set the mode of", path) { chmod(path, mode) }
        try retrying("listen at", path) { listen(listener.number, 64) }
        self.path = path
        self.listener = listener
        stopping = try WakeUp()
        threads = Mutex([])
        let desk = ServingDesk(stopping, try WakeUp(), log, timeout: timeout, gate, handler)
        do throws(SystemError) {
            try start("control") { desk.takeConnections(listener) }
            for _ in 0..<PeerQueue<Descriptor>.servedLimit { try start("control-serve") { desk.serve() } }
        } catch {
            stop()
            throw error
        }
    }

    private func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let worker = try Worker.start(name, body)
        threads.withLock { $0.append(worker) }
    }

    /// Ends the threads and removes the socket. Called once, by the daemon as it stops.
    package func stop() {
        stopping.signal()
        let threads = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in threads { thread.join() }
        _ = unlink(path)
    }
}
