// A TCP connection, plain or under TLS, with a deadline on every wait. Blocks the calling thread in poll(2) and nowhere
// else.
//
// What must stay true: after `startTLS` no plain byte is read or written. All that goes out, what TLS says of its own
// accord too, stands in one queue in the order in which it was made, and one function empties it: records that overtake
// each other are a broken connection. When a write is given up, its rest is forgotten and nothing goes out any more.

import Formats
import Glibc
import Platform
import SMTPProtocol

/// Why a stream cannot go on.
package enum StreamFault: Error, Equatable, Sendable {
    case timedOut
    case disconnected(String)
    case tls(TLSFailure)
}

/// One connection's bytes. Belongs to one thread.
package final class NetworkStream {
    private let descriptor: Descriptor
    private var tls: TLSConnection?
    /// Decrypted, or read while writing, and not taken yet.
    private var input: [UInt8] = []
    /// What the socket has not taken yet, cipher text where TLS is on; from `outputStart` on.
    private var output: [UInt8] = []
    private var outputStart = 0
    /// The socket's and OpenSSL's bytes pass through here.
    private var block = [UInt8](repeating: 0, count: 64 << 10)
    private var isAtEnd = false
    private var isMute = false

    /// So much may come while something goes out; more is not read before that has gone.
    private static let inputLimit = 256 << 10

    /// Takes a connected socket; it becomes nonblocking.
    package init(_ descriptor: Descriptor) {
        self.descriptor = descriptor
        descriptor.setNonblocking(true)
        var on: Int32 = 1
        setsockopt(descriptor.number, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// The TLS that protects it, if any.
    package var protection: TLSConnection? { tls }

    /// Bytes as they come, at least one; none at the end. `deadline` is a time of SystemClock.monotonic.
    package func read(by deadline: Duration) throws(StreamFault) -> [UInt8] {
        while true {
            let bytes = try readAvailable()
            if !bytes.isEmpty || isAtEnd { return bytes }
            try wait(hasOutput ? [.readable, .writable] : .readable, by: deadline)
        }
    }

    /// What is there without waiting; none when nothing is, or at the end.
    package func readAvailable() throws(StreamFault) -> [UInt8] {
        try fill()
        // What TLS answers goes out on the way. That it cannot is no reason not to read what came before.
        do throws(StreamFault) { try drain() } catch { fallMute() }
        defer { input = [] }
        return input
    }

    /// Whether the other side has ended the connection and all it sent was taken.
    package var isFinished: Bool { isAtEnd && input.isEmpty }

    /// Writes all of `bytes`. With `stopsAtInput`, a wait for room ends when the other side says something, and then
    /// false is returned: the last of the bytes are unsent and will remain so, for then, and after a fault, the stream
    /// writes nothing more.
    package func write(_ bytes: [UInt8], by deadline: Duration, stopsAtInput: Bool = false) throws(StreamFault) -> Bool
    {
        try bytes.withUnsafeBufferPointer { (buffer) throws(StreamFault) in
            try write(UnsafeRawBufferPointer(buffer), by: deadline, stopsAtInput: stopsAtInput)
        }
    }

    /// Writes a secret, of which nothing stays behind here.
    package func write(_ secret: Secret, by deadline: Duration) throws(StreamFault) {
        defer { if tls == nil { Secret.wipe(&output) } }
        _ = try secret.withBytes { (buffer) throws(StreamFault) in
            try write(buffer, by: deadline, stopsAtInput: false)
        }
    }

    private func write(
        _ bytes: UnsafeRawBufferPointer, by deadline: Duration, stopsAtInput: Bool
    ) throws(StreamFault) -> Bool {
        guard !isMute else { throw .disconnected("the connection was given up") }
        do throws(StreamFault) {
            let isWritten = try push(bytes, by: deadline, stopsAtInput: stopsAtInput)
            if !isWritten { fallMute() }
            return isWritten
        } catch {
            fallMute()
            throw error
        }
    }

    private func push(
        _ bytes: UnsafeRawBufferPointer, by deadline: Duration, stopsAtInput: Bool
    ) throws(StreamFault) -> Bool {
        var at = 0
        while true {
            let needsInput = try queue(bytes, from: &at)
            try drain()
            if !hasOutput, !needsInput {
                if at == bytes.count { return true }
                continue
            }
            // Reading goes on meanwhile: a server that waits for us to read would never read (RFC 2920 section 3.1).
            var interest: Interest = hasOutput ? .writable : []
            if needsInput || input.count < Self.inputLimit { interest.insert(.readable) }
            try wait(interest, by: deadline)
            if interest.contains(.readable) { try fill() }
            if stopsAtInput, !input.isEmpty { return false }
            if isAtEnd { throw .disconnected("the server closed the connection") }
            if input.count > 2 * Self.inputLimit { throw .disconnected("the server talks without listening") }
        }
    }

    /// The handshake. `input` that was read before would be foreign to it: the caller has made sure that there is none.
    /// `sessions`: for a client, where sessions are taken up and kept.
    package func startTLS(
        _ context: TLSContext, sessions: (cache: TLSSessionCache, server: ServerAddress)? = nil, by deadline: Duration
    ) throws(StreamFault) {
        let connection: TLSConnection
        do throws(TLSFailure) {
            connection = try TLSConnection(context, sessions: sessions)
        } catch { throw .tls(error) }
        tls = connection
        do throws(StreamFault) { try shakeHands(connection, by: deadline) } catch {
            fallMute()
            throw error
        }
    }

    private func shakeHands(_ connection: TLSConnection, by deadline: Duration) throws(StreamFault) {
        var isDone = false
        while !isDone || hasOutput {
            if !isDone {
                do throws(TLSFailure) {
                    isDone = try connection.handshake() == .done
                } catch {
                    // The alert that tells the other side why, if the socket takes it.
                    takeOutput(of: connection)
                    try? drain()
                    throw .tls(error)
                }
                takeOutput(of: connection)
            }
            try drain()
            if isDone, !hasOutput { return }
            if isAtEnd { throw .disconnected("the connection was closed in the TLS handshake") }
            var interest: Interest = hasOutput ? .writable : []
            if !isDone { interest.insert(.readable) }
            try wait(interest, by: deadline)
            if !isDone { try receive(for: connection) }
        }
    }

    /// This end's own address.
    package var ownAddress: SocketAddress? { SocketAddress(ownOf: descriptor) }

    /// close_notify where TLS is on, and the end. What cannot be sent at once is not sent.
    package func close() {
        if let tls, !isMute {
            tls.shutDown()
            takeOutput(of: tls)
            try? drain()
        }
        fallMute()
        shutdown(descriptor.number, Int32(SHUT_RDWR))
        isAtEnd = true
    }
}

// The two queues.
extension NetworkStream {
    private var hasOutput: Bool { outputStart < output.count }

    /// Nothing goes out any more: what was queued is forgotten, and what would follow it would stand behind a gap.
    private func fallMute() {
        isMute = true
        output = []
        outputStart = 0
    }

    /// Puts the bytes from `at` on into the queue, encrypted where TLS is on, as far as it may grow. True where TLS
    /// must first read something: a renegotiation (TLS 1.2).
    private func queue(_ bytes: UnsafeRawBufferPointer, from at: inout Int) throws(StreamFault) -> Bool {
        guard let tls else {
            output += bytes[at...]
            at = bytes.count
            return false
        }
        // TLS may have something to say though there are no bytes to write.
        takeOutput(of: tls)
        while at < bytes.count, output.count - outputStart < block.count {
            let step: TLSConnection.Step
            do throws(TLSFailure) { step = try tls.write(bytes, from: at) } catch { throw .tls(error) }
            takeOutput(of: tls)
            switch step {
            case .moved(let count): at += count
            case .done: break
            case .needsInput: return true
            case .closed: throw .disconnected("the connection was closed")
            }
        }
        return false
    }

    /// Gives the socket as much of the queue as it takes now.
    private func drain() throws(StreamFault) {
        while hasOutput {
            let count = output.withUnsafeBytes { buffer in
                // MSG_NOSIGNAL: a connection that is gone is an error, not a SIGPIPE.
                send(
                    descriptor.number, buffer.baseAddress?.advanced(by: outputStart), buffer.count - outputStart,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count >= 0 {
                outputStart += count
            } else if errno == EAGAIN {
                return
            } else if errno != EINTR {
                throw .disconnected(SystemError.text(of: errno))
            }
        }
        output.removeAll(keepingCapacity: true)
        outputStart = 0
    }

    private func takeOutput(of tls: TLSConnection) {
        if isMute { tls.dropOutput() } else { tls.takeOutput(into: &output) }
    }

    /// Takes what has come from the socket into `input`.
    private func fill() throws(StreamFault) {
        if isAtEnd { return }
        guard let tls else { return try receive { input += $0 } }
        try receive(for: tls)
        defer { takeOutput(of: tls) }
        reading: while true {
            let step: TLSConnection.Step
            do throws(TLSFailure) { step = try tls.read(into: &block) } catch { throw .tls(error) }
            switch step {
            case .moved(let count): input += block[..<count]
            case .done, .needsInput: break reading
            case .closed:
                isAtEnd = true
                break reading
            }
        }
    }

    private func receive(for tls: TLSConnection) throws(StreamFault) { try receive { tls.receive($0) } }

    /// Hands on up to 64 KiB; nothing when nothing is there, or at the end, which `isAtEnd` tells.
    private func receive(_ take: (ArraySlice<UInt8>) -> Void) throws(StreamFault) {
        let count = recv(descriptor.number, &block, block.count, Int32(MSG_DONTWAIT))
        if count > 0 { return take(block[..<count]) }
        if count == 0 {
            isAtEnd = true
        } else if errno != EAGAIN, errno != EINTR {
            throw .disconnected(SystemError.text(of: errno))
        }
    }

    private func wait(_ interest: Interest, by deadline: Duration) throws(StreamFault) {
        while true {
            let left = deadline - SystemClock.monotonic()
            guard left > .zero else { throw .timedOut }
            do throws(SystemError) {
                if !(try Poller.wait([(descriptor.number, interest)], timeout: left)).isEmpty { return }
            } catch {
                throw .disconnected("\(error)")
            }
        }
    }
}
