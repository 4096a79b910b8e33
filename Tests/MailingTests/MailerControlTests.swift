// What is asked at the control socket, of a mailer as a whole.

import Formats
import Glibc
import Mail
import Platform
import Settings
import TestSupport
import Testing

@testable import Control
@testable import Mailing

@Suite struct MailerControlTests {
    private let site: Site

    init() throws { site = try Site() }

    @Test("what was asked for too long ago, and given up, is not done")
    func withdrawn() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        let inbox = try MailerInbox()
        let request = ControlRequest(
            command: "send", arguments: ["recipients": ["bob@example.net"]], body: Array("Hello.\n".utf8),
            peer: ControlPeer(pid: 1, uid: geteuid(), gid: getegid()))
        #expect(inbox.ask(request, patience: .zero).kind == .later)
        let settings = try site.settings(accounts: account("a", sink.port))
        let mailer = try site.mailer(settings, Mailer.Options(untilIdle: true), inbox)
        #expect(mailer.run() == 0)
        #expect(site.messages.isEmpty)
        #expect(try mailer.queue.list().isEmpty)
    }

    @Test("the mailer's thread asks nobody who somebody is: that comes with the request", arguments: [true, false])
    func whoAsks(isPrivileged: Bool) throws {
        let mailer = try site.mailer(try site.settings(accounts: account("a", 1)), Mailer.Options())
        // By the number alone it would be the other way round.
        let uid = isPrivileged ? 65_534 : geteuid()
        let request = ControlRequest(command: "status", arguments: .null, peer: ControlPeer(pid: 1, uid: uid, gid: uid))
        let user = LocalUser(uid: uid, name: "carla", isPrivileged: isPrivileged)
        let call = try ControlCall(request: request, user: user, answer: Answer())
        mailer.inbox.events.post(.request(call))
        _ = mailer.round()
        #expect(call.answer.wait(.zero)?.kind == (isPrivileged ? nil : .denied))
    }

    @Test("the control socket takes a message, delivers it, and tells of it")
    func control() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        let running = try Running(site, try site.settings(accounts: account("a", sink.port)))
        let sent = running.ask("send", ["recipients": ["bob@example.net"]], body: Array("Hello.\n".utf8))
        let id = try #require(sent.result?["id"]?.string, "\(sent)")
        #expect(running.waitForArrival())
        #expect(ParsedMessage(try #require(site.messages.first?.bytes)).text.contains("Hello."))
        let shown = running.ask("queue-show", ["id": .string(id)])
        #expect(shown.result?["deliveries"]?.array?.count == 1)
        #expect(shown.body == site.messages.first?.bytes)
        #expect(rows(of: running.ask("queue-list")).first?["id"]?.string == id)
        #expect(running.ask("status").result?["problems"] == .array([]))
        #expect(running.ask("queue-retract", ["id": .string(id)]).error != nil)
        #expect(running.ask("queue-show", ["id": "../../etc"]).kind == .wrong)
        #expect(running.ask("send", ["recipients": ["bob"]], body: [0x61]).kind == .wrong)
        #expect(running.ask("send", ["recipients": ["a@b.c"]], body: [0x61], uid: 65_534).kind == .denied)
        #expect(running.ask("queue-list", uid: 65_534).kind == .denied)
        #expect(running.ask("nonsense").kind == .wrong)
        #expect(running.stop() == 0)
        #expect(running.ask("status").kind == .later)
    }
}
