// Plays rows to a whole mailer: its queue, its threads, its client; the server is scripted.

import Formats
import Logging
import Mail
import Platform
import Settings
import Synchronization
import TestSupport
import Testing

@testable import Mailing

/// A log that a test looks at.
final class KeptLog: Sendable {
    private let lines = Mutex<[String]>([])

    private struct Handler: LogHandler {
        let log: KeptLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let more = event.metadata.map { " \($0)" } ?? ""
            log.lines.withLock { $0.append("\(event.level): \(event.message)\(more)") }
        }
    }

    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }
    var all: [String] { lines.withLock { $0 } }

    func has(_ level: Logger.Level, _ words: String) -> Bool {
        all.contains { $0.hasPrefix("\(level): ") && $0.contains(words) }
    }
}

/// One mailer's place and its scripted server.
struct FaultRowBench {
    let site: Site
    let log = KeptLog()

    init() throws {
        site = try Site()
        try Files.write("pencil\n".utf8, to: site.folder("password"))
        try Files.write(Keys.client.certificatePEM + Keys.client.keyPEM, to: site.folder("client.pem"))
    }

    /// An account `a` whose server listens on this port, and reports that go to this letter's recipients.
    func settings(port: Int, _ letters: [Letter], security: Settings.Security = .none, more: String = "") throws
        -> Settings
    {
        let host = security == .none ? "127.0.0.1" : "localhost"
        let placed = more.replacing("FOLDER", with: site.folder.path)
        var settings = try site.settings(
            accounts: "name: a, server: \(host), port: \(port), security: \(security.rawValue)\(placed)")
        for (index, address) in Set(letters.flatMap(\.envelope.recipients)).enumerated() {
            settings.report.recipients[index].email = address
        }
        return settings
    }

    func account(_ settings: Settings) throws -> AccountState {
        var book = AccountBook(settings.smtp.accounts)
        try site.queue().restore(&book, at: SystemClock.now())
        return try #require(book["a"])
    }

    func run(_ settings: Settings, noWait: Bool = false) throws {
        try site.run(settings, noWait: noWait, log: log.logger)
    }

    /// Neither the log nor the queue says anything that a terminal should not get.
    func expectPrintable(_ words: String?) {
        for line in log.all + [words ?? ""] {
            let isUnsafe = line.unicodeScalars.contains { $0.isUnsafeToShow }
            #expect(!isUnsafe, "\(line.debugDescription)")
        }
    }
}

// One row.
extension FaultRowBench {
    /// No row takes longer: whoever waits for 300 s waits in vain.
    private static let most = Duration.seconds(15)

