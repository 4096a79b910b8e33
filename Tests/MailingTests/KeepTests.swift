// What stays of a letter that is done (smtp.keep), and what becomes of one whose alias is gone.

import Formats
import Mail
import Platform
import Settings
import TestSupport
import Testing

@testable import Mailing

@Suite struct KeepTests {
    private let site: Site

    init() throws { site = try Site() }

    @Test("after smtp.keep a letter that is done is an id and a digest: not in the list, and not taken twice")
    func kept() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        var settings = try site.settings(accounts: account("a", sink.port))
        let letter = Letter.sample()
        try site.hand(letter)
        try site.run(settings)
        #expect(try site.rows(letter).map(\.state) == [.sent])
        try site.run(settings)
        #expect(try site.rows(letter).map(\.state) == [.sent], "it is kept for 14 days")
        settings.smtp.keep = .zero
        try site.run(settings)
        #expect(throws: QueueError.self) { try site.rows(letter) }
        try site.hand(letter)
        try site.run(settings)
        #expect(site.messages.count == 1)
    }

    @Test("letters under an alias that is in the settings no more wait, and the status says so") func noAlias() throws {
        var settings = try site.settings(accounts: account("a", 1))
        var gone = settings.aliases[1]
        gone.description = "gone"
        settings.aliases.append(gone)
        let mailer = try site.mailer(settings, Mailer.Options())
        var letter = Letter.sample(origin: "command")
        letter.alias = "gone"
        try mailer.queue.transaction { () throws(QueueError) in
            _ = try mailer.queue.takeIn(letter, at: SystemClock.now())
        }
        func problems() throws -> [String] {
            try mailer.status(at: SystemClock.now())["problems"]?.array?.compactMap(\.string) ?? []
        }
        #expect(try !problems().contains { $0.contains("alias") })
        mailer.settings.aliases.removeLast()
        #expect(
            try problems().contains("1 delivery waits under the alias 'gone', which is not in 'aliases' any more"))
    }
}
