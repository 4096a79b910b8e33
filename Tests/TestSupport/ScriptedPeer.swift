// An SMTP server that does exactly what a test says, right or wrong: the other side of the fault table.

import Formats
import Glibc
import Platform
import SMTPTransport
import Synchronization

/// Plays one script for each connection, in the order in which they come, on a thread of its own; keeps what it was
/// told. A script that is through reads until the client closes.
package final class ScriptedPeer: Sendable {
    package enum Step: Sendable {
        /// A line; CRLF is added.
        case say(String)
        case send([UInt8])
        /// Each byte in a segment of its own.
        case sendBytewise([UInt8])
        /// The next line must begin so.
        case expect(String)
        /// So must it, and nothing may have come with it.
        case expectAlone(String)
        /// What the server says depends on the line that comes.
        case answer(@Sendable (String) -> String)
        /// Reads to the final dot; the message is kept with its stuffing.
        case expectMessage
        /// Reads so many bytes, whatever they are.
        case take(Int)
        /// The bytes one by one, so far apart.
        case trickle([UInt8], every: Duration)
        /// Waits, reading nothing, until no more comes in.
        case fillWindow
        /// Reads nothing until the test says `resume`.
        case pause
        /// The server's side of a handshake, which may fail.
        case startTLS(ServerCertificate, ServerTLS = ServerTLS())
        /// Under TLS, in the middle of whatever is on.
        case tls(Interjection)
        /// Looks at the TLS that stands.
        case inspect(@Sendable (TLSConnection) -> Void)
        /// Ends the connection, at once.
        case close
        /// Ends it without a word of TLS.
        case cut
        /// Ends it with RST.
        case reset
        /// Reads and says nothing until the client goes or the test ends.
        case stall
        /// What the test wants done between two steps, on the peer's thread.
        case run(@Sendable () throws -> Void)
    }

    private struct Record {
        var lines: [String] = []
        var messages: [[UInt8]] = []
        var problems: [String] = []
        var connections = 0
    }

    package let port: Int
    private let record = Mutex(Record())
    private let wakeUp: WakeUp
    private let resumption: WakeUp
    private let worker: Mutex<Worker?>

    /// No test waits longer for anything, so that a wrong script fails and does not hang.
    private static let patience = Duration.seconds(60)

    package convenience init(_ scripts: [Step]...) throws { try self.init(playing: scripts) }

    /// - Parameter hasSmallWindow: what it does not read, clients soon cannot write: 100 KB, not megabytes.
    package init(playing scripts: [[Step]], hasSmallWindow: Bool = false) throws {
        let (descriptor, port) = try Self.listen(hasSmallWindow)
        self.port = port
        (wakeUp, resumption) = (try WakeUp(), try WakeUp())
        worker = Mutex(nil)
        let started = try Worker.start("peer") { [self] in
            for script in scripts {
                guard let connection = accept(descriptor) else { return }
                serve(connection, script)
            }
        }
        worker.withLock { $0 = started }
    }

    /// The lines that clients sent, over all connections; messages apart.
    package var lines: [String] { record.withLock(\.lines) }
    /// The messages, without the final dot.
    package var messages: [[UInt8]] { record.withLock(\.messages) }
    /// Where a client did not do what the script expected.
    package var problems: [String] { record.withLock(\.problems) }
    package var connections: Int { record.withLock(\.connections) }

    /// Ends every `pause`, from now on too.
    package func resume() { resumption.signal() }

    /// Ends whatever is on, and waits for the thread.
    package func stop() {
        wakeUp.signal()
        let started = worker.withLock { worker in
            defer { worker = nil }
            return worker
        }
        started?.join()
    }
}

extension ScriptedPeer {
    private static func listen(_ hasSmallWindow: Bool) throws -> (Descriptor, Int) {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = Descriptor(owning: try retrying("make a socket") { socket(AF_INET, type, 0) })
        if hasSmallWindow {
            // The sender's buffer goes by its segments, which loopback makes large.
            for (level, option, value) in [(SOL_SOCKET, SO_RCVBUF, Int32(4096)), (Int32(IPPROTO_TCP), TCP_MAXSEG, 536)]
            {
                withUnsafePointer(to: value) { _ = setsockopt(descriptor.number, level, option, $0, 4) }
            }
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(descriptor.number, raw, length) == 0 && Glibc.listen(descriptor.number, 16) == 0
                    ? getsockname(descriptor.number, raw, &length) : -1
            }
        }
        guard code == 0 else { throw SystemError("listen") }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    private func accept(_ listener: Descriptor) -> Descriptor? {
        let interests = [(listener.number, Interest.readable), (wakeUp.descriptor.number, Interest.readable)]
        guard let ready = try? Poller.wait(interests, timeout: Self.patience), ready == [0] else { return nil }
        let number = Glibc.accept(listener.number, nil, nil)
        return number < 0 ? nil : Descriptor(owning: number)
    }

    private func serve(_ descriptor: Descriptor, _ script: [Step]) {
        record.withLock { $0.connections += 1 }
        let connection = Connection(descriptor, wakeUp: wakeUp, deadline: SystemClock.monotonic() + Self.patience)
        do {
            for step in script { try play(step, connection, descriptor) }
            while try connection.fill() {}
            connection.stream.close()
        } catch ScriptEnd.closed {
            connection.stream.close()
        } catch ScriptEnd.reset {
            // SO_LINGER of 0: closing sends RST (socket(7)). The descriptor closes when this function's references go.
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor.number, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        } catch {
            record.withLock { $0.problems.append("\(error)") }
            connection.stream.close()
        }
    }

