// A mailer as a process, system calls that go wrong in it, and a server that counts the copies of each letter: what the
// tests of its promises under kills and failing disks share.

import Formats
import Glibc
import Logging
import Mail
import Mailing
import Platform
import SMTPTransport
import Spool
import Synchronization
import Testing

/// How often each letter has reached each recipient.
final class Copies: Sendable {
    private let counts = Mutex<[String: Int]>([:])
    private let first = Mutex<[String: [UInt8]]>([:])
    private let areOthers = Mutex(false)

    func add(_ message: SinkMessage) {
        let id = ParsedMessage(message.bytes).header("Message-ID") ?? "none"
        let before = first.withLock { first in
            defer { first[id] = first[id] ?? message.bytes }
            return first[id]
        }
        if let before, before != message.bytes { areOthers.withLock { $0 = true } }
        for recipient in message.recipients { counts.withLock { $0["\(id) \(recipient)", default: 0] += 1 } }
    }

    func count(_ letter: Letter, _ recipient: String) -> Int {
        counts.withLock { $0["\(letter.messageID) \(recipient)"] ?? 0 }
    }

    /// Whether every copy of a letter was the same, octet for octet.
    var areSame: Bool { areOthers.withLock { !$0 } }

    var all: [String: Int] { counts.withLock { $0 } }
}

/// A site whose mailer delivers to a sink of its own.
final class MailerPlace {
    let site: TestSite
    let copies = Copies()
    let sink: SinkServer

    /// - Parameters:
    ///   - faults: of the sink.
    ///   - port: of another server, in place of the sink.
    ///   - more: further settings of the account; `smtp`: of what stands beside it.
    init(faults: [SinkFault] = [], port: Int? = nil, more: String = "", smtp: String = "") throws {
        let copies = copies
        var options = SinkOptions()
        options.faults = faults
        sink = try SinkServer(options, log: Logger(label: "sink") { _ in SwiftLogNoOpLogHandler() }) { copies.add($0) }
        site = try TestSite(
            settings: """
                report: {to: [{email: admin@example.org}, {email: second@example.org}, {email: third@example.org}]}
                aliases: [{description: alerts, name: Herald, address: herald@example.org, default: true}]
                watch: {journal: {enabled: false}}
                """,
            accounts: "[{name: sink, server: 127.0.0.1, port: \(port ?? sink.port), security: none\(more)}]",
            retry: "{first: 10ms, maximum: 20ms}", smtp: smtp)
    }

    deinit { sink.stop() }

    /// What stands before libc in the mailer: `kill=7`, and where its calls are noted.
    func interposed(_ what: String?, trace: String? = nil) -> [String] {
        // A crash is one, without the runtime's account of it.
        ["LD_PRELOAD=\(TestSite.programs)/libInterposer.so", "SWIFT_BACKTRACE=enable=no"]
            + (what.map { ["HERALD_INTERPOSE=\($0)"] } ?? []) + (trace.map { ["HERALD_INTERPOSE_TRACE=\($0)"] } ?? [])
    }

    static func letter(_ number: Int, to recipients: [String] = ["admin@example.org"], body: String = "It broke.")
        throws -> Letter
    {
        let id = Randomness.identifier()
        let text =
            "From: Herald <herald@example.org>\r\nMessage-ID: <\(id)@example.org>\r\nSubject: \(number)\r\n\r\n\(body)\r\n"
        return Letter(
            id: id, origin: "watcher",
            envelope: Envelope(
                sender: try EmailAddress("herald@example.org"), recipients: try recipients.map { try EmailAddress($0) }),
            priority: .report, created: SystemClock.now() + .milliseconds(Int64(number)), subject: "\(number)",
            messageID: "<\(id)@example.org>", message: Array(text.utf8))
    }

    func hand(_ letter: Letter) throws {
        try HandoverFolder(path: site.folder + "/spool/incoming/watcher").deposit(letter)
    }

    var incoming: [String] { (try? Files.list(site.folder + "/spool/incoming/watcher")) ?? [] }
    var rejected: [String] { (try? Files.list(site.folder + "/state/mailer/rejected")) ?? [] }

    /// What the queue says, read from a copy, so that the mailer's next start finds what its end left.
    func queue() throws -> [DeliverySummary] {
        let copy = site.folder + "/copy-\(Randomness.identifier())"
        try Files.makeDirectories(copy)
        defer { try? Files.removeTree(copy) }
        for name in (try? Files.list(site.folder + "/state/mailer")) ?? [] where name.hasPrefix("queue.db") {
            try Files.write(Files.read("\(site.folder)/state/mailer/\(name)"), to: "\(copy)/\(name)")
        }
        return try Queue.open(folder: copy).queue.page().rows
    }

    /// Works off all that is there; the exit code.
    func finish() throws -> Int32? {
        try site.start("mailer", ["--until-idle"])
        return site.awaitEnd("mailer")
    }

    /// Changes the settings' file.
    func settings(replacing old: String, with new: String) throws {
        let path = site.folder + "/herald.yaml"
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        try Files.write(text.replacing(old, with: new).utf8, to: path)
    }
}
