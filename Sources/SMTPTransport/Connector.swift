// From a server's name to a connected socket: all addresses, IPv6 and IPv4 in turn, the next one started when the one
// before has had 250 ms (RFC 8305, in its simplest form: an address family that is a black hole costs no more than that).

import Formats
import Glibc
import MailRouting
import Platform
import SMTPProtocol

/// A connected socket and the address at its other end.
package struct Connected {
    package var descriptor: Descriptor
    package var address: SocketAddress
}

package enum Connector {
    /// The head start of an address before the next one is tried (RFC 8305 section 5).
    static let headStart = Duration.milliseconds(250)

    /// The first address of `server` that answers. Each has `timeout`. The name look-up has the resolver's own limits.
    package static func connect(to server: ServerAddress, timeout: Duration) throws(SessionFault) -> Connected {
        try connect(to: try resolve(server), of: server, timeout: timeout)
    }

    /// A server's name as the DNS and TLS want it: in A-labels (RFC 5890). An address stays as it is.
    static func asciiName(of host: String) throws(SessionFault) -> String {
        if IPAddress(text: host) != nil || host.contains(":") { return host }
        do throws(DomainNameError) { return try DomainName(host).ascii } catch {
            throw SessionFault(
                .resolve, "\(Printable.text(host)) is no domain name: \(error)", [.tryAgain, .tellOperator], .noSuchName
            )
        }
    }

    /// The first of these addresses that answers.
    package static func connect(
        to addresses: [SocketAddress], of server: ServerAddress, timeout: Duration
    ) throws(SessionFault) -> Connected {
        var race = Race(addresses: addresses, timeout: timeout)
        defer { race.cancel() }
        while let step = race.next() {
            if case .connected(let connected) = step { return connected }
        }
        // Where the server is given by its address, that stands there already.
        let failures = race.failures.map { $0.address == server.host ? $0.words : "\($0.address) \($0.words)" }
        var fault = SessionFault(
            .connect, "cannot connect to \(server): \(failures.joined(separator: "; "))",
            [.tryAgain, .nextAddress, .close])
        if let diagnosis = diagnosis(of: race.failures.map(\.code)) { fault.set(diagnosis, host: server.host) }
        throw fault
    }

    /// The most telling of the failures counts: who refuses is there; of who is silent, somebody knows the way.
    private static func diagnosis(of codes: [Int32]) -> Diagnosis? {
        func are(_ known: Int32...) -> Bool { codes.contains(where: known.contains) }
        if are(ECONNREFUSED) { return .nothingListens }
        // EPERM, EACCES: a firewall of this host's own.
        if are(ETIMEDOUT, EPERM, EACCES) { return .blocked }
        return are(ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN, EADDRNOTAVAIL) ? .unreachable : nil
    }

    /// The addresses of a name, families alternating, the resolver's first choice first.
    package static func resolve(_ server: ServerAddress) throws(SessionFault) -> [SocketAddress] {
        guard (1...65535).contains(server.port) else {
            throw SessionFault(.resolve, "there is no port \(server.port)", [.tryAgain, .tellOperator])
        }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(server.host, "\(server.port)", &hints, &list)
        defer { if list != nil { freeaddrinfo(list) } }
        guard code == 0 else { throw resolutionFault(server, code) }
        var found: [SocketAddress] = []
        var entry = list
        while let info = entry, found.count < 32 {
            let address = SocketAddress(info.pointee)
            if !found.contains(address) { found.append(address) }
            entry = info.pointee.ai_next
        }
        return alternating(found)
    }

    package static func alternating(_ addresses: [SocketAddress]) -> [SocketAddress] {
        let preferred = addresses.filter { $0.family == addresses.first?.family }
        let others = addresses.filter { $0.family != addresses.first?.family }
        var out: [SocketAddress] = []
        for i in 0..<max(preferred.count, others.count) {
            if i < preferred.count { out.append(preferred[i]) }
            if i < others.count { out.append(others[i]) }
        }
        return out
    }

    /// Rows 1 and 2: a name that is not there is a fault of the account; a resolver that fails is not.
    private static func resolutionFault(_ server: ServerAddress, _ code: Int32) -> SessionFault {
        let words = "cannot find \(Printable.text(server.host)): \(String(cString: gai_strerror(code)))"
        // EAI_NODATA and EAI_ADDRFAMILY need _GNU_SOURCE.
        guard [EAI_NONAME, -5, -9].contains(code) else {
            return SessionFault(.resolve, words, [.tryAgain, .nextAddress], .nameServerFails)
        }
        return SessionFault(.resolve, words, [.tryAgain, .tellOperator], .noSuchName)
    }
}

