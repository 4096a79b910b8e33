// smtp.retry.warn_after: a report that waits is told to the report's other recipients.

import Formats
import Mail
import Platform
import SMTPTransport
import Settings
import TestSupport
import Testing

@testable import Mailing

@Suite struct WarningTests {
    private let site: Site

    init() throws { site = try Site() }

    private let now = SystemClock.now()

    /// A queue in which this letter was tried once, and put off until `next`.
    private func mailer(_ settings: Settings, _ letters: [Letter], next: Duration = .seconds(3600)) throws -> Mailer {
        let mailer = try site.mailer(settings, Mailer.Options())
        try mailer.queue.transaction { () throws(QueueError) in
            for letter in letters { _ = try mailer.queue.takeIn(letter, at: now) }
            for letter in letters {
                for row in try mailer.queue.list(letter: letter.id) {
                    try mailer.queue.execute(
                        "UPDATE deliveries SET attempts = 3, next_attempt = ?, last_reply = '450 come back later' WHERE number = ?",
                        [.integer((now + next).microseconds), .integer(row.number)])
                }
            }
            try mailer.queue.loadIndex(at: now)
        }
        return mailer
    }

    private func warned(_ mailer: Mailer, at time: Timestamp) throws -> [DeliverySummary] {
        mailer.agenda.warning = .zero
        var effects = Effects()
        try mailer.queue.transaction { () throws(QueueError) in try mailer.warn(at: time, &effects) }
        return try mailer.queue.page().rows.filter { $0.origin == "mailer" }
    }

    @Test("after warn_after the other recipients are told, once, of all that wait; never of a warning")
    func told() throws {
        var settings = try site.settings(accounts: account("a", 1))
        settings.smtp.retry.warnAfter = .seconds(3600)
        let letters = [Letter.sample(to: ["second@example.org"]), Letter.sample(to: ["second@example.org"])]
        let mailer = try mailer(settings, letters)
        #expect(try warned(mailer, at: now + .seconds(3599)).isEmpty)
        let rows = try warned(mailer, at: now + .seconds(3600))
        #expect(rows.map(\.recipient).sorted() == ["admin@example.org", "third@example.org"])
        #expect(rows.allSatisfy { $0.subject.contains("2 reports wait for longer than 60 min") }, "\(rows)")
        let id = try #require(rows.first?.letter)
        let message = ParsedMessage(try mailer.queue.message(of: id) ?? [])
        let text = String(decoding: message.root.bytes, as: UTF8.self)
        #expect(text.contains("To second@example.org, since ") && text.contains("450 come back later"))
        #expect(
            message.header("Auto-Submitted") == "auto-generated" && message.header("To")?.contains("second") == false)
        try mailer.queue.execute("UPDATE deliveries SET attempts = 9 WHERE letter = ?", [.text(id)])
        #expect(try warned(mailer, at: now + .seconds(9 * 3600)).count == rows.count)
    }

    @Test("nobody is told of mail that is no report") func othersMail() throws {
        var settings = try site.settings(accounts: account("a", 1))
        settings.smtp.retry.warnAfter = .seconds(60)
        let mailer = try mailer(settings, [Letter.sample(to: ["second@example.org"], origin: "command")])
        #expect(try warned(mailer, at: now + .seconds(3600)).isEmpty)
    }

    @Test("with warn_after: off nobody is told; time without an account does not count") func quiet() throws {
        var settings = try site.settings(accounts: account("a", 1))
        settings.smtp.retry.warnAfter = nil
        let mailer = try mailer(settings, [Letter.sample(to: ["second@example.org"])])
        #expect(try warned(mailer, at: now + .seconds(3600)).isEmpty)
        mailer.settings.smtp.retry.warnAfter = .seconds(60)
        try mailer.queue.transaction { () throws(QueueError) in
            try mailer.queue.stall(alias: nil, usable: false, at: now)
        }
        #expect(try warned(mailer, at: now + .seconds(3600)).isEmpty)
        try mailer.queue.transaction { () throws(QueueError) in
            try mailer.queue.stall(alias: nil, usable: true, at: now + .seconds(3600))
        }
        #expect(try warned(mailer, at: now + .seconds(3659)).isEmpty)
        #expect(try !warned(mailer, at: now + .seconds(3660)).isEmpty)
    }

    @Test("where nobody else is there to be told, the log has it, and no letter goes") func alone() throws {
        var settings = try site.settings(accounts: account("a", 1))
        settings.smtp.retry.warnAfter = .seconds(60)
        let all = ["admin@example.org", "second@example.org", "third@example.org"]
        let mailer = try mailer(settings, [Letter.sample(to: all)])
        #expect(try warned(mailer, at: now + .seconds(61)).isEmpty)
    }
}
