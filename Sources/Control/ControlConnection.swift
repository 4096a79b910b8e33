// One end of a control socket: whole frames, each wait with a deadline, so that a peer that stops talking holds nobody up.

import Formats
import Glibc
import Platform

/// Reads and writes frames on a connected socket.
struct ControlConnection {
    let descriptor: Descriptor
    private var deadline: Duration

    init(_ descriptor: Descriptor, timeout: Duration) {
        self.descriptor = descriptor
        deadline = SystemClock.monotonic() + timeout
        descriptor.setNonblocking(true)
    }

    /// From now on the peer has so long: what was done meanwhile was not its doing.
    mutating func allow(_ timeout: Duration) { deadline = SystemClock.monotonic() + timeout }

    /// The head's JSON and the body. Nil when the peer closed, sent too much, or no JSON.
    /// - Parameter admits: asked with the head before anything is looked up in it or more is read; false: nil is returned.
    func receive(
        admits: (JSON) throws(SystemError) -> Bool = { _ in true }
    ) throws(SystemError) -> (head: JSON, body: [UInt8])? {
        var bytes: [UInt8] = []
        while !bytes.contains(0x0a) {
            guard bytes.count <= ControlFrame.maximumLine, let more = try chunk() else { return nil }
            bytes += more
        }
        guard let end = bytes.firstIndex(of: 0x0a), let head = try? JSON.parse(bytes[..<end]) else { return nil }
        guard try admits(head), let length = ControlFrame.bodyLength(head) else { return nil }
        var body = Array(bytes[(end + 1)...])
        while body.count < length {
            guard let more = try chunk() else { return nil }
            body += more
        }
        return (head, Array(body.prefix(length)))
    }

    /// Nil at the end of the stream.
    private func chunk() throws(SystemError) -> [UInt8]? {
        try wait(.readable)
        let bytes = try descriptor.read(upTo: 1 << 16)
        return bytes.isEmpty ? nil : bytes
    }

    func send(_ bytes: [UInt8]) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor.number, $0.baseAddress?.advanced(by: done), bytes.count - done, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                done += count
            } else if errno == EAGAIN {
                try wait(.writable)
            } else if errno != EINTR {
                throw SystemError("write to the control socket")
            }
        }
    }

    private func wait(_ interest: Interest) throws(SystemError) {
        while true {
            let left = deadline - SystemClock.monotonic()
            guard left > .zero else { throw SystemError("wait for the control socket", errno: ETIMEDOUT) }
            if !(try Poller.wait([(descriptor.number, interest)], timeout: left)).isEmpty { return }
        }
    }
}