    func play(_ row: FaultRow) throws {
        let peer = try ScriptedPeer(
            playing: row.plays + [row.opening + toMessage + taken + bye], hasSmallWindow: row.hasSmallWindow)
        defer { peer.stop() }
        let letter = Letter.sample(to: [row.recipient], body: row.body)
        try Files.write(row.trusted.authorityPEM, to: site.folder("ca.pem"))
        let settings = try settings(port: peer.port, [letter], security: row.security, more: row.more)
        try site.hand(letter)

        let began = SystemClock.monotonic()
        let first = try firstAttempt(row, settings)
        let took = SystemClock.monotonic() - began
        peer.resume()
        #expect(took >= row.least && took < Self.most, "it took \(took)")

        let delivery = try #require(try site.rows(letter).first)
        #expect(delivery.state == row.reaction.state)
        #expect(delivery.attempts == row.reaction.attempts)
        #expect(delivery.lastReply?.contains(row.words) == true, "\(delivery.lastReply ?? "")")
        #expect(peer.connections == row.plays.count)
        #expect(peer.messages.count == row.received)
        for command in row.never { #expect(!peer.lines.contains { $0.hasPrefix(command) }, "\(peer.lines)") }
        try expectAccount(row, first)
        expectLogged(row)
        expectPrintable(delivery.lastReply)

        if row.reaction == .person { try expectPatience(first, peer) }
        if !delivery.state.isFinal { try secondAttempt(row, settings, letter, peer) }
        // Every copy is the same, and what it should be.
        let copies = peer.messages.filter { !$0.isEmpty }
        #expect(copies.allSatisfy { $0 == letter.message })
        #expect(peer.problems.filter { $0.hasPrefix("expected") } == [])
    }

    /// Returns the settings with which it was made.
    private func firstAttempt(_ row: FaultRow, _ settings: Settings) throws -> Settings {
        var settings = settings
        row.adjust(&settings.smtp.accounts[0])
        // An account that a person has to mend is probed from time to time.
        if row.reaction == .person {
            (settings.smtp.retry.first, settings.smtp.retry.maximum) = (.seconds(3600), .seconds(3600))
        }
        let hole = try BlackHole()
        switch row.place {
        case .peer: break
        // tcpmux: nothing listens there.
        case .closedPort: settings.smtp.accounts[0].port = 1
        case .blackHole: settings.smtp.accounts[0].port = hole.port
        case .name(let name): settings.smtp.accounts[0].server = name
        }
        try run(settings, noWait: true)
        withExtendedLifetime(hole) {}
        return settings
    }

    private func expectAccount(_ row: FaultRow, _ settings: Settings) throws {
        let state = try account(settings)
        #expect(state.isPaused == [.otherAccount, .person].contains(row.reaction), "\(state.fault ?? "")")
        #expect(state.needsPerson == (row.reaction == .person))
        guard state.isPaused else { return }
        #expect(state.failures == 1)
        #expect(state.fault?.contains(row.words) == true, "\(state.fault ?? "")")
    }

    private func expectLogged(_ row: FaultRow) {
        let isLogged =
            switch row.reaction {
            case .delivered: log.has(.info, "sent through 'a': ")
            case .later: log.has(.notice, "put off by 'a', tried again later: ")
            case .otherAccount: log.has(.error, "account 'a' is paused: ")
            case .person: log.has(.critical, "account 'a' is paused: ")
            case .refused: log.has(.critical, "refused by 'a' for good: ")
            case .uncertain: log.has(.warning, "uncertain, to be sent once more: ")
            }
        #expect(isLogged, "\(log.all)")
        #expect(log.all.contains { $0.contains(row.logged) } || row.logged.isEmpty, "\(log.all)")
    }

    /// Row 51: what only a person can mend is not tried again where nobody has changed anything.
    private func expectPatience(_ settings: Settings, _ peer: ScriptedPeer) throws {
        let before = peer.connections
        try run(settings, noWait: true)
        #expect(peer.connections == before)
        #expect(try account(settings).needsPerson)
    }

    /// The server behaves now; what a person has to mend has been.
    private func secondAttempt(_ row: FaultRow, _ settings: Settings, _ letter: Letter, _ peer: ScriptedPeer) throws {
        var mended = settings
        mended.smtp.accounts[0].heloName = "mended.example.org"
        try Files.write(Keys.good.authorityPEM, to: site.folder("ca.pem"))
        try run(mended)
        let delivery = try #require(try site.rows(letter).first)
        #expect(delivery.state == .sent)
        #expect(delivery.attempts == row.reaction.attempts + 1)
        #expect(delivery.lastReply == "250 2.0.0 taken")
        #expect(peer.connections == row.plays.count + 1, "\(peer.lines)")
        #expect(peer.messages.count == row.received + 1)
        #expect(try !account(mended).isPaused)
    }
}

extension FaultRow.Reaction {
    /// After the first attempt.
    fileprivate var state: DeliveryState {
        switch self {
        case .delivered: .sent
        case .later, .otherAccount, .person: .queued
        case .refused: .failed
        case .uncertain: .uncertain
        }
    }

    /// That count: one that fails for the account's sake does not.
    fileprivate var attempts: Int { self == .otherAccount || self == .person ? 0 : 1 }
}
