// One question to one name server and its answer, by UDP or TCP (RFC 1035 section 4.2, RFC 7766), each with a deadline. What
// must stay true: nobody's silence and nobody's flood of wrong answers keeps the thread beyond it.

import Formats
import Glibc
import MailRouting
import Platform

/// An exchange that brought no answer.
struct DNSExchangeFault: Error {
    var words: String
}

struct DNSExchange {
    let server: SocketAddress
    let deadline: Duration

    /// `until` is a time of `SystemClock.monotonic`.
    init(_ server: SocketAddress, until deadline: Duration) {
        self.server = server
        self.deadline = deadline
    }

    /// The first datagram that `isAnswer` takes; others, which anybody may send, are passed over. The socket is connected,
    /// so that they must at least bear the server's address.
    func byUDP(_ message: [UInt8], isAnswer: ([UInt8]) -> Bool) throws(DNSExchangeFault) -> [UInt8] {
        let socket = try opened(SOCK_DGRAM)
        guard send(socket.number, message, message.count, Int32(MSG_NOSIGNAL)) == message.count else {
            throw fault(errno)
        }
        var buffer = [UInt8](repeating: 0, count: 65535)
        while true {
            try wait(socket, .readable)
            let count = recv(socket.number, &buffer, buffer.count, 0)
            if count < 0 {
                if errno == EAGAIN || errno == EINTR { continue }
                throw fault(errno)
            }
            let answer = Array(buffer[..<count])
            if isAnswer(answer) { return answer }
        }
    }

    func byTCP(_ message: [UInt8]) throws(DNSExchangeFault) -> [UInt8] {
        let socket = try opened(SOCK_STREAM)
        try wait(socket, .writable)
        let count = UInt16(truncatingIfNeeded: message.count)
        let framed = [UInt8(count >> 8), UInt8(truncatingIfNeeded: count)] + message
        // A question has at most 283 octets: a new connection takes them at once.
        guard send(socket.number, framed, framed.count, Int32(MSG_NOSIGNAL)) == framed.count else {
            throw fault(errno)
        }
        let head = try received(2, from: socket)
        return try received(Int(head[0]) << 8 | Int(head[1]), from: socket)
    }

    private func received(_ count: Int, from socket: Descriptor) throws(DNSExchangeFault) -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count {
            try wait(socket, .readable)
            let piece: [UInt8]
            do throws(SystemError) {
                piece = try socket.read(upTo: count - all.count)
            } catch {
                if error.errno == EAGAIN { continue }
                throw fault(error.errno)
            }
            guard !piece.isEmpty else { throw DNSExchangeFault(words: "\(server.text) closed the connection") }
            all += piece
        }
        return all
    }

    private func opened(_ kind: __socket_type) throws(DNSExchangeFault) -> Descriptor {
        let flags = SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let number = socket(server.family, Int32(kind.rawValue | flags), 0)
        guard number >= 0 else { throw fault(errno) }
        let descriptor = Descriptor(owning: number)
        let code = server.withPointer { connect(number, $0, $1) }
        guard code == 0 || errno == EINPROGRESS else { throw fault(errno) }
        return descriptor
    }

    private func wait(_ socket: Descriptor, _ interest: Interest) throws(DNSExchangeFault) {
        while true {
            let left = deadline - SystemClock.monotonic()
            guard left > .zero else { throw DNSExchangeFault(words: "\(server.text) does not answer") }
            if let ready = try? Poller.wait([(socket.number, interest)], timeout: left), !ready.isEmpty { return }
        }
    }

    private func fault(_ code: Int32) -> DNSExchangeFault {
        DNSExchangeFault(words: "\(server.text): \(SystemError.text(of: code))")
    }
}
