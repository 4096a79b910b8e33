// A name server that answers as a test says, right or wrong, by UDP and TCP on one port of loopback.

import Glibc
import MailRouting
import Platform
import SMTPTransport
import Synchronization

final class DNSPeer: Sendable {
    enum Step: Sendable {
        /// By UDP each is a datagram; by TCP the octets as they are, one after the other, their length not put before.
        case send([[UInt8]])
        case silence
        /// The same datagram again and again, until the asker has gone.
        case flood([UInt8])
    }

    typealias Script = @Sendable (_ question: [UInt8], _ isTCP: Bool) -> Step

    let port: Int
    private let questions = Mutex<[(bytes: [UInt8], isTCP: Bool)]>([])
    private let wakeUp: WakeUp
    private let worker: Mutex<Worker?>

    init(_ script: @escaping Script) throws {
        let (datagrams, stream, port) = try Self.bound()
        self.port = port
        wakeUp = try WakeUp()
        worker = Mutex(nil)
        let started = try Worker.start("dns") { [self] in serve(datagrams, stream, script) }
        worker.withLock { $0 = started }
    }

    /// What was asked, in order.
    var asked: [(bytes: [UInt8], isTCP: Bool)] { questions.withLock { $0 } }

    var address: SocketAddress { get throws { SocketAddress(try loopback(), port: port) } }

    func stop() {
        wakeUp.signal()
        let started = worker.withLock { worker in
            defer { worker = nil }
            return worker
        }
        started?.join()
    }

    private func serve(_ datagrams: Descriptor, _ stream: Descriptor, _ script: Script) {
        let interests = [datagrams, stream, wakeUp.descriptor].map { ($0.number, Interest.readable) }
        while let ready = try? Poller.wait(interests, timeout: .seconds(60)), let first = ready.first,
            !ready.contains(2)
        {
            if first == 0 { answerDatagram(datagrams, script) } else { answerStream(stream, script) }
        }
    }

    private func answerDatagram(_ socket: Descriptor, _ script: Script) {
        var from = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = withUnsafeMutablePointer(to: &from) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(socket.number, &buffer, buffer.count, 0, $0, &length)
            }
        }
        guard count > 0 else { return }
        func send(_ bytes: [UInt8]) {
            _ = withUnsafePointer(to: &from) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(socket.number, bytes, bytes.count, 0, $0, length)
                }
            }
        }
        let question = Array(buffer[..<count])
        questions.withLock { $0.append((question, false)) }
        switch script(question, false) {
        case .silence: break
        case .send(let all): for bytes in all { send(bytes) }
        case .flood(let bytes):
            while let ready = try? Poller.wait([(wakeUp.descriptor.number, .readable)], timeout: .milliseconds(1)),
                ready.isEmpty
            { send(bytes) }
        }
    }

    private func answerStream(_ listener: Descriptor, _ script: Script) {
        let number = accept(listener.number, nil, nil)
        guard number >= 0 else { return }
        let connection = Descriptor(owning: number)
        guard let head = try? connection.read(upTo: 2), head.count == 2,
            let question = try? connection.read(upTo: Int(head[0]) << 8 | Int(head[1]))
        else { return }
        questions.withLock { $0.append((question, true)) }
        switch script(question, true) {
        case .send(let all): for bytes in all { try? connection.write(bytes) }
        case .silence, .flood:
            // Until the asker goes or the test ends.
            _ = try? Poller.wait(
                [(connection.number, .readable), (wakeUp.descriptor.number, .readable)], timeout: .seconds(20))
        }
    }

    private func loopback() throws -> IPAddress {
        guard let address = IPAddress([127, 0, 0, 1]) else { throw SystemError("make an address") }
        return address
    }

    /// Two sockets with the same port.
    private static func bound() throws -> (Descriptor, Descriptor, Int) {
        for _ in 0..<50 {
            let datagrams = Descriptor(owning: socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0))
            let stream = Descriptor(owning: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
            guard let loopback = IPAddress([127, 0, 0, 1]),
                SocketAddress(loopback, port: 0).withPointer({ bind(datagrams.number, $0, $1) }) == 0
            else { continue }
            var own = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let code = withUnsafeMutablePointer(to: &own) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(datagrams.number, $0, &length) }
            }
            let port = Int(UInt16(bigEndian: own.sin_port))
            guard code == 0, SocketAddress(loopback, port: port).withPointer({ bind(stream.number, $0, $1) }) == 0,
                listen(stream.number, 8) == 0
            else { continue }
            return (datagrams, stream, port)
        }
        throw SystemError("find a port for UDP and TCP")
    }
}
