// Promise 2, call by call: the mailer is killed after each single system call that writes or syncs, started again, and
// nothing is lost; twice goes only what was uncertain.

import Control
import Formats
import Glibc
import Mail
import Mailing
import Platform
import SMTPTransport
import TestSupport
import Testing

/// What the mailer is at when it is killed.
enum KillScenario: String, CaseIterable, Sendable {
    /// Three letters are taken in, while no account is enabled.
    case intake
    /// A message comes by the socket, and goes.
    case submission
    /// One letter from its file to the server's answer.
    case delivery
    /// Of three recipients one is taken, one refused, one put off.
    case mixed
    /// The server's first answer is lost: the letter goes once more.
    case uncertain
    /// Letters go while the settings are read anew.
    case reload
    /// A letter goes elsewhere, and the first answer to it says nothing.
    case redirect
    /// Twelve letters on up to four connections: some are claimed behind others.
    case batch
    /// The same, and the server wants a login in the middle of it.
    case loginMissing
    /// One letter whose recipients the server takes one at a time.
    case transactions
}

@Suite(.serialized) struct MailerKillTests {
    /// `make proof` kills after every call, `make test` after each seventh.
    private static let stride = getenv("HERALD_KILL_STRIDE").flatMap { Int(String(cString: $0)) } ?? 7

    @Test(
        "row 94: killed after any call that writes or syncs, the mailer loses no letter and repeats only uncertain ones",
        arguments: KillScenario.allCases) func killed(_ scenario: KillScenario) throws
    {
        let whole = try Run(scenario)
        let trace = whole.place.site.folder + "/calls"
        // Without an account, letters are left over.
        #expect(try whole.play(nil, trace: trace) == (scenario == .intake ? 1 : 0), "\(whole.place.site.log("mailer"))")
        let calls = String(decoding: try Files.read(trace), as: UTF8.self).split(separator: "\n")
        try #require(calls.count > 20, "the interposed library counts nothing")
        try whole.expectAll("not killed")

        let offset = Int.random(in: 1...Self.stride)
        var kills = 0
        for number in Swift.stride(from: offset, through: calls.count, by: Self.stride) {
            let run = try Run(scenario)
            let code = try run.play("kill=\(number)")
            if code == 128 + SIGKILL { kills += 1 }
            let what = "\(scenario.rawValue), killed after call \(number), \(calls[number - 1]); offset \(offset)"
            try run.expectPromises(what)
            #expect(try run.recover() == 0, "\(what)\n\(run.place.site.log("mailer"))")
            try run.expectAll(what)
        }
        // Threads do not always make the same calls; nearly all of these are made.
        #expect(kills * 2 > calls.count / Self.stride, "offset \(offset): \(kills) of \(calls.count / Self.stride)")
    }

    /// One mailer with its work, once killed and once started again.
    private final class Run {
        let scenario: KillScenario
        let place: MailerPlace
        private let peer: ScriptedPeer?
        private let letters: [Letter]
        /// The socket's answer to `send`.
        private var answeredID: String?
        /// Letters and recipients whose dot had been committed when the mailer was killed: of these alone, two copies may come.
        private var doubtful: Set<String> = []

        init(_ scenario: KillScenario) throws {
            self.scenario = scenario
            let three = ["admin@example.org", "second@example.org", "third@example.org"]
            switch scenario {
            case .mixed:
                place = try MailerPlace(faults: [
                    SinkFault("RCPT TO:<second@", "550 5.1.1 no such user"),
                    SinkFault("RCPT TO:<third@", "451 4.2.0 not now", times: 1),
                ])
            case .intake: place = try MailerPlace(more: ", enabled: false")
            case .redirect:
                place = try MailerPlace(
                    faults: [SinkFault(".", "354 what?", times: 1)],
                    smtp: ", redirect: {enabled: true, to: [{email: \(Self.elsewhere)}]}")
            case .batch: place = try MailerPlace(more: ", max_connections: 4")
            case .loginMissing:
                place = try MailerPlace(
                    faults: [SinkFault("MAIL", "530 5.7.0 log in first", after: 5, times: 1)],
                    more: ", max_connections: 4")
            case .transactions:
                place = try MailerPlace(faults: [
                    SinkFault("RCPT TO:<second@", "452 4.5.3 one at a time", times: 1),
                    SinkFault("RCPT TO:<third@", "452 4.5.3 one at a time", times: 2),
                ])
            default: place = try MailerPlace()
            }
            if scenario == .uncertain {
                peer = try ScriptedPeer(
                    Self.session + [.close], Self.session + Self.end, Self.session + Self.end, Self.session + Self.end)
                try place.settings(replacing: "port: \(place.sink.port)", with: "port: \(peer?.port ?? 0)")
            } else {
                peer = nil
            }
            switch scenario {
            case .submission: letters = []
            case .intake, .reload: letters = try (0..<3).map { try MailerPlace.letter($0) }
            case .delivery, .uncertain: letters = [try MailerPlace.letter(0)]
            case .redirect: letters = [try MailerPlace.letter(0, to: Array(three.prefix(1)))]
            case .mixed, .transactions: letters = [try MailerPlace.letter(0, to: three)]
            case .batch, .loginMissing: letters = try (0..<12).map { try MailerPlace.letter($0, to: [three[$0 % 3]]) }
            }
            for letter in letters { try place.hand(letter) }
        }

        deinit { peer?.stop() }

        private static let elsewhere = "elsewhere@example.net"

