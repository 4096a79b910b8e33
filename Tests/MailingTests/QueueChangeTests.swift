// What a person may do with a letter, and what is said where that is not possible; what a letter waits for.

import Control
import Formats
import Mail
import Platform
import Settings
import TestSupport
import Testing

@testable import Mailing

@Suite struct QueueChangeTests {
    private let site: Site

    init() throws { site = try Site() }

    /// The mailer, with one letter of which `states` says where its deliveries stand.
    private func mailer(_ states: [DeliveryState]) throws -> (Mailer, Letter) {
        let mailer = try site.mailer(site.settings(accounts: account("a", 1)), Mailer.Options())
        var letter = Letter.sample()
        letter.envelope.recipients = try states.indices.map { try EmailAddress("r\($0)@example.net") }
        try mailer.queue.transaction { () throws(QueueError) in
            _ = try mailer.queue.takeIn(letter, at: Timestamp(microseconds: 0))
            for (index, state) in states.enumerated() {
                _ = try mailer.queue.execute(
                    "UPDATE deliveries SET state = \(state.rawValue), changed = 0 WHERE recipient = 'r\(index)@example.net'"
                )
            }
        }
        return (mailer, letter)
    }

    private func refusal(_ change: QueueChange, _ states: DeliveryState...) throws -> String {
        let (mailer, letter) = try mailer(states)
        #expect(try mailer.queue.change(letter.id, change, at: SystemClock.now()) == 0)
        return try mailer.queue.refusal(of: change, letter.id, keep: .seconds(86400)) { _ in 3600 }
            .replacing(letter.id, with: "ID")
    }