/// An address that connect(2) takes.
package struct SocketAddress: Hashable, Sendable {
    package var family: Int32
    package var bytes: [UInt8]

    package init(family: Int32, bytes: [UInt8]) {
        self.family = family
        self.bytes = bytes
    }

    init(_ info: addrinfo) {
        family = info.ai_family
        bytes = Array(UnsafeRawBufferPointer(start: info.ai_addr, count: Int(info.ai_addrlen)))
    }

    /// Calls `body` with the address.
    package func withPointer<T>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T {
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { $0.copyBytes(from: bytes.prefix($0.count)) }
        return withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(bytes.count)) }
        }
    }

    /// Of a connection's own end.
    init?(ownOf descriptor: Descriptor) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor.number, $0, &length)
            }
        }
        guard code == 0 else { return nil }
        self.init(
            family: Int32(storage.ss_family), bytes: withUnsafeBytes(of: &storage) { Array($0.prefix(Int(length))) })
    }

    /// For EHLO (RFC 5321 section 4.1.3): `[192.0.2.1]`, `[IPv6:2001:db8::1]`.
    var literal: String {
        family == AF_INET6 ? "[IPv6:\(text.prefix { $0 != "%" })]" : "[\(text)]"
    }

    /// `192.0.2.1`
    package var text: String {
        var buffer = [CChar](repeating: 0, count: 64)
        let code = withPointer { getnameinfo($0, $1, &buffer, 64, nil, 0, NI_NUMERICHOST) }
        return code == 0
            ? String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : "?"
    }
}

/// Attempts at several addresses, of which the first to succeed wins.
private struct Race {
    enum Step {
        case waiting
        case connected(Connected)
    }

    private struct Attempt {
        var descriptor: Descriptor
        var address: SocketAddress
        var deadline: Duration
    }

    private var waiting: ArraySlice<SocketAddress>
    private let timeout: Duration
    private var running: [Attempt] = []
    private var nextStart = Duration.zero
    private(set) var failures: [(address: String, words: String, code: Int32)] = []

    init(addresses: [SocketAddress], timeout: Duration) {
        waiting = addresses[...]
        self.timeout = timeout
    }

    /// Starts what is due and waits for what happens first. Nil when all have failed.
    mutating func next() -> Step? {
        var now = SystemClock.monotonic()
        if let address = waiting.first, running.isEmpty || now >= nextStart {
            waiting.removeFirst()
            start(address, now)
        }
        guard !running.isEmpty else { return waiting.isEmpty ? nil : .waiting }
        var until = running.map(\.deadline).min() ?? now
        if !waiting.isEmpty { until = min(until, nextStart) }
        let ready = try? Poller.wait(
            running.map { ($0.descriptor.number, Interest.writable) }, timeout: max(.zero, until - now))
        now = SystemClock.monotonic()
        for index in (ready ?? []).reversed() {
            let attempt = running.remove(at: index)
            let error = Self.result(of: attempt.descriptor)
            if error == 0 {
                return .connected(Connected(descriptor: attempt.descriptor, address: attempt.address))
            }
            fail(attempt.address, error)
        }
        for attempt in running where attempt.deadline <= now {
            fail(attempt.address, ETIMEDOUT, "no answer within \(timeout.phrase)")
        }
        running.removeAll { $0.deadline <= now }
        return .waiting
    }

    mutating func cancel() { running = [] }

    private mutating func start(_ address: SocketAddress, _ now: Duration) {
        nextStart = now + Connector.headStart
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let number = socket(address.family, type, 0)
        guard number >= 0 else { return fail(address, errno) }
        let descriptor = Descriptor(owning: number)
        let code = address.withPointer { Glibc.connect(number, $0, $1) }
        guard code == 0 || errno == EINPROGRESS || errno == EINTR else {
            return fail(address, errno)
        }
        running.append(Attempt(descriptor: descriptor, address: address, deadline: now + timeout))
    }

    /// The next address need not wait when one has failed.
    private mutating func fail(_ address: SocketAddress, _ code: Int32, _ words: String? = nil) {
        nextStart = .zero
        failures.append((address.text, words ?? SystemError.text(of: code), code))
    }

    private static func result(of descriptor: Descriptor) -> Int32 {
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor.number, SOL_SOCKET, SO_ERROR, &error, &length)
        return error
    }
}