        private static let session: [ScriptedPeer.Step] = [
            .say("220 peer"), .expect("EHLO"), .say("250 peer"), .expect("MAIL"), .say("250 ok"), .expect("RCPT"),
            .say("250 ok"), .expect("DATA"), .say("354 go on"), .expectMessage,
        ]
        private static let end: [ScriptedPeer.Step] = [
            .say("250 2.0.0 taken"), .expect("QUIT"), .say("221 bye"), .close,
        ]

        /// The exit code, 128 + SIGKILL where it was killed.
        func play(_ what: String?, trace: String? = nil) throws -> Int32? {
            let isDaemon = scenario == .submission || scenario == .reload
            try place.site.start(
                "mailer", isDaemon ? [] : ["--until-idle"], environment: place.interposed(what, trace: trace))
            guard isDaemon else { return place.site.awaitEnd("mailer") }
            let client = ControlClient(path: place.site.folder + "/run/mailer.sock", timeout: .seconds(60))
            var code: Int32?
            _ = try place.site.eventually(within: .seconds(60)) {
                code = place.site.ended("mailer")
                return try code != nil || step(client)
            }
            if let code { return code }
            return place.site.stop("mailer")
        }

        private var isReloaded = false

        /// Something of the daemon's work; true when it is all done.
        private func step(_ client: ControlClient) throws -> Bool {
            switch scenario {
            case .submission where answeredID == nil:
                let answer = try? client.request(
                    "send", ["recipients": ["bob@example.net"]], body: Array("Hello.\n".utf8))
                answeredID = answer?.result["id"]?.string
                return false
            case .reload where !isReloaded:
                guard (try? client.request("status")) != nil else { return false }
                try place.settings(replacing: "security: none", with: "security: none, helo_name: other.example.org")
                place.site.signal("mailer", SIGHUP)
                isReloaded = true
                return false
            default: return place.copies.all.count >= max(1, letters.count)
            }
        }

        func recover() throws -> Int32? {
            if scenario == .intake { try place.settings(replacing: "enabled: false", with: "enabled: true") }
            return try place.finish()
        }

        private func copies(_ letter: Letter, _ recipient: String) -> Int {
            let recipient = scenario == .redirect ? Self.elsewhere : recipient
            guard let peer else { return place.copies.count(letter, recipient) }
            return peer.messages.count { $0 == letter.message }
        }

        /// At the instant of the kill: what the queue calls sent is, what it calls failed was refused, and each letter is
        /// in its file or in the queue.
        func expectPromises(_ what: String) throws {
            let rows = try place.queue()
            for row in rows where [.dotPending, .uncertain].contains(row.state) {
                doubtful.insert("\(row.letter) \(row.recipient)")
            }
            for row in rows {
                if let letter = letters.first(where: { $0.id == row.letter }), row.state == .sent {
                    #expect(copies(letter, row.recipient) >= 1, "\(what): \(row)")
                }
                if row.state == .failed { #expect(row.recipient.hasPrefix("second@"), "\(what): \(row)") }
                #expect(row.state != .retracted, "\(what): \(row)")
            }
            let files = place.incoming
            for letter in letters {
                let isKept = rows.contains { $0.letter == letter.id } || files.contains { $0.hasPrefix(letter.id) }
                #expect(isKept, "\(what): \(letter.id) is nowhere")
            }
            if let answeredID { #expect(rows.contains { $0.letter == answeredID }, "\(what): it was answered") }
        }

        /// In the end.
        func expectAll(_ what: String) throws {
            let log = place.site.log("mailer")
            // The scenario's own first copy, or one of which a start says so.
            let isUncertain = scenario == .uncertain || scenario == .redirect
            func mayBeTwice(_ letter: String, _ recipient: String) -> Bool {
                let said = log.split(separator: "\n").contains { $0.contains("\(letter) to \(recipient): uncertain") }
                return isUncertain || said || doubtful.contains("\(letter) \(recipient)")
            }
            if scenario == .intake, what == "not killed" {
                #expect(try place.queue().map(\.state) == [.queued, .queued, .queued])
                return
            }
            let rows = try place.queue()
            for row in rows {
                switch row.state {
                case .sent: break
                case .failed: #expect(scenario == .mixed && row.recipient.hasPrefix("second@"), "\(what): \(row)")
                // An answer was lost twice: the server's and, by the kill, the next one.
                case .held: #expect(isUncertain && row.attempts > 1, "\(what): \(row)")
                default: Issue.record("\(what): \(row) is left over\n\(log)")
                }
            }
            for letter in letters {
                let ends = rows.filter { $0.letter == letter.id }
                #expect(ends.count == letter.envelope.recipients.count, "\(what): \(ends)")
                for recipient in letter.envelope.recipients.map(\.text)
                where scenario != .mixed || !recipient.hasPrefix("second@") {
                    let count = copies(letter, recipient)
                    // The first answer of a redirection says nothing, and so its sink keeps nothing.
                    let least = scenario == .redirect && ends.contains { $0.state == .held } ? 0 : 1
                    let most = mayBeTwice(letter.id, recipient) ? 2 : 1
                    #expect(count >= least && count <= most, "\(what): \(count) copies\n\(log)")
                }
            }
            if scenario == .submission {
                if let answeredID {
                    let came = place.copies.all.contains { $0.key.contains(answeredID) }
                    #expect(came, "\(what): answered, and lost: \(place.copies.all)\n\(log)")
                }
                for (key, count) in place.copies.all {
                    let row = rows.first { key.contains($0.letter) }
                    let most = row.map { mayBeTwice($0.letter, $0.recipient) } == true ? 2 : 1
                    #expect(count <= most, "\(what): \(key)\n\(log)")
                }
            }
            #expect(place.copies.areSame, "\(what)")
            #expect(place.incoming == [], "\(what)")
            #expect(place.rejected == [], "\(what)")
        }
    }
}