    @Test("a change that is for nothing of a letter says in which state it is")
    func refusals() throws {
        #expect(try refusal(.release, .queued) == "'release' is for what is held, and ID is queued")
        #expect(
            try refusal(.retract, .sent, .sent, .failed)
                == "'retract' is for what is held or queued, and ID is 2 sent, 1 failed")
        for state in [DeliveryState.sending, .dotPending] {
            #expect(
                try refusal(.hold, state).hasSuffix(
                    "and ID is sending: until the server has answered, or is waited for no "
                        + "longer (server_timeout), nothing can be changed"))
        }
    }

    @Test("what was sent or taken back is not removed: it is kept as long as smtp.keep says; what failed is")
    func removing() throws {
        #expect(try refusal(.remove, .sent) == "ID is sent, and kept until 1970-01-02 01:00:00 by smtp.keep")
        #expect(try refusal(.remove, .retracted).hasPrefix("ID is retracted, and kept until "))
        let (mailer, letter) = try mailer([.sent, .failed])
        try mailer.queue.transaction { () throws(QueueError) in
            #expect(try mailer.queue.change(letter.id, .remove, at: SystemClock.now()) == 1)
        }
        #expect(try mailer.queue.list(letter: letter.id).map(\.state) == [.sent])
    }

    @Test("a list says what a letter waits for whose time has come, and nothing of one that only waits its turn")
    func obstacles() throws {
        let (mailer, letter) = try mailer([.queued])
        func waits() throws -> [String?] {
            var effects = Effects()
            let peer = ControlPeer(pid: 1, uid: 0, gid: 0)
            let root = LocalUser(uid: 0, name: "root", isPrivileged: true)
            var found: [String?] = []
            for (command, arguments) in [("queue-list", [:]), ("queue-show", ["id": .string(letter.id)])]
                as [(String, JSON)]
            {
                let request = ControlRequest(command: command, arguments: arguments, peer: peer)
                let answer = try mailer.respond(
                    to: ControlCall(request: request, user: root, answer: try Answer()), at: SystemClock.now(), &effects
                )
                let rows = command == "queue-list" ? rows(of: answer) : answer.result?["deliveries"]?.array ?? []
                found += rows.map { $0["waits_for"]?.string }
            }
            return found
        }
        #expect(try waits() == [nil, nil])
        _ = mailer.book.failed(
            "a", words: "no", needsPerson: true, at: SystemClock.now(), retry: Retry())
        #expect(try waits() == ["account 'a', which is paused", "account 'a', which is paused"])
        mailer.settings.smtp.redirect.enabled = true
        #expect(try waits().first == "an address in smtp.redirect.to")
    }

    @Test("an account that nobody has connected to is not called well; a letter that went elsewhere is marked")
    func words() throws {
        let (mailer, letter) = try mailer([.sent])
        let now = SystemClock.now()
        func state() throws -> String? { try mailer.status(at: now)["accounts"]?.array?.first?["state"]?.string }
        #expect(try state() == "not used yet")
        _ = mailer.book.succeeded("a", reply: "250 taken", session: nil, at: now)
        #expect(try state() == "well")
        var row = try #require(try mailer.queue.list(letter: letter.id).first)
        #expect(row.redirectedTo == nil)
        row.lastReply = "250 ok; redirected to a@example.org, b@example.org; c@example.org: 550 no"
        #expect(row.json()["redirected_to"]?.string == "a@example.org, b@example.org")
    }

    @Test("what a person wants to be tried now goes before what came after it, as it did before; and is due at once")
    func retrying() throws {
        let mailer = try site.mailer(site.settings(accounts: account("a", 1)), Mailer.Options())
        let letters = (0..<4).map { _ in Letter.sample() }
        let times = [10, 20, 30, 5000].map { Timestamp(seconds: $0) }
        try mailer.queue.transaction { () throws(QueueError) in
            for (letter, time) in zip(letters, times) {
                _ = try mailer.queue.takeIn(letter, at: Timestamp(seconds: 1))
                try mailer.queue.execute(
                    "UPDATE deliveries SET next_attempt = ? WHERE letter = ?",
                    [.integer(time.microseconds), .text(letter.id)])
            }
            try mailer.queue.loadIndex(at: Timestamp(seconds: 100))
            for letter in [letters[0], letters[3]] {
                #expect(try mailer.queue.change(letter.id, .retry, at: Timestamp(seconds: 100)) == 1)
            }
        }
        #expect(
            try mailer.queue.letters(try mailer.queue.turns(at: Timestamp(seconds: 100))) == letters.map(\.id))
        #expect(try mailer.queue.list(letter: letters[0].id).first?.nextAttempt == times[0])
    }

    @Test("a list says which domain is not reached where letters go straight to their hosts, and when it is tried")
    func unreached() throws {
        let settings = try site.settings(accounts: "name: d, server: direct")
        let mailer = try site.mailer(settings, Mailer.Options())
        let now = SystemClock.now()
        for recipient in ["bob@[127.0.0.77]", "bob@example.net"] {
            _ = try mailer.queue.takeIn(.sample(to: [recipient]), at: now)
        }
        func waits(at time: Timestamp) throws -> [String?] {
            var effects = Effects()
            let request = ControlRequest(
                command: "queue-list", arguments: [:], peer: ControlPeer(pid: 1, uid: 0, gid: 0))
            let user = LocalUser(uid: 0, name: "root", isPrivileged: true)
            let call = ControlCall(request: request, user: user, answer: try Answer())
            return rows(of: try mailer.respond(to: call, at: time, &effects)).map { $0["waits_for"]?.string }
        }
        #expect(try waits(at: now) == [nil, nil])
        let lane = Lane(account: "d", destination: "[127.0.0.77]")
        _ = mailer.lanes.failed(lane, words: "refused", trouble: nil, at: now, jitter: 0)
        let next = try #require(mailer.lanes[lane].openUntil)
        let time = next.plain(utcOffset: SystemClock.utcOffset(at: next))
        #expect(try waits(at: now) == ["[127.0.0.77], which is not reached; next try \(time)", nil])
        #expect(try waits(at: next) == ["[127.0.0.77], which is not reached", nil])
        _ = mailer.lanes.reached(lane, trouble: nil, at: next)
        #expect(try waits(at: next) == [nil, nil])
    }

    @Test(
        "where no mailer runs, what one left under way when it died can be held; what never went out, taken back",
        arguments: [
            (QueueChange.hold, DeliveryState.sending, DeliveryState.held), (.hold, .dotPending, .held),
            (.retract, .sending, .retracted), (.retract, .dotPending, .uncertain), (.remove, .dotPending, .retracted),
            (.retry, .sending, .queued),
        ]) func atRest(_ change: QueueChange, _ before: DeliveryState, _ after: DeliveryState) throws
    {
        let (mailer, letter) = try mailer([before])
        let other = Letter.sample()
        try mailer.queue.transaction { () throws(QueueError) in
            _ = try mailer.queue.takeIn(other, at: SystemClock.now())
            try mailer.queue.execute("UPDATE deliveries SET state = 2 WHERE letter = ?", [.text(other.id)])
            let count = try mailer.queue.changeAtRest(letter.id, change, at: SystemClock.now(), hold: false)
            #expect(count == (after == .uncertain ? 0 : 1))
        }
        #expect(try mailer.queue.list(letter: letter.id).map(\.state) == [after])
        #expect(try mailer.queue.list(letter: other.id).map(\.state) == [.sending], "it is the start's")
    }
}
