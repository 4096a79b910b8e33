// The work of a control socket's threads: one takes connections and learns whose they are, the others serve them in the
// order that the queue gives. Nobody's silence is waited for by the thread that takes.

import Formats
import Glibc
import Logging
import Platform
import Synchronization

/// What the threads of a control socket share.
final class ServingDesk: Sendable {
    private let queue = Mutex(PeerQueue<Descriptor>(owner: geteuid()))
    private let stopping: WakeUp
    /// Somebody may be served.
    private let hint: WakeUp
    private let log: Logger
    /// How long a peer may take to ask, and then to take the answer.
    private let timeout: Duration
    private let gate: ControlServer.Gate
    private let handler: ControlServer.Handler

    init(
        _ stopping: WakeUp, _ hint: WakeUp, _ log: Logger, timeout: Duration, _ gate: @escaping ControlServer.Gate,
        _ handler: @escaping ControlServer.Handler
    ) {
        self.timeout = timeout
        self.gate = gate
        self.stopping = stopping
        self.hint = hint
        self.log = log
        self.handler = handler
    }

    // MARK: The thread that takes connections

    func takeConnections(_ listener: Descriptor) {
        while true {
            let both = [(stopping.descriptor.number, Interest.readable), (listener.number, Interest.readable)]
            guard let ready = try? Poller.wait(both, timeout: nil) else { return }
            if ready.contains(0) { return }
            guard ready.contains(1) else { continue }
            do throws(SystemError) {
                let number = try retrying("take a connection") { accept(listener.number, nil, nil) }
                _ = fcntl(number, F_SETFD, FD_CLOEXEC)
                try take(Descriptor(owning: number))
            } catch {
                log.debug("a connection of the control socket was not taken: \(error)")
                // Out of descriptors the socket stays readable: look again when one may have been closed (accept(2)).
                let pause = [(stopping.descriptor.number, Interest.readable)]
                guard let isStopping = try? Poller.wait(pause, timeout: .milliseconds(100)) else { return }
                if !isStopping.isEmpty { return }
            }
        }
    }

    private func take(_ connection: Descriptor) throws(SystemError) {
        let uid = try UnixSocket.peer(of: connection).uid
        if queue.withLock({ $0.add(connection, of: uid) }) {
            hint.signal()
        } else {
            log.debug("a connection of user \(uid) is refused: too many of them wait")
        }
    }

    // MARK: The threads that serve

    func serve() {
        while true {
            let both = [(stopping.descriptor.number, Interest.readable), (hint.descriptor.number, Interest.readable)]
            guard let ready = try? Poller.wait(both, timeout: nil) else { return }
            if ready.contains(0) { return }
            hint.clear()  // before the look: what comes from here on is a hint again
            guard let (uid, connection) = next() else { continue }
            do throws(SystemError) {
                try answer(connection)
            } catch {
                log.debug("a request at the control socket ended early: \(error)")
            }
            queue.withLock { $0.end(uid) }
            hint.signal()
        }
    }

    private func next() -> (uid: UInt32, connection: Descriptor)? {
        queue.withLock { queue in
            let first = queue.next()
            if queue.hasNext { hint.signal() }  // for another thread
            return first
        }
    }

    private func answer(_ descriptor: Descriptor) throws(SystemError) {
        var connection = ControlConnection(descriptor, timeout: timeout)
        let (pid, uid, gid) = try UnixSocket.peer(of: descriptor)
        let peer = ControlPeer(pid: pid, uid: uid, gid: gid)
        var refusal: ControlResponse?
        let received = try connection.receive { head throws(SystemError) in
            refusal = refuse(head, of: peer)
            return refusal == nil
        }
        if let refusal {
            connection.allow(timeout)
            return try connection.send(ControlFrame.encode(refusal))
        }
        guard let (head, body) = received, let command = head["command"]?.string else { return }
        let request = ControlRequest(command: command, arguments: head["arguments"] ?? .null, body: body, peer: peer)
        let answer = ControlFrame.encode(handler(request))
        connection.allow(timeout)
        try connection.send(answer)
    }

    /// The answer to a request of which the head alone is read; nil when it may go on.
    private func refuse(_ head: JSON, of peer: ControlPeer) -> ControlResponse? {
        if let words = ControlFrame.excess(head) { return .failure(words) }
        let command = head["command"]?.string ?? ""
        if command.utf8.count > ControlFrame.maximumName {
            return .failure("the command has \(command.utf8.count) octets; it may have \(ControlFrame.maximumName)")
        }
        return ControlFrame.bodyLength(head).flatMap { gate(peer, command, $0) }
    }
}
