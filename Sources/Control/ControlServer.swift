// A daemon's control socket: status is asked and every change is requested here.

import Formats
import Glibc
import Logging
import Platform
import Synchronization

/// Listens on a Unix socket, on a thread of its own, one request a connection, one after the other. A peer that stops
/// talking is dropped after five seconds.
package final class ControlServer: Sendable {
    package typealias Handler = @Sendable (ControlRequest) -> ControlResponse

    private let path: String
    private let listener: Descriptor
    private let stopping: WakeUp
    private let thread: Mutex<Worker?>

    /// Begins to listen. A socket file that nobody serves is replaced; one that is served throws EADDRINUSE.
    /// - Parameter mode: 0o666 lets every local user ask; the handler decides by the peer what is allowed.
    package init(path: String, mode: mode_t = 0o666, log: Logger, handler: @escaping Handler) throws(SystemError) {
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
        thread = Mutex(nil)
        let stopping = stopping
        let worker = try Worker.start("control") { Self.serve(listener, stopping, log, handler) }
        thread.withLock { $0 = worker }
    }

    /// Ends the thread and removes the socket. Called once, by the daemon as it stops.
    package func stop() {
        stopping.signal()
        thread.withLock { $0.take() }?.join()
        _ = unlink(path)
    }

    private static func serve(_ listener: Descriptor, _ stopping: WakeUp, _ log: Logger, _ handler: Handler) {
        while true {
            let both = [(listener.number, Interest.readable), (stopping.descriptor.number, Interest.readable)]
            guard let ready = try? Poller.wait(both, timeout: nil) else { return }
            if ready.contains(1) { return }
            let number = accept4(listener)
            guard number >= 0 else { continue }
            do throws(SystemError) {
                try answer(Descriptor(owning: number), handler)
            } catch {
                log.debug("a request at the control socket ended early: \(error)")
            }
        }
    }

    private static func accept4(_ listener: Descriptor) -> Int32 {
        let number = accept(listener.number, nil, nil)
        if number >= 0 { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
        return number
    }

    private static func answer(_ descriptor: Descriptor, _ handler: Handler) throws(SystemError) {
        let connection = ControlConnection(descriptor, timeout: .seconds(5))
        let (pid, uid, gid) = try UnixSocket.peer(of: descriptor)
        guard let (head, body) = try connection.receive(), let command = head["command"]?.string else { return }
        let request = ControlRequest(
            command: command, arguments: head["arguments"] ?? .null, body: body,
            peer: ControlPeer(pid: pid, uid: uid, gid: gid))
        try connection.send(ControlFrame.encode(handler(request)))
    }
}