    private func play(_ step: Step, _ connection: Connection, _ descriptor: Descriptor) throws {
        switch step {
        case .say(let line): try connection.write(Array("\(line)\r\n".utf8))
        case .send(let bytes): try connection.write(bytes)
        case .sendBytewise(let bytes): for byte in bytes { try connection.write([byte]) }
        case .expect(let prefix): try expect(prefix, connection)
        case .expectAlone(let prefix):
            try expect(prefix, connection)
            if connection.hasMore { record.withLock { $0.problems.append("expected \(prefix) alone") } }
        case .answer(let body):
            let line = try connection.line()
            record.withLock { $0.lines.append(line) }
            try connection.write(Array("\(body(line))\r\n".utf8))
        case .expectMessage:
            let message = try connection.message()
            record.withLock { $0.messages.append(message) }
        case .take(let count): try connection.take(count)
        case .trickle(let bytes, let pause):
            for byte in bytes {
                try connection.write([byte])
                if try !Poller.wait([(wakeUp.descriptor.number, .readable)], timeout: pause).isEmpty {
                    throw ScriptEnd.closed
                }
            }
        case .fillWindow: try waitForFullWindow(descriptor)
        case .pause:
            let signs = [(wakeUp.descriptor.number, Interest.readable), (resumption.descriptor.number, .readable)]
            _ = try Poller.wait(signs, timeout: Self.patience)
        case .startTLS(let certificate, let tls):
            try connection.stream.startTLS(
                tls.context(certificate), by: connection.deadline)
        case .tls(let interjection):
            try interjection.make(connection.stream)
            try connection.write([])
        case .inspect(let body): connection.stream.protection.map(body)
        case .close: throw ScriptEnd.closed
        case .cut:
            shutdown(descriptor.number, Int32(SHUT_RDWR))
            throw ScriptEnd.closed
        case .reset: throw ScriptEnd.reset
        case .stall:
            _ = try Poller.wait([(wakeUp.descriptor.number, .readable)], timeout: Self.patience)
            throw ScriptEnd.closed
        case .run(let body): try body()
        }
    }

    private func expect(_ prefix: String, _ connection: Connection) throws {
        let line = try connection.line()
        record.withLock { record in
            record.lines.append(line)
            if !line.hasPrefix(prefix) { record.problems.append("expected \(prefix), got \(line)") }
        }
    }

    /// Nothing has come for a while, though something had.
    private func waitForFullWindow(_ descriptor: Descriptor) throws {
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        let end = SystemClock.monotonic() + Self.patience
        var (before, quiet) = (0, 0)
        while quiet < 5, SystemClock.monotonic() < end {
            guard try Poller.wait([(wakeUp.descriptor.number, .readable)], timeout: .milliseconds(10)).isEmpty else {
                throw ScriptEnd.closed
            }
            let waiting = recv(descriptor.number, &buffer, buffer.count, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
            quiet = waiting > 0 && waiting == before ? quiet + 1 : 0
            before = waiting
        }
    }

    private enum ScriptEnd: Error {
        case closed, reset
        case clientGone
    }

    /// One client, on the peer's thread.
    private final class Connection {
        let stream: NetworkStream
        let deadline: Duration
        private let wakeUp: WakeUp
        private var input: [UInt8] = []

        init(_ descriptor: Descriptor, wakeUp: WakeUp, deadline: Duration) {
            stream = NetworkStream(descriptor)
            self.wakeUp = wakeUp
            self.deadline = deadline
        }

        func write(_ bytes: [UInt8]) throws { _ = try stream.write(bytes, by: deadline) }

        /// What came with the last line.
        var hasMore: Bool { !input.isEmpty }

        /// Takes what comes; false at the end.
        func fill() throws -> Bool {
            let bytes = try stream.read(by: deadline)
            input += bytes
            return !bytes.isEmpty
        }

        func line() throws -> String {
            while true {
                if let end = input.firstIndex(of: 0x0a) {
                    let line = String(decoding: input[..<end], as: UTF8.self)
                    input.removeFirst(end + 1)
                    return line.last == "\r" ? String(line.dropLast()) : line
                }
                guard try fill() else { throw ScriptEnd.clientGone }
            }
        }

        func message() throws -> [UInt8] {
            let end = Array("\r\n.\r\n".utf8)
            var searched = 0
            while true {
                if input.starts(with: end.dropFirst(2)) {
                    input.removeFirst(3)
                    return []
                }
                while let at = input[searched...].firstIndex(of: UInt8(ascii: ".")), at + 3 <= input.count {
                    searched = at + 1
                    guard at >= 2, input[(at - 2)...].starts(with: end) else { continue }
                    let message = Array(input[..<at])
                    input.removeFirst(at + 3)
                    return message
                }
                guard try fill() else { throw ScriptEnd.clientGone }
            }
        }

        func take(_ count: Int) throws {
            while input.count < count { guard try fill() else { throw ScriptEnd.clientGone } }
            input.removeFirst(count)
        }
    }
}
