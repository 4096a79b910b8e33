// What an account has refused for its own sake, while the account that is to carry it does not work.

import Control
import Formats
import Mail
import Platform
import SMTPTransport
import Settings
import TestSupport
import Testing

@testable import Mailing

@Suite struct MailerHandedOnTests {
    private let site: Site
    private let now = SystemClock.now()

    init() throws { site = try Site() }

    /// A report that `a` has refused waits for `b`, which was paused since.
    private func mailer(_ letter: Letter, needsPerson: Bool = true) throws -> Mailer {
        var settings = try site.settings(accounts: account("a", 1), account("b", 1))
        settings.smtp.retry.giveUpAfter = .seconds(3600)
        settings.smtp.retry.warnAfter = .seconds(60)
        settings.report.fallbackCommand = ["/bin/sh", "-c", "cat >> \(site.folder("told"))"]
        let mailer = try site.mailer(settings, Mailer.Options())
        mailer.book["b"]?.fault = "no such name"
        mailer.book["b"]?.needsPerson = needsPerson
        try mailer.queue.transaction { () throws(QueueError) in
            _ = try mailer.queue.takeIn(letter, at: now)
            try mailer.queue.execute(
                "UPDATE deliveries SET refused_by = '[\"a\"]', last_reply = '550 5.7.1 relaying denied'")
            try mailer.queue.loadIndex(at: now)
        }
        return mailer
    }

    @Test("an account that is paused is handed nothing: the letter has failed, as where no other is left")
    func handedToNoneThatIsPaused() throws {
        var options = SinkOptions()
        options.faults = [SinkFault("RCPT", "550 5.7.1 relaying denied")]
        let refusing = try site.sink(options)
        defer { refusing.stop() }
        // tcpmux: nothing listens there.
        let settings = try site.settings(accounts: account("a", refusing.port), account("b", 1))
        let (first, second) = (Letter.sample(), Letter.sample())
        for (letter, state) in [(first, DeliveryState.queued), (second, .failed)] {
            try site.hand(letter)
            try site.run(settings, noWait: true)
            #expect(try site.rows(letter).map(\.state) == [state])
        }
        #expect(try site.rows(second).first?.lastReply == "550 5.7.1 relaying denied")
    }

    @Test("it is given up when its time is over, though its alias has an account that is well; what came later is not")
    func givenUp() throws {
        let (letter, later) = (Letter.sample(), Letter.sample())
        let mailer = try mailer(letter)
        _ = try mailer.queue.takeIn(later, at: now)
        try mailer.queue.execute(
            "UPDATE deliveries SET began = ? WHERE letter = ?",
            [
                .integer((now + .seconds(1)).microseconds), .text(later.id),
            ])
        try mailer.queue.execute("UPDATE deliveries SET refused_by = '[\"a\"]'")
        try mailer.queue.loadIndex(at: now)
        func states(after seconds: Int64) throws -> [DeliveryState] {
            var effects = Effects()
            mailer.stallsMayHaveChanged = true
            try mailer.queue.transaction { () throws(QueueError) in
                try mailer.schedule(at: now + .seconds(seconds), &effects)
            }
            return try [letter, later].flatMap { try mailer.queue.list(letter: $0.id) }.map(\.state)
        }
        #expect(try states(after: 3599) == [.queued, .queued])
        #expect(try states(after: 3600) == [.failed, .queued])
        let row = try #require(try mailer.queue.list(letter: letter.id).first)
        #expect(row.lastReply == "given up after 60 min; last: 550 5.7.1 relaying denied", "\(row)")
        mailer.book["b"]?.fault = nil
        #expect(try states(after: 3700).last != .failed)
    }

