import Formats
import Logging
import Mail
import Platform
import TestSupport
import Testing

@testable import Mailing

@Suite struct FallbackCommandTests {
    private let site: Site
    private let now = SystemClock.now()

    init() throws {
        site = try Site()
        try Files.makeDirectories(site.folder("state/mailer"))
    }

    private func command() -> FallbackCommand { FallbackCommand(folder: site.folder("state/mailer"), log: Site.log) }
    private func message(_ until: Timestamp? = nil) -> FallbackCommand.Message {
        FallbackCommand.Message(facts: "facts\n", matter: "a test", refusedUntil: until)
    }

    private func run(_ command: FallbackCommand, _ program: String, after seconds: Int64) {
        command.run([program], message(), at: now + .seconds(seconds))
        command.close()
    }

    @Test("a run that failed is due again after a minute, then after two; one that went well after an hour")
    func again() {
        let command = command()
        #expect(command.isDue(now))
        run(command, "/bin/false", after: 0)
        #expect(!command.isDue(now + .seconds(59)) && command.isDue(now + .seconds(60)))
        run(command, "/nonexistent", after: 60)
        #expect(!command.isDue(now + .seconds(179)) && command.isDue(now + .seconds(180)))
        run(command, "/bin/true", after: 180)
        #expect(!command.isDue(now + .seconds(3779)) && command.isDue(now + .seconds(3780)))
        run(command, "/bin/false", after: 3780)
        #expect(command.isDue(now + .seconds(3840)))
    }

    @Test("a restart knows of a run that went well, and up to when refusals were told; one that failed is due at once")
    func restart() {
        let first = command()
        run(first, "/bin/false", after: 0)
        let second = command()
        #expect(second.isDue(now) && second.refusedUntil == nil)
        let until = now - .seconds(7)
        second.run(["/bin/true"], message(until), at: now)
        second.close()
        let third = command()
        #expect(!third.isDue(now + .seconds(60)) && third.refusedUntil == until)
        // A run about something else leaves that as it is.
        third.run(["/bin/true"], message(), at: now)
        third.close()
        #expect(command().refusedUntil == until)
    }

    /// A mailer whose command writes what it is told into the file `told`.
    private func mailer() throws -> Mailer {
        var settings = try site.settings(accounts: account("a", 1))
        settings.report.fallbackCommand = ["/bin/sh", "-c", "cat >> \(site.folder("told"))"]
        return try site.mailer(settings, Mailer.Options())
    }

    private func told() -> String { String(decoding: (try? Files.read(site.folder("told"))) ?? [], as: UTF8.self) }

    @Test("a report that waits for an account is told of, whatever waits before it")
    func behindOthers() throws {
        let mailer = try mailer()
        mailer.book["a"]?.fault = "refused"
        mailer.book["a"]?.needsPerson = true
        try mailer.queue.transaction { () throws(QueueError) in
            for _ in 0...QueuePage.rowsPerPage {
                _ = try mailer.queue.takeIn(.sample(origin: "herald-send", priority: .bulk), at: now)
            }
        }
        mailer.tellFallback(at: now)
        mailer.fallback.command.close()
        #expect(told().isEmpty)
        for _ in 0..<2 { _ = try mailer.queue.takeIn(.sample(), at: now) }
        mailer.tellFallback(at: now)
        mailer.fallback.command.close()
        #expect(told().contains("Reports that wait: 2, since "))
    }

    @Test("a report that was refused for good is told of after a restart too, and once")
    func refused() throws {
        let letter = Letter.sample()
        do {
            let mailer = try mailer()
            _ = try mailer.queue.takeIn(letter, at: now)
            _ = try mailer.queue.takeIn(.sample(origin: "herald-send", priority: .bulk), at: now)
            try mailer.queue.execute(
                "UPDATE deliveries SET state = 6, last_reply = '550 no', changed = ?",
                [
                    .integer(now.microseconds)
                ])
        }
        for restart in 0..<3 {
            let mailer = try mailer()
            mailer.tellRefusals(at: now + .seconds(Int64(restart) * 4000))
            mailer.fallback.command.close()
            #expect(told().split(separator: "\n").filter { $0.contains("cannot be delivered") }.count == 1)
        }
        #expect(told().contains("1 report cannot be delivered") && told().contains("to admin@example.org: 550 no"))
    }
}
