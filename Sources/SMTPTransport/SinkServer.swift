// An SMTP server that accepts everything on loopback: for `herald sink`, `herald demo`, and tests. A thread for each
// connection; who listens also reaps. What must stay true: after `stop` no thread and no socket of it is left.

import Formats
import Glibc
import Logging
import Platform
import SMTPProtocol
import Synchronization

/// One message that the sink accepted, with what is known about how it came.
package struct SinkMessage: Sendable {
    /// As between < and > of MAIL and RCPT.
    package var sender: String
    package var recipients: [String]
    /// The parameters of MAIL (`SIZE=12 BODY=8BITMIME`).
    package var parameters: String
    /// The name in EHLO.
    package var heloName: String
    /// `TLSv1.3`; nil on a plain connection.
    package var tlsVersion: String?
    /// Who logged in, and how.
    package var login: String?
    package var mechanism: AuthMechanism?
    /// With CRLF, dots unstuffed.
    package var bytes: [UInt8]
    /// Lines that ended with LF alone.
    package var bareLineFeeds: Int
    package var received: Timestamp
}

/// How the sink behaves.
package struct SinkOptions: Sendable {
    package var host = "127.0.0.1"
    /// For plain connections and STARTTLS; 0: any free one; nil: none.
    package var port: Int? = 0
    /// For TLS from the first byte; 0: any free one; nil: none.
    package var tlsPort: Int?
    package var name = "localhost"
    package var offersSTARTTLS = true
    /// Nil: one is made for `localhost` and 127.0.0.1.
    package var certificate: ServerCertificate?
    /// Who may log in, and with what; empty: AUTH is not offered.
    package var users: [Login] = []
    /// In PEM: clients are asked for a certificate by this authority, which EXTERNAL logs in by.
    package var clientAuthority: [UInt8]?
    /// What is refused though there is no reason to, the first that fits.
    package var faults: [SinkFault] = []
    /// Offered only under TLS.
    package var mechanisms: [AuthMechanism] = [.scramSHA256, .plain, .login]
    package var offersLoginWithoutTLS = false
    package var requiresLogin = false
    package var maxMessageSize = 64 << 20
    package var maxRecipients = 100
    package var maxConnections = 64
    /// How long a client may be silent.
    package var idleTimeout = Duration.seconds(300)

    package init() {}
}

/// Why the sink does not start.
package struct SinkError: Error, CustomStringConvertible {
    package var description: String
}

/// A loopback SMTP server, one thread for each connection, with a certificate of its own making.
package final class SinkServer: Sendable {
    /// 0 where there is none.
    package let port: Int
    package let tlsPort: Int
    /// The certificate authority of the sink's certificate, in PEM: what a client needs as its `caFile`.
    package let authorityPEM: [UInt8]
    private let core: SinkCore
    private let listener: Mutex<Worker?>

    /// Listens from now on. `onMessage` is called on the connection's thread before the final 250; what it throws
    /// becomes `451 4.3.0`.
    package init(
        _ options: SinkOptions, log: Logger, onMessage: @escaping @Sendable (SinkMessage) throws -> Void
    ) throws(SinkError) {
        do {
            let certificate = try options.certificate ?? ServerCertificate.make()
            let plain = try options.port.map { try Listening(options.host, $0, isTLS: false) }
            let secure = try options.tlsPort.map { try Listening(options.host, $0, isTLS: true) }
            let core = SinkCore(
                options: options, certificate: certificate, log: log, wakeUp: try WakeUp(), onMessage: onMessage)
            port = plain?.port ?? 0
            tlsPort = secure?.port ?? 0
            authorityPEM = certificate.authorityPEM
            self.core = core
            let listenings = [plain, secure].compactMap { $0 }
            listener = Mutex(try Worker.start("sink") { core.listen(listenings) })
        } catch let failure as TLSFailure {
            throw SinkError(description: failure.words)
        } catch {
            throw SinkError(description: "\(error)")
        }
    }

    /// Writes the authority, which a client takes as its `caFile`.
    package func writeAuthority(to path: String) throws(SystemError) {
        try Files.write(authorityPEM, to: path, mode: 0o644)
    }

    /// How many commands came for each of the options' faults.
    package var met: [Int] { core.met }

    /// Closes all connections and waits for their threads. Does nothing the second time.
    package func stop() {
        core.wakeUp.signal()
        let worker = listener.withLock { worker in
            defer { worker = nil }
            return worker
        }
        worker?.join()
    }
}

/// A listening socket.
private struct Listening: Sendable {
    let descriptor: Descriptor
    let port: Int
    let isTLS: Bool

