// The command's side of a control socket.

import Formats
import Glibc
import Platform

/// Why a daemon could not be asked, or what it refused.
package enum ControlError: Error, Equatable, CustomStringConvertible {
    /// Nobody listens: the daemon is not running.
    case notRunning(path: String)
    case system(SystemError)
    /// The daemon closed without an answer.
    case noAnswer(path: String)
    case refused(String, ControlResponse.Refusal)

    package var description: String {
        switch self {
        case .notRunning(let path): "nobody listens at \(path): the daemon is not running"
        case .system(let error): error.description
        case .noAnswer(let path): "no answer from \(path)"
        case .refused(let words, _): words
        }
    }
}

/// Asks a daemon. Blocks the calling thread, at most `timeout`.
package struct ControlClient: Sendable {
    private let path: String
    private let timeout: Duration

    package init(path: String, timeout: Duration = .seconds(30)) {
        self.path = path
        self.timeout = timeout
    }

    /// One request, one answer. A refusal is thrown.
    package func request(
        _ command: String, _ arguments: JSON = .object([]), body: [UInt8] = []
    ) throws(ControlError) -> (result: JSON, body: [UInt8]) {
        let answer = try exchange(ControlFrame.encode((command, arguments, body)))
        if let error = answer.head["error"]?.string {
            throw .refused(
                error, answer.head["kind"]?.string.flatMap { ControlResponse.Refusal(rawValue: $0) } ?? .wrong)
        }
        return (answer.head["result"] ?? .null, answer.body)
    }

    private func exchange(_ frame: [UInt8]) throws(ControlError) -> (head: JSON, body: [UInt8]) {
        do throws(SystemError) {
            let connection = ControlConnection(try connect(), timeout: timeout)
            do throws(SystemError) {
                try connection.send(frame)
            } catch  where [EPIPE, ECONNRESET].contains(error.errno) {
                // It closed before it had all, and may have said why.
            }
            if let answer = try connection.receive() { return answer }
        } catch {
            throw [ENOENT, ECONNREFUSED].contains(error.errno) ? .notRunning(path: path) : .system(error)
        }
        throw .noAnswer(path: path)
    }

    func connect() throws(SystemError) -> Descriptor {
        let number = try retrying("make a socket") {
            socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
        let descriptor = Descriptor(owning: number)
        try UnixSocket.withAddress(path) { (address, length) throws(SystemError) in
            try retrying("connect to", path) { Glibc.connect(descriptor.number, address, length) }
        }
        return descriptor
    }
}
