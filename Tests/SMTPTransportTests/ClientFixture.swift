// What the tests of the client share: short deadlines, one letter, and a sink that keeps what comes.

import Formats
import Logging
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import Synchronization
import Testing
import TestSupport

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Messages that came, kept for a test to look at.
final class Inbox: Sendable {
    private let kept = Mutex<[SinkMessage]>([])
    var messages: [SinkMessage] { kept.withLock { $0 } }
    func take(_ message: SinkMessage) { kept.withLock { $0.append(message) } }
}

extension ServerTimeouts {
    /// Long enough for a loaded machine to say one line, short enough for a test to wait for.
    static func brief(_ change: (inout ServerTimeouts) -> Void = { _ in }) -> ServerTimeouts {
        var timeouts = ServerTimeouts(
            connect: .seconds(30), greeting: .seconds(30), command: .seconds(30), data: .seconds(30),
            dataBlock: .seconds(30), finalReply: .seconds(60), quit: .milliseconds(200),
            replyCompletion: .seconds(30))
        change(&timeouts)
        return timeouts
    }
}

func options(
    port: Int, _ security: Security = .none, host: String = "127.0.0.1", login: Login? = nil,
    caFile: String? = nil, timeouts: ServerTimeouts = .brief(), allowPlaintextLogin: Bool = false
) -> SessionOptions {
    SessionOptions(
        server: ServerAddress(host: host, port: port), security: security,
        tls: TLSTerms(caFile.map { .file($0) } ?? .system), login: source(login), heloName: "client.example.org",
        timeouts: timeouts, allowPlaintextLogin: allowPlaintextLogin)
}

/// The mechanisms that log in with a password.
let passwordMechanisms: [AuthMechanism] = [.scramSHA256Plus, .scramSHA256, .scramSHA1, .cramMD5, .plain, .login]

func source(_ login: Login?) -> LoginSource? {
    guard let login else { return nil }
    return { (_: Bool) throws(SessionFault) -> Login? in login }
}

func address(_ text: String) throws -> EmailAddress { try EmailAddress(text) }

func envelope(_ recipients: String...) throws -> Envelope {
    Envelope(
        sender: try EmailAddress("sender@example.org"),
        recipients: try (recipients.isEmpty ? ["a@example.org"] : recipients).map { try EmailAddress($0) })
}

let letter = Array("Subject: x\r\n\r\nHello.\r\n".utf8)

/// A file that a test needs, removed with it.
final class TemporaryFile {
    let path: String
    init(_ bytes: [UInt8]) throws {
        path = "/tmp/herald-test-\(Randomness.identifier())"
        try Files.write(bytes, to: path)
    }
    deinit { try? Files.remove(path) }
}

/// What a scripted peer says until MAIL, and until the message.
let toReady: [ScriptedPeer.Step] = [.say("220 s"), .expect("EHLO"), .say("250 s")]
let toData: [ScriptedPeer.Step] = [
    .expect("MAIL"), .say("250 ok"), .expect("RCPT"), .say("250 ok"), .expect("DATA"), .say("354 go"),
]
/// Larger than what loopback's sockets hold between them.
let large = Array(String(repeating: "a line of a large message\r\n", count: 200_000).utf8)

/// How a try ended.
struct Attempt {
    var outcomes: [String: Outcome] = [:]
    var fault: SessionFault?
    var pipeliningFailed = false
    var marked = 0
}

func attempt(
    _ peer: ScriptedPeer, _ message: [UInt8] = letter, to recipients: [String] = ["a@example.org"],
    security: Security = .none, timeouts: ServerTimeouts = .brief()
) throws -> Attempt {
    try attempt(options(port: peer.port, security, timeouts: timeouts), message, to: recipients)
}

func attempt(
    _ options: SessionOptions, _ message: [UInt8], to recipients: [String] = ["a@example.org"]
) throws -> Attempt {
    let client = SMTPClient(options, log: quiet)
    var attempt = Attempt()
    let envelope = Envelope(
        sender: try EmailAddress("s@example.org"), recipients: try recipients.map { try EmailAddress($0) })
    do throws(SessionFault) {
        let outcomes = try client.deliver(envelope, message: message) { _ in attempt.marked += 1 }
        for (address, outcome) in outcomes { attempt.outcomes[address.local] = outcome }
        attempt.fault = client.lastFault
    } catch { attempt.fault = error }
    attempt.pipeliningFailed = client.pipeliningFailed
    client.quit()
    return attempt
}

/// Until another thread gives the sign.
func waitFor(_ sign: WakeUp) throws {
    #expect(try Poller.wait([(sign.descriptor.number, .readable)], timeout: .seconds(10)) == [0])
}

/// This machine's own addresses; a container may be without IPv6.
let loopbacks: [String] =
    ((try? Files.read("/proc/net/if_inet6")) ?? []).isEmpty ? ["127.0.0.1"] : ["127.0.0.1", "::1"]
