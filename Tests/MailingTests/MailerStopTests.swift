import Control
import Formats
import Glibc
import Mail
import Platform
import TestSupport
import Testing

@testable import Mailing

@Suite struct MailerStopTests {
    private let site: Site

    init() throws { site = try Site() }

    private let asked = ControlRequest(
        command: "status", arguments: .null, peer: ControlPeer(pid: 1, uid: geteuid(), gid: getegid()))

    @Test("a stop waits for the answer to a dot past its grace, so that the letter is not sent twice")
    func waitsForAnswer() throws {
        let inbox = try MailerInbox()
        let asked = asked
        let peer = try ScriptedPeer(
            hello + envelope + [
                .run {
                    inbox.stop()
                    // Answered once the stop has begun, and with no grace is over.
                    for _ in 1...3 { _ = inbox.ask(asked) }
                }, .say("250 2.0.0 taken"),
            ] + bye)
        defer { peer.stop() }
        let letter = Letter.sample()
        try site.hand(letter)
        var options = Mailer.Options()
        options.stopGrace = .zero
        do {
            let mailer = try site.mailer(try site.settings(accounts: account("a", peer.port)), options, inbox)
            #expect(mailer.run() == 0)
        }
        #expect(try site.rows(letter).map(\.state) == [.sent])
    }
}