    init(_ host: String, _ port: Int, isTLS: Bool) throws {
        guard let address = try Connector.resolve(ServerAddress(host: host, port: max(1, port))).first else {
            throw SystemError("listen on", host, errno: EADDRNOTAVAIL)
        }
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        descriptor = Descriptor(owning: try retrying("make a socket") { socket(address.family, type, 0) })
        var on: Int32 = 1
        setsockopt(descriptor.number, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        let number = descriptor.number
        // sin_port and sin6_port are both the third and fourth byte.
        var free = address
        if port == 0 { free.bytes.replaceSubrange(2..<4, with: [0, 0]) }
        try retrying("listen on", "\(host):\(port)") { free.withPointer { bind(number, $0, $1) } }
        try retrying("listen on", "\(host):\(port)") { Glibc.listen(number, 128) }
        self.port = try Self.port(of: number)
        self.isTLS = isTLS
    }

    private static func port(of number: Int32) throws(SystemError) -> Int {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(number, $0, &length) }
        }
        guard code == 0 else { throw SystemError("listen") }
        return withUnsafeBytes(of: &storage) { Int($0[2]) << 8 | Int($0[3]) }
    }
}

/// What the sink's threads share.
final class SinkCore: Sendable {
    let options: SinkOptions
    let certificate: ServerCertificate
    let log: Logger
    let wakeUp: WakeUp
    let onMessage: @Sendable (SinkMessage) throws -> Void
    private let faults: Mutex<[SinkFault]>
    private let connections = Mutex<[Int: Connection]>([:])

    private struct Connection {
        var descriptor: Descriptor
        var worker: Worker?
        var isOver = false
    }

    init(
        options: SinkOptions, certificate: ServerCertificate, log: Logger, wakeUp: WakeUp,
        onMessage: @escaping @Sendable (SinkMessage) throws -> Void
    ) {
        self.options = options
        self.certificate = certificate
        self.log = log
        self.wakeUp = wakeUp
        self.onMessage = onMessage
        faults = Mutex(options.faults)
    }

    /// How many commands came that the faults are for.
    var met: [Int] { faults.withLock { $0.map(\.met) } }

    /// What is to be said to this command against all reason; counted.
    func fault(at command: String) -> String? {
        faults.withLock { faults in
            let line = command.uppercased()
            let fitting = faults.firstIndex { $0.times > 0 && line.hasPrefix($0.command.uppercased()) }
            guard let fitting else { return nil }
            faults[fitting].met += 1
            guard faults[fitting].met > faults[fitting].after else { return nil }
            faults[fitting].times -= 1
            return faults[fitting].reply
        }
    }

    /// The listening thread: accepts until woken, then ends all connections.
    fileprivate func listen(_ listenings: [Listening]) {
        var next = 0
        while true {
            let numbers =
                [(wakeUp.descriptor.number, Interest.readable)]
                + listenings.map { ($0.descriptor.number, Interest.readable) }
            let ready = (try? Poller.wait(numbers, timeout: nil)) ?? []
            if ready.contains(0) { break }
            for index in ready {
                let listening = listenings[index - 1]
                let number = accept(listening.descriptor.number, nil, nil)
                guard number >= 0 else {
                    // Without descriptors (EMFILE) the socket stays readable: not as fast as the machine can.
                    _ = try? Poller.wait([(wakeUp.descriptor.number, .readable)], timeout: .milliseconds(100))
                    continue
                }
                // accept4(2) needs _GNU_SOURCE.
                _ = fcntl(number, F_SETFD, FD_CLOEXEC)
                reap()
                serve(Descriptor(owning: number), isTLS: listening.isTLS, id: next)
                next += 1
            }
        }
        for connection in connections.withLock({ $0.values.map(\.descriptor) }) {
            shutdown(connection.number, Int32(SHUT_RDWR))
        }
        for worker in connections.withLock({ $0.values.compactMap(\.worker) }) { worker.join() }
        connections.withLock { $0 = [:] }
    }

    private func serve(_ descriptor: Descriptor, isTLS: Bool, id: Int) {
        let isFull = connections.withLock { connections in
            if connections.count >= options.maxConnections { return true }
            connections[id] = Connection(descriptor: descriptor)
            return false
        }
        if isFull {
            let words = Array("421 4.3.2 too many connections\r\n".utf8)
            _ = words.withUnsafeBytes { send(descriptor.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            return
        }
        let worker = try? Worker.start("sink-\(id)") { [self] in
            SinkSession(self, NetworkStream(descriptor)).run(isTLS: isTLS)
            connections.withLock { $0[id]?.isOver = true }
        }
        connections.withLock { $0[id]?.worker = worker }
        if worker == nil { connections.withLock { $0[id] = nil } }
    }

    /// Joins the threads that have ended.
    private func reap() {
        let over = connections.withLock { connections in
            let over = connections.filter(\.value.isOver)
            for id in over.keys { connections[id] = nil }
            return over.values.compactMap(\.worker)
        }
        for worker in over { worker.join() }
    }
}
