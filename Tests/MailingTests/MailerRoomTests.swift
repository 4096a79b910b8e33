import Formats
import Glibc
import Mail
import Platform
import SMTPTransport
import Settings
import TestSupport
import Testing

@testable import Control
@testable import Mailing

@Suite struct MailerRoomTests {
    private let site: Site

    init() throws { site = try Site() }

    /// Lets the database grow by so many pages (of 4 KiB) and no more.
    private func limit(_ queue: Queue, pages: Int64) throws {
        let count = try #require(try queue.rows("PRAGMA page_count").first?.first?.int)
        _ = try queue.rows("PRAGMA max_page_count = \(count + pages)")
    }

    @Test("a letter that finds no room holds nobody else's up, and stays where it is")
    func largeLetter() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        let mailer = try site.mailer(
            try site.settings(accounts: account("a", sink.port)), Mailer.Options(untilIdle: true))
        try limit(mailer.queue, pages: 60)
        let large = Letter.sample(body: String(repeating: "0123456789\r\n", count: 100_000))
        let small = (0..<5).map { Letter.sample(body: "small \($0)") }
        try site.hand(small[0])
        try site.hand(large)
        for letter in small.dropFirst() { try site.hand(letter) }
        #expect(mailer.run() == 75)
        #expect(Set(site.messages.map(\.bytes)) == Set(small.map(\.message)))
        #expect(try site.names("spool/incoming/watcher") == ["\(large.id).letter"])
        #expect(mailer.troubles.database == nil)
        #expect(mailer.troubles.noRoom?.contains(large.id) == true)
    }

    @Test("a request that finds no room is told to come later; the others are answered")
    func largeRequest() throws {
        let inbox = try MailerInbox()
        let mailer = try site.mailer(try site.settings(accounts: account("a", 1)), Mailer.Options(), inbox)
        try limit(mailer.queue, pages: 60)
        let peer = ControlPeer(pid: 1, uid: geteuid(), gid: getegid())
        func call(_ command: String, _ body: [UInt8] = []) throws -> ControlCall {
            let call = ControlCall(
                request: ControlRequest(
                    command: command, arguments: ["recipients": ["bob@example.net"]], body: body, peer: peer),
                user: LocalUser(peer), answer: try Answer())
            inbox.events.post(.request(call))
            return call
        }
        let large = try call("send", Array(String(repeating: "0123456789\n", count: 100_000).utf8))
        let small = try call("send", Array("Hello.\n".utf8))
        let list = try call("queue-list")
        _ = mailer.round()
        #expect(large.answer.wait(.zero)?.kind == .later)
        #expect(small.answer.wait(.zero)?.result?["id"]?.string != nil)
        #expect(list.answer.wait(.zero)?.result?["count"]?.int == 1)
    }

    @Test("without room, the texts of letters that were sent make some; what is known of them stays")
    func textsMakeRoom() throws {
        let mailer = try site.mailer(
            try site.settings(accounts: account("a", 1) + ", enabled: false"), Mailer.Options())
        let now = SystemClock.now()
        let body = String(repeating: "0123456789\r\n", count: 5000)
        let (sent, failed, waiting) = (Letter.sample(body: body), Letter.sample(body: body), Letter.sample(body: body))
        for letter in [sent, failed, waiting] { _ = try mailer.queue.takeIn(letter, at: now) }
        try mailer.queue.execute("UPDATE deliveries SET state = 5 WHERE letter = ?", [.text(sent.id)])
        try mailer.queue.execute("UPDATE deliveries SET state = 6 WHERE letter = ?", [.text(failed.id)])
        try limit(mailer.queue, pages: 8)
        let next = Letter.sample(body: body)
        try site.hand(next)
        _ = mailer.round()
        #expect(mailer.troubles.noRoom == nil && mailer.troubles.database == nil)
        #expect(try mailer.queue.list(letter: next.id).map(\.state) == [.queued])
        #expect(try mailer.queue.list(letter: sent.id).map(\.state) == [.sent])
        #expect(try mailer.queue.message(of: sent.id) == nil)
        for letter in [failed, waiting] { #expect(try mailer.queue.message(of: letter.id) == letter.message) }
        #expect(try mailer.queue.takeIn(sent, at: now) == .known)
    }

    @Test("of a full folder a round that is written in parts takes no more than another one")
    func bounded() throws {
        let mailer = try site.mailer(try site.settings(accounts: account("a", 1)), Mailer.Options())
        for _ in 0..<70 { try site.hand(.sample()) }
        let first = mailer.roundApart([], at: .now())
        #expect(first.intake?.taken.count == 64 && first.intake?.hasMore == true && mailer.mayHaveLetters)
        let second = mailer.roundApart([], at: .now())
        #expect(second.intake?.taken.count == 6 && !mailer.mayHaveLetters)
    }

    /// Asks in a round of its own.
    private func ask(_ mailer: Mailer, _ command: String, bytes: Int = 0) throws -> ControlResponse {
        let request = ControlRequest(
            command: command, arguments: ["recipients": ["bob@example.net"]],
            body: Array(String(repeating: "0123456789\n", count: (bytes + 10) / 11).utf8),
            peer: ControlPeer(pid: 1, uid: geteuid(), gid: getegid()))
        let call = try ControlCall(request: request, user: LocalUser(request.peer), answer: Answer())
        mailer.inbox.events.post(.request(call))
        _ = mailer.round()
        return try #require(call.answer.wait(.zero))
    }

    private func problems(_ mailer: Mailer) throws -> [String] {
        try ask(mailer, "status").result?["problems"]?.array?.compactMap(\.string) ?? []
    }

    @Test("where nothing can be written, the status says so until something was, though only a sender has noticed")
    func cannotWrite() throws {
        let mailer = try site.mailer(try site.settings(accounts: account("a", 1)), Mailer.Options())
        #expect(try problems(mailer).isEmpty)
        // As on a full disk: what is there can be read, and nothing can be added.
        for table in ["letters", "clock"] {
            try mailer.queue.execute(
                "CREATE TEMP TRIGGER no_\(table) BEFORE INSERT ON main.\(table) BEGIN SELECT RAISE(ABORT, 'full'); END")
        }
        #expect(try ask(mailer, "send", bytes: 10).kind == .later)
        for _ in 1...3 {
            let problems = try problems(mailer)
            #expect(problems.count == 1 && problems.first?.hasPrefix("the queue cannot be written: ") == true)
        }
        for table in ["letters", "clock"] { try mailer.queue.execute("DROP TRIGGER no_\(table)") }
        _ = mailer.round()
        #expect(try problems(mailer).isEmpty)
    }

    @Test("a request that is too large for what room is left is in the status until one of its size was taken")
    func refusedRequest() throws {
        let mailer = try site.mailer(
            try site.settings(accounts: account("a", 1) + ", delay_between_messages: 1h"), Mailer.Options())
        _ = try ask(mailer, "send", bytes: 10)
        try limit(mailer.queue, pages: 20)
        #expect(try ask(mailer, "send", bytes: 200_000).kind == .later)
        #expect(try problems(mailer).contains { $0.hasPrefix("'send' of 200002 bytes is refused: ") })
        #expect(try ask(mailer, "send", bytes: 10).result != nil)
        #expect(try problems(mailer).contains { $0.hasPrefix("'send' of ") })
        try limit(mailer.queue, pages: 10_000)
        #expect(try ask(mailer, "send", bytes: 200_000).result != nil)
        #expect(try !problems(mailer).contains { $0.hasPrefix("'send' of ") })
    }
}