    @Test(
        "report.fallback_command is told at once where a person has to mend the other account, else after a while",
        arguments: [true, false])
    func fallback(needsPerson: Bool) throws {
        let mailer = try mailer(.sample(), needsPerson: needsPerson)
        mailer.tellFallback(at: now)
        mailer.fallback.command.close()
        let told = String(decoding: (try? Files.read(site.folder("told"))) ?? [], as: UTF8.self)
        #expect(told.contains("Reports that wait: 1, since ") == needsPerson, "\(told)")
        #expect(told.contains("b (127.0.0.1): no such name") == needsPerson)
        #expect(told.contains("a: works, but has refused these reports") == needsPerson)
        #expect(mailer.fallback.since != nil)
        mailer.book["b"]?.fault = nil
        mailer.tellFallback(at: now)
        #expect(mailer.fallback.since == nil)
    }

    @Test("mail that is no report is nothing for report.fallback_command") func othersMail() throws {
        let mailer = try mailer(.sample(origin: "herald-send", priority: .bulk))
        mailer.tellFallback(at: now)
        mailer.fallback.command.close()
        #expect((try? Files.read(site.folder("told"))) == nil)
    }

    @Test("the other recipients are told after warn_after") func warned() throws {
        let mailer = try mailer(.sample(to: ["second@example.org"]))
        var effects = Effects()
        try mailer.queue.transaction { () throws(QueueError) in
            try mailer.warn(at: now + .seconds(60), &effects)
        }
        let rows = try mailer.queue.page().rows.filter { $0.origin == "mailer" }
        #expect(rows.map(\.recipient).sorted() == ["admin@example.org", "third@example.org"])
        let message = ParsedMessage(try mailer.queue.message(of: rows.first?.letter ?? "") ?? [])
        let text = String(decoding: message.root.bytes, as: UTF8.self)
        #expect(text.contains("refused by 'a'") && text.contains("relaying denied"), "\(text)")
    }

    @Test("the list says for which account it waits, and who has refused it") func obstacle() throws {
        let mailer = try mailer(.sample())
        var effects = Effects()
        let request = ControlRequest(
            command: "queue-list", arguments: [:], peer: ControlPeer(pid: 1, uid: 0, gid: 0))
        func waits() throws -> [String?] {
            let user = LocalUser(uid: 0, name: "root", isPrivileged: true)
            let call = ControlCall(request: request, user: user, answer: try Answer())
            return rows(of: try mailer.respond(to: call, at: now, &effects)).map { $0["waits_for"]?.string }
        }
        #expect(try waits() == ["account 'b', which is paused; refused by 'a'"])
        mailer.book["b"]?.fault = nil
        #expect(try waits() == [nil])
    }

    @Test("status says that letters wait for one account because another has refused them") func status() throws {
        let mailer = try mailer(.sample())
        func problems() throws -> [String] {
            (try mailer.status(at: now)["problems"]?.array ?? []).compactMap(\.string)
        }
        #expect(try problems().contains("1 delivery waits for account 'b', for 'a' has refused it"))
        mailer.book["b"]?.fault = nil
        #expect(try !problems().contains { $0.contains("has refused it") })
    }

    @Test("a reload at a time when nothing can be written: the new accounts count, and refusals are forgotten later")
    func fullDisk() throws {
        let mailer = try mailer(.sample())
        let direct = try site.settings(accounts: "name: a, server: direct", account("b", 1))
        mailer.settings.smtp.accounts = direct.smtp.accounts
        mailer.book.reload(direct.smtp.accounts, stamps: [:], at: now)
        let rule = DestinationRule(mailer.settings, mailer.book)
        #expect(rule != mailer.destinations)
        try mailer.queue.execute("PRAGMA query_only = ON")
        mailer.tellDestinations()
        #expect(mailer.destinations == rule && mailer.keepsRefusals)
        #expect(mailer.queue.index.carriers.map(\.carrier) == [.handedOn(alias: nil, refusedBy: ["a"])])
        try mailer.queue.execute("PRAGMA query_only = OFF")
        mailer.agenda.rescan = .zero
        mailer.heed()
        #expect(!mailer.keepsRefusals && mailer.queue.index.carriers.map(\.carrier) == [.alias(nil)])
    }
}
