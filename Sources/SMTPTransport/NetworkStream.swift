// A TCP connection, plain or under TLS, with a deadline on every wait. Blocks the calling thread in poll(2) and nowhere
// else. What must stay true: after `startTLS` no plain byte is read or written.

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
    private var isAtEnd = false

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
            try wait(.readable, by: deadline)
        }
    }

    /// What is there without waiting; none when nothing is, or at the end.
    package func readAvailable() throws(StreamFault) -> [UInt8] {
        try fill()
        defer { input = [] }
        return input
    }

    /// Whether the other side has ended the connection and all it sent was taken.
    package var isFinished: Bool { isAtEnd && input.isEmpty }

    /// Writes all of `bytes`. With `stopsAtInput`, a wait for room ends when the other side says something, and then
    /// false is returned: the last of the bytes are unsent.
    package func write(_ bytes: [UInt8], by deadline: Duration, stopsAtInput: Bool = false) throws(StreamFault) -> Bool
    {
        guard let tls else { return try writeRaw(bytes, by: deadline, stopsAtInput: stopsAtInput) }
        var at = 0
        while at < bytes.count {
            let step = try secured { () throws(TLSFailure) in try tls.write(rest: bytes, from: at) }
            switch step {
            case .done(let count): at += count
            case .closed: throw .disconnected("the connection was closed")
            case .needsInput:  // a renegotiation (TLS 1.2)
                guard try writeRaw(tls.takeOutput(), by: deadline, stopsAtInput: stopsAtInput) else { return false }
                try fill()
                if stopsAtInput, !input.isEmpty { return false }
                if isAtEnd { throw .disconnected("the connection was closed") }
                try wait(.readable, by: deadline)
                try fill()
            }
        }
        return try writeRaw(tls.takeOutput(), by: deadline, stopsAtInput: stopsAtInput)
    }

    /// The handshake. `input` that was read before would be foreign to it: the caller has made sure that there is none.
    package func startTLS(_ context: TLSContext, serverName: String?, by deadline: Duration) throws(StreamFault) {
        let connection = try secured { () throws(TLSFailure) in try TLSConnection(context, serverName: serverName) }
        while true {
            let step: TLSConnection.Step
            do throws(TLSFailure) {
                step = try connection.handshake()
            } catch {
                // The alert that tells the other side why.
                _ = try? writeRaw(connection.takeOutput(), by: SystemClock.monotonic() + .milliseconds(100))
                throw .tls(error)
            }
            _ = try writeRaw(connection.takeOutput(), by: deadline)
            if case .done = step { break }
            if isAtEnd { throw .disconnected("the connection was closed in the TLS handshake") }
            try wait(.readable, by: deadline)
            let bytes = try receiveRaw()
            if !bytes.isEmpty { connection.receive(bytes) }
        }
        tls = connection
    }

    /// close_notify where TLS is on, and the end. What cannot be sent at once is not sent.
    package func close() {
        if let tls {
            tls.shutDown()
            _ = try? writeRaw(tls.takeOutput(), by: SystemClock.monotonic())
        }
        shutdown(descriptor.number, Int32(SHUT_RDWR))
        isAtEnd = true
    }
}

extension NetworkStream {
    /// Takes what has come from the socket into `input`.
    private func fill() throws(StreamFault) {
        if isAtEnd { return }
        let bytes = try receiveRaw()
        guard let tls else {
            input += bytes
            return
        }
        if !bytes.isEmpty { tls.receive(bytes) }
        var block = [UInt8](repeating: 0, count: 16 << 10)
        reading: while true {
            let step = try secured { () throws(TLSFailure) in try tls.read(block: &block) }
            switch step {
            case .done(let count): input += block[..<count]
            case .needsInput: break reading
            case .closed:
                isAtEnd = true
                break reading
            }
        }
        // Answers of the protocol itself, to KeyUpdate for example. Best effort: what the socket does not take now
        // goes with the next write.
        let answer = tls.takeOutput()
        if !answer.isEmpty { _ = try writeRaw(answer, by: SystemClock.monotonic() + .seconds(5)) }
    }

    /// Up to 64 KiB; none when none are there, or at the end, which `isAtEnd` tells.
    private func receiveRaw() throws(StreamFault) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor.number, &block, block.count, Int32(MSG_DONTWAIT))
        if count > 0 { return Array(block[..<count]) }
        if count == 0 {
            isAtEnd = true
            return []
        }
        if errno == EAGAIN || errno == EINTR { return [] }
        throw .disconnected(SystemError.text(of: errno))
    }

    private func writeRaw(
        _ bytes: [UInt8], by deadline: Duration, stopsAtInput: Bool = false
    ) throws(StreamFault) -> Bool {
        var at = 0
        while at < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                // MSG_NOSIGNAL: a connection that is gone is an error, not a SIGPIPE.
                send(
                    descriptor.number, buffer.baseAddress?.advanced(by: at), bytes.count - at,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count >= 0 {
                at += count
                continue
            }
            if errno == EINTR { continue }
            guard errno == EAGAIN else { throw .disconnected(SystemError.text(of: errno)) }
            try wait(stopsAtInput ? [.readable, .writable] : .writable, by: deadline)
            if stopsAtInput {
                try fill()
                if !input.isEmpty { return false }
                if isAtEnd { throw .disconnected("the server closed the connection") }
            }
        }
        return true
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

    private func secured<T>(_ body: () throws(TLSFailure) -> T) throws(StreamFault) -> T {
        do throws(TLSFailure) { return try body() } catch { throw .tls(error) }
    }
}

extension TLSConnection {
    fileprivate func write(rest bytes: [UInt8], from start: Int) throws(TLSFailure) -> Step {
        let result: Result<Step, TLSFailure> = bytes.withUnsafeBytes { buffer in
            do throws(TLSFailure) {
                return .success(try write(UnsafeRawBufferPointer(rebasing: buffer[start...])))
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    fileprivate func read(block: inout [UInt8]) throws(TLSFailure) -> Step {
        let result: Result<Step, TLSFailure> = block.withUnsafeMutableBytes { buffer in
            do throws(TLSFailure) { return .success(try read(into: buffer)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
