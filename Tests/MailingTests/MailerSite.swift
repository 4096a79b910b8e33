// A mailer with its folders, its peers and its letters, for the tests of the whole.

import Formats
import Glibc
import Logging
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import Settings
import Spool
import Synchronization
import TestSupport
import Testing

@testable import Control
@testable import Mailing

/// A mailer's whole place, and runs of it one after the other.
final class Site: Sendable {
    let folder: TemporaryFolder
    let received = Mutex<[SinkMessage]>([])
    let arrival: WakeUp

    init() throws {
        folder = try TemporaryFolder()
        arrival = try WakeUp()
    }

    static let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    func settings(_ smtp: String) throws -> Settings { try Sample.settings(smtp, folder: folder.path) }

    /// `smtp` with these accounts, and a rhythm that does not keep a test waiting.
    func settings(accounts: String..., more: String = "") throws -> Settings {
        try settings(
            "smtp:\n  retry: {first: 5ms, maximum: 20ms}\n\(more)  accounts:\n"
                + accounts.map { "    - {\($0)}\n" }.joined())
    }

    func hand(_ letter: Letter, to daemon: String = "watcher") throws {
        try HandoverFolder(path: folder("spool/incoming/\(daemon)")).deposit(letter)
    }

    func mailer(
        _ settings: Settings, _ options: Mailer.Options, _ inbox: MailerInbox? = nil, log: Logger = Site.log
    ) throws -> Mailer {
        try Mailer.start(
            settings, options: options, inbox: try inbox ?? MailerInbox(), signals: nil, log: log,
            reload: { (settings, []) })
    }

    /// Works off all that is there; with `noWait` one round. Told to stop when that takes too long, so that no test
    /// hangs.
    func run(_ settings: Settings, noWait: Bool = false, log: Logger = Site.log) throws {
        let (inbox, over) = (try MailerInbox(), try WakeUp())
        let guardian = try Worker.start("guardian") {
            let ready = try? Poller.wait([(over.descriptor.number, .readable)], timeout: .seconds(20))
            if ready != [0] { inbox.stop() }
        }
        let mailer = try mailer(settings, Mailer.Options(untilIdle: true, noWait: noWait), inbox, log: log)
        #expect(mailer.run() == 0)
        #expect(!mailer.stop.isBegun, "it did not come to an end by itself")
        over.signal()
        guardian.join()
    }

    func sink(_ options: SinkOptions = SinkOptions()) throws -> SinkServer {
        try SinkServer(options, log: Self.log) { [self] message in
            received.withLock { $0.append(message) }
            arrival.signal()
        }
    }

    var messages: [SinkMessage] { received.withLock { $0 } }

    func queue() throws -> Queue { try Queue.open(folder: folder("state/mailer")).queue }
    func rows(_ letter: Letter) throws -> [DeliverySummary] { try queue().list(letter: letter.id) }
    func names(_ folder: String) throws -> [String] { try Files.list(self.folder(folder)) }
}

let hello: [ScriptedPeer.Step] = [.say("220 peer"), .expect("EHLO"), .say("250 peer")]
let envelope: [ScriptedPeer.Step] = [
    .expect("MAIL FROM:"), .say("250 ok"), .expect("RCPT TO:"), .say("250 ok"), .expect("DATA"), .say("354 go on"),
    .expectMessage,
]

let bye: [ScriptedPeer.Step] = [.expect("QUIT"), .say("221 bye"), .close]

/// An account of the settings, on this host without TLS.
func account(_ name: String, _ port: Int, _ more: String = "") -> String {
    "name: \(name), server: 127.0.0.1, port: \(port), security: none\(more)"
}

/// A mailer at work on a thread of its own.
final class Running: Sendable {
    final class ExitCode: Sendable { let value = Mutex<Int32?>(nil) }

    private let site: Site
    private let inbox: MailerInbox
    private let worker: Worker
    private let code: ExitCode

    init(_ site: Site, _ settings: Settings, rescan: Duration? = nil) throws {
        let inbox = try MailerInbox()
        let code = ExitCode()
        (self.site, self.inbox, self.code) = (site, inbox, code)
        worker = try Worker.start("mailer") {
            var options = Mailer.Options()
            options.stopGrace = .milliseconds(50)
            options.rescan = rescan ?? options.rescan
            code.value.withLock { $0 = (try? site.mailer(settings, options, inbox))?.run() }
        }
    }

    func ask(_ command: String, _ arguments: JSON = .object([]), body: [UInt8] = [], uid: UInt32? = nil)
        -> ControlResponse
    {
        let peer = ControlPeer(pid: 1, uid: uid ?? geteuid(), gid: uid ?? getegid())
        return inbox.ask(ControlRequest(command: command, arguments: arguments, body: body, peer: peer))
    }

    func waitForArrival() -> Bool {
        let ready = try? Poller.wait([(site.arrival.descriptor.number, .readable)], timeout: .seconds(20))
        return ready == [0]
    }

    func stop() -> Int32? {
        inbox.stop()
        worker.join()
        return code.value.withLock { $0 }
    }
}

/// The rows of a page of the queue's list.
func rows(of answer: ControlResponse) -> [JSON] {
    answer.body.split(separator: 0x0a).compactMap { try? JSON.parse($0) }
}

extension Queue {
    /// The list's first page.
    func list() throws(QueueError) -> [DeliverySummary] { try page().rows }
}

extension Queue {
    /// Numbers of what is due, in the order in which one connection after the other would get it.
    func turns(at now: Timestamp) throws(QueueError) -> [Int64] {
        try bring(to: now)
        var copy = index
        var places: [QueueIndex.Place] = []
        for (group, _, _, _) in copy.carriers {
            let before = places.count
            while let place = copy.first(group) {
                guard let pick = copy.take(group) else { continue }
                copy.passOver(pick)
                places.append(place)
            }
            #expect(places[before...].elementsEqual(places[before...].sorted()))
        }
        return places.sorted().map(\.number)
    }

    /// Claims what is next, with the recipients that go with it.
    func claimNext(account: String = "office", at now: Timestamp, retry: Retry = Retry()) throws -> Assignment? {
        try bring(to: now)
        guard let number = try turns(at: now).first else { return nil }
        for (group, _, _, _) in index.carriers where index.first(group)?.number == number {
            guard let pick = index.take(group) else { continue }
            defer { index.release(pick) }
            return try claim(pick, account: account, at: now, retry: retry, jitter: 0).assignment
        }
        return nil
    }

    /// As a mailer's round does.
    func bring(to now: Timestamp) throws(QueueError) {
        if !hasIndex { try loadIndex(at: now) }
        try advance(to: now)
    }

    /// The letters of these deliveries.
    func letters(_ numbers: [Int64]) throws -> [String] {
        try numbers.map {
            try rows("SELECT letter FROM deliveries WHERE number = ?", [.integer($0)])[0][0].string ?? ""
        }
    }
}

extension AccountBook {
    /// As letters say it, at the beginning of time.
    mutating func failed(
        _ name: String, words: String, needsPerson: Bool, isProbe: Bool = false, at now: Timestamp,
        _ time: Duration = .zero, retry: Retry
    ) -> Bool {
        failed(name, words: words, needsPerson: needsPerson, isProbe: isProbe, at: now, time, retry: retry, jitter: 0)
    }
}
