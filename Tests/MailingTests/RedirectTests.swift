// smtp.redirect: every letter goes elsewhere, decided when it is sent.

import Formats
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import Settings
import Spool
import TestSupport
import Testing

@testable import Mailing

@Suite struct RedirectTests {
    private let site: Site

    init() throws { site = try Site() }

    private func settings(_ port: Int, _ to: [String]?) throws -> Settings {
        var settings = try site.settings(accounts: account("a", port))
        settings.smtp.redirect.enabled = to != nil
        settings.smtp.redirect.to = try (to ?? []).map { try EmailAddress($0) }
        return settings
    }

    @Test("letters that wait already go to the list alone, once, with their own recipients named in them")
    func redirected() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        let letter = Letter.sample(to: ["admin@example.org", "second@example.org"])
        try site.hand(letter)
        // Taken in and waiting before: nobody takes it.
        try site.run(try settings(1, nil), noWait: true)
        #expect(try site.rows(letter).map(\.state) == [.queued, .queued])
        try site.run(try settings(sink.port, ["t@example.net", "u@example.net"]))
        #expect(site.messages.count == 1)
        let message = try #require(site.messages.first)
        #expect(message.recipients == ["t@example.net", "u@example.net"] && message.sender == "herald@example.org")
        let parsed = ParsedMessage(message.bytes)
        #expect(parsed.header("X-Herald-Redirected-From") == "admin@example.org, second@example.org")
        #expect(parsed.header("Message-ID") == letter.messageID && parsed.root.children.count == 2)
        let rows = try site.rows(letter)
        #expect(rows.map(\.state) == [.sent, .sent])
        #expect(rows.map(\.recipient) == ["admin@example.org", "second@example.org"])
        #expect(rows.allSatisfy { $0.lastReply?.hasSuffix("redirected to t@example.net, u@example.net") == true })
        // The letter itself is as it was.
        #expect(try site.queue().message(of: letter.id) == letter.message)
    }

    @Test("with nobody on the list all letters are held, that is said, and they go when there is somebody")
    func held() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        let letter = Letter.sample()
        try site.hand(letter)
        let holding = try settings(sink.port, [])
        let mailer = try site.mailer(holding, Mailer.Options(untilIdle: true))
        #expect(mailer.run() == 1)
        let status = try mailer.status(at: SystemClock.now())
        #expect(status["problems"]?.array?.contains { $0.string?.contains("all letters are held") == true } == true)
        #expect(status["redirect"]?.string == "nobody")
        #expect(mailer.queue.stalls.reading(nil, at: SystemClock.now() + .seconds(60)) >= .seconds(60))
        #expect(site.messages.isEmpty)
    }

    @Test("what was held for want of an address goes when there is one") func letGo() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        let letter = Letter.sample()
        try site.hand(letter)
        do { #expect(try site.mailer(settings(sink.port, []), Mailer.Options(untilIdle: true)).run() == 1) }
        try site.run(try settings(sink.port, ["t@example.net"]))
        #expect(site.messages.map(\.recipients) == [["t@example.net"]])
    }

    @Test("one that is uncertain goes again byte for byte to the same addresses, though redirecting is over")
    func uncertain() throws {
        let envelope: [ScriptedPeer.Step] = [
            .expect("MAIL"), .say("250 ok"), .expect("RCPT TO:<t@example.net>"), .say("250 ok"), .expect("DATA"),
            .say("354 go on"), .expectMessage,
        ]
        let peer = try ScriptedPeer(hello + envelope + [.close], hello + envelope + [.say("250 taken")] + bye)
        defer { peer.stop() }
        let letter = Letter.sample(to: ["admin@example.org", "second@example.org"])
        try site.hand(letter)
        try site.run(try settings(peer.port, ["t@example.net"]), noWait: true)
        #expect(try site.rows(letter).map(\.state) == [.uncertain, .uncertain])
        try site.run(try settings(peer.port, nil))
        #expect(peer.problems.isEmpty, "\(peer.lines)")
        #expect(peer.messages.count == 2 && peer.messages.first == peer.messages.last)
        #expect(try site.rows(letter).map(\.state) == [.sent, .sent])
    }

    @Test("an address that says later gets it later, alone; the others not again") func partly() throws {
        func recipient(_ address: String, _ reply: String) -> [ScriptedPeer.Step] {
            [.expect("RCPT TO:<\(address)>"), .say(reply)]
        }
        let data: [ScriptedPeer.Step] = [.expect("DATA"), .say("354 go"), .expectMessage, .say("250 taken")]
        let peer = try ScriptedPeer(
            hello + [.expect("MAIL"), .say("250 ok")] + recipient("t@example.net", "250 ok")
                + recipient("u@example.net", "451 later") + recipient("v@example.net", "550 no") + data + bye,
            hello + [.expect("MAIL"), .say("250 ok")] + recipient("u@example.net", "250 ok") + data + bye)
        defer { peer.stop() }
        let letter = Letter.sample(to: ["admin@example.org", "second@example.org"])
        try site.hand(letter)
        try site.run(try settings(peer.port, ["t@example.net", "u@example.net", "v@example.net"]), noWait: true)
        let rows = try site.rows(letter)
        #expect(rows.map(\.state) == [.queued, .sent])
        #expect(rows[0].lastReply?.contains("u@example.net is still to have it") == true)
        #expect(rows[1].lastReply?.contains("v@example.net: 550 no") == true)
        try site.run(try settings(peer.port, ["w@example.net"]))
        #expect(peer.problems.isEmpty, "\(peer.lines)")
        #expect(peer.messages.count == 2 && peer.messages.first == peer.messages.last)
        #expect(try site.rows(letter).map(\.state) == [.sent, .sent])
    }

    @Test("a letter that nobody took is decided anew: what was sent to others is not kept") func anew() throws {
        let peer = try ScriptedPeer(
            hello + [.expect("MAIL"), .say("451 later")],
            hello + envelope + [.say("250 taken")] + bye)
        defer { peer.stop() }
        let letter = Letter.sample()
        try site.hand(letter)
        try site.run(try settings(peer.port, ["t@example.net"]), noWait: true)
        #expect(try site.rows(letter).map(\.state) == [.queued])
        try site.run(try settings(peer.port, nil))
        #expect(peer.lines.contains("RCPT TO:<admin@example.org>"))
        #expect(String(decoding: peer.messages.first ?? [], as: UTF8.self).contains("Redirected") == false)
        let queue = try site.queue()
        try queue.transaction { () throws(QueueError) in try queue.forgetRedirects() }
        #expect(!queue.mayHaveRedirects)
    }

    @Test("what the server said of each address is one outcome for the letter") func combined() throws {
        let list = try ["t@example.net", "u@example.net"].map { try EmailAddress($0) }
        func outcome(_ first: Outcome?, _ second: Outcome?) -> RedirectOutcome {
            var outcomes: [EmailAddress: Outcome] = [:]
            outcomes[list[0]] = first
            outcomes[list[1]] = second
            return RedirectOutcome(outcomes, of: list)
        }
        #expect(outcome(.delivered("250 a"), .delivered("250 a")).outcome.reaction == .delivered)
        #expect(outcome(.delivered("250 a"), .transient("450 b")).left == [list[1]])
        #expect(outcome(nil, .delivered("250 a")).left == [list[0]])
        #expect(outcome(.delivered("250 a"), .permanent("550 b")).left == [])
        #expect(outcome(.permanent("550 a"), .transient("450 b")).outcome == .transient("450 b"))
        #expect(outcome(.permanent("550 a"), .permanent("550 a")).outcome.code == 550)
        #expect(outcome(.uncertain("lost"), .uncertain("lost")).outcome.reaction == .uncertain)
        #expect(outcome(.permanent("550 a"), .uncertain("lost")).outcome == .uncertain("lost"))
    }

    @Test("an address that may have it is not forgotten because others have it: it is named, and gets it once more")
    func uncertainBesideDelivered() throws {
        let list = try ["t@example.net", "u@example.net", "v@example.net"].map { try EmailAddress($0) }
        func outcome(_ outcomes: Outcome?...) -> RedirectOutcome {
            var all: [EmailAddress: Outcome] = [:]
            for (address, outcome) in zip(list, outcomes) { all[address] = outcome }
            return RedirectOutcome(all, of: Array(list.prefix(outcomes.count)))
        }
        let pair = outcome(.delivered("250 a"), .uncertain("lost"))
        #expect(pair.outcome == .delivered("250 a; redirected to t@example.net; u@example.net may have it: lost"))
        #expect(pair.left == [list[1]] && pair.rest == .uncertain("lost (u@example.net may have it; 250 a)"))
        let two = outcome(.delivered("250 a"), .uncertain("lost"), .uncertain("lost"))
        #expect(two.left == [list[1], list[2]] && two.rest?.reaction == .uncertain)
        // In doubt as a whole: whoever said "later" gets it with the repetition.
        let three = outcome(.transient("451 later"), .delivered("250 a"), .uncertain("lost"))
        #expect(three.left == [list[2], list[0]] && three.rest?.reaction == .uncertain)
        #expect(three.outcome.words.contains("v@example.net may have it, t@example.net is still to have it"))
        let later = outcome(.transient("451 later"), .delivered("250 a"), .permanent("550 no"))
        #expect(later.left == [list[0]] && later.rest?.code == 451 && later.outcome.reaction == .delivered)
        #expect(outcome(.delivered("250 a"), .permanent("550 no")).rest == nil)
    }

    @Test(
        "while one domain has it and another is to be asked, what is to go again goes to the other alone; also after a failure"
    )
    func partlyTold() throws {
        let queue = try site.queue()
        let now = SystemClock.now()
        var redirect = Settings.Redirect()
        (redirect.enabled, redirect.to) = (true, try ["t@one.example", "u@two.example"].map { try EmailAddress($0) })
        let letter = Letter.sample(to: ["admin@example.org", "second@example.org"])
        try queue.transaction { () throws(QueueError) in _ = try queue.takeIn(letter, at: now) }
        func claim(_ time: Timestamp) throws -> Assignment {
            try queue.redirected(try #require(try queue.claimNext(at: time)), by: redirect, host: "h", at: time)
        }
        let first = try claim(now)
        try queue.dotPending(first.numbers, at: now)
        try queue.partly(first.numbers, left: [redirect.to[1]], isUncertain: false, at: now)
        #expect(try first.numbers.map { try queue.row(of: $0).state } == [.sending, .sending])
        // Killed now: it goes to the other alone, and nothing is uncertain.
        let after = try queue.recover(at: now, hold: false)
        #expect(after.sending == 2 && after.uncertain == 0)
        redirect.to = [try EmailAddress("w@three.example")]
        let again = try claim(now + .seconds(3600))
        #expect(again.redirect == [try EmailAddress("u@two.example")] && again.numbers == first.numbers)
        // Of one that may have it, the dot stays pending.
        try queue.dotPending(again.numbers, at: now)
        try queue.partly(again.numbers, left: [try EmailAddress("v@four.example")], isUncertain: true, at: now)
        #expect(try again.numbers.map { try queue.row(of: $0).state } == [.dotPending, .dotPending])
        // Refused for good there: a person who has it tried again does not have it sent to all.
        for number in again.numbers { try queue.failed(number, words: "550 no", at: now) }
        try queue.transaction { () throws(QueueError) in
            try queue.forgetRedirects()
            _ = try queue.change(letter.id, .retry, at: now + .seconds(7200))
        }
        #expect(try claim(now + .seconds(7200)).redirect == [try EmailAddress("v@four.example")])
    }
}

@Suite struct ReportUTF8Tests {
    @Test("row 62: a report of which one recipient needs SMTPUTF8 reaches the others where the server lacks it")
    func others() throws {
        let site = try Site()
        let peer = try ScriptedPeer(hello + envelope + [.say("250 taken")] + bye)
        defer { peer.stop() }
        var settings = try site.settings(accounts: account("a", peer.port))
        let people = try ["jörg@example.org", "admin@example.org"].map { try EmailAddress($0) }
        settings.report.recipients[1].email = people[0]
        var letter = Letter.sample()
        letter.envelope.recipients = people
        letter.message = try Draft(
            from: Mailbox("Herald", try EmailAddress("herald@example.org")), to: people.map { Mailbox(nil, $0) },
            subject: "s", messageID: letter.messageID, date: letter.created, text: "It broke.\n",
            boundarySeed: letter.id
        ).rendered()
        try site.hand(letter)
        try site.run(settings)
        let rows = try site.rows(letter)
        #expect(rows.map(\.state) == [.failed, .sent])
        #expect(rows[0].lastReply?.contains("needs SMTPUTF8, which the server lacks (5.6.7)") == true)
        #expect(peer.problems.isEmpty && peer.messages.count == 1)
    }
}
