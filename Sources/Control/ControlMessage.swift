// What is said over a control socket: one line of JSON, then as many raw bytes as the line announces.

import Formats

/// Who is at the other end of a control socket, as the kernel vouches for (SO_PEERCRED, unix(7)).
package struct ControlPeer: Equatable, Sendable {
    package var pid: Int32
    package var uid: UInt32
    package var gid: UInt32
    package init(pid: Int32, uid: UInt32, gid: UInt32) {
        self.pid = pid
        self.uid = uid
        self.gid = gid
    }
}

/// A request to a daemon.
package struct ControlRequest: Sendable {
    package var command: String
    package var arguments: JSON
    package var body: [UInt8]
    package var peer: ControlPeer

    package init(command: String, arguments: JSON, body: [UInt8] = [], peer: ControlPeer) {
        (self.command, self.arguments, self.body, self.peer) = (command, arguments, body, peer)
    }
}

/// A daemon's answer.
package struct ControlResponse: Equatable, Sendable {
    /// The answer; nil when the request was refused.
    package var result: JSON?
    /// Why it was refused.
    package var error: String?
    package var kind: Refusal?
    package var body: [UInt8] = []

    /// Why a request is refused, for the exit code of the command.
    package enum Refusal: String, Sendable {
        /// The request itself is at fault; again is of no use.
        case wrong
        /// The peer may not do this.
        case denied
        /// Not now.
        case later
    }

    package static func success(_ result: JSON, body: [UInt8] = []) -> ControlResponse {
        ControlResponse(result: result, error: nil, kind: nil, body: body)
    }
    package static func failure(_ error: String, _ kind: Refusal = .wrong) -> ControlResponse {
        ControlResponse(result: nil, error: error, kind: kind)
    }
}

/// The form of both directions.
enum ControlFrame {
    static let maximumLine = 1 << 20
    static let maximumBody = 64 << 20
    /// Octets of a member's name in a request, and of the command.
    static let maximumName = 64
    /// Octets of a text in a request that is not ASCII.
    static let maximumForeignText = 4096

    /// The length of the body that a head announces; nil when there is none of that length.
    static func bodyLength(_ head: JSON) -> Int? {
        let length = Int(clamping: head["body_length"]?.int ?? 0)
        return (0...maximumBody).contains(length) ? length : nil
    }

    /// Why a request's head is not looked into, nil for one that may be. Comparing a name or a text with another costs the
    /// square of a run of combining marks, and whoever may connect writes them: one of 1 MB would hold a daemon up for
    /// minutes.
    static func excess(_ head: JSON) -> String? {
        switch head {
        case .string(let text):
            if text.utf8.count <= maximumForeignText || text.utf8.allSatisfy({ $0 < 0x80 }) { return nil }
            return "a text of the request has \(text.utf8.count) octets; one that is not ASCII may have "
                + "\(maximumForeignText)"
        case .array(let values):
            return values.lazy.compactMap(excess).first
        case .object(let members):
            for member in members {
                if member.name.utf8.count > maximumName {
                    return "a name in the request has \(member.name.utf8.count) octets; it may have \(maximumName)"
                }
                if let words = excess(member.value) { return words }
            }
            return nil
        case .null, .bool, .int, .double: return nil
        }
    }

    static func encode(_ request: (command: String, arguments: JSON, body: [UInt8])) -> [UInt8] {
        let head: JSON = [
            "command": .string(request.command), "arguments": request.arguments,
            "body_length": .int(Int64(request.body.count)),
        ]
        return Array((head.text + "\n").utf8) + request.body
    }

    static func encode(_ response: ControlResponse) -> [UInt8] {
        let head: JSON = [
            "result": response.result ?? .null, "error": JSON(response.error), "kind": JSON(response.kind?.rawValue),
            "body_length": .int(Int64(response.body.count)),
        ]
        return Array((head.text + "\n").utf8) + response.body
    }
}
