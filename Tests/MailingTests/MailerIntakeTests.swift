// What becomes of the files in incoming/, with a mailer as a whole.

import Formats
import Glibc
import Mail
import Platform
import Settings
import Spool
import TestSupport
import Testing

@testable import Control
@testable import Mailing

@Suite struct MailerIntakeTests {
    private let site: Site

    init() throws { site = try Site() }

    @Test("what is no letter, or may not be sent, is set aside with its reason, and the rest goes on")
    func rejected() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        let settings = try site.settings(accounts: account("a", sink.port))
        let good = Letter.sample()
        try site.hand(good)
        try site.run(settings)
        var other = good
        other.message += Array("more\r\n".utf8)
        try site.hand(other)
        try site.hand(.sample(to: ["stranger@example.net"]))
        try site.hand(.sample(origin: "responder"))
        let incoming = site.folder("spool/incoming/watcher")
        let truncated = Letter.sample()
        try Files.write(LetterFile.encode(truncated).dropLast(9), to: "\(incoming)/\(truncated.id).letter")
        try Files.write([0, 1, 2], to: "\(incoming)/\(Randomness.identifier()).letter")
        try Files.makeDirectories("\(incoming)/\(Randomness.identifier()).letter")
        #expect(symlink("/etc/passwd", "\(incoming)/\(Randomness.identifier()).letter") == 0)
        try Files.write([], to: "\(incoming)/notes.txt")
        try Directory(incoming).create([0xff, 0xfe], [1], mode: 0o640)
        let next = Letter.sample()
        try site.hand(next)
        try site.run(settings)
        #expect(site.messages.map(\.bytes) == [good.message, next.message])
        let rejected = try site.names("state/mailer/rejected")
        #expect(rejected.filter { $0.hasSuffix(".reason") }.count == 9)
        #expect(rejected.count == 17)
        #expect(rejected.contains("illegible-fffe"))
        #expect(try Files.names(in: incoming).isEmpty)
    }

    @Test("a report that lies in incoming/ when its recipient goes from the settings is not set aside")
    func reloadedRecipient() throws {
        let old = try site.settings(accounts: account("a", 1))
        var new = old
        new.report.recipients.removeFirst()
        let changed = new
        let mailer = try Mailer.start(
            old, options: Mailer.Options(), inbox: try MailerInbox(), signals: nil, log: Site.log,
            reload: { (changed, []) })
        let letter = Letter.sample()
        try site.hand(letter)
        mailer.reloadSettings()
        _ = mailer.round()
        #expect(try mailer.queue.list(letter: letter.id).map(\.recipient) == ["admin@example.org"])
        #expect(mailer.intake.rejectedCount == 0)
    }

    @Test("many strangers in a folder are refused a few at a time, and all in the end")
    func manyStrangers() throws {
        let settings = try site.settings(accounts: account("a", 1))
        let mailer = try site.mailer(settings, Mailer.Options(untilIdle: true))
        let incoming = site.folder("spool/incoming/watcher")
        for number in 0..<40 { try Files.write([], to: "\(incoming)/note \(number)") }
        for _ in 0..<40 { try Files.write([0], to: "\(incoming)/\(Randomness.identifier()).letter") }
        let first = mailer.intake.next(Admission(settings)).result
        #expect(first.rejected.count == 64)
        #expect(first.hasMore)
        #expect(mailer.run() == 0)
        #expect(try site.names("spool/incoming/watcher").isEmpty)
        #expect(mailer.intake.rejectedCount == 80)
    }
}
