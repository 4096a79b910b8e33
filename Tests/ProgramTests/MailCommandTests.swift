// `herald send` and `herald queue` as a person and a script use them.

import Control
import Formats
import Logging
import Platform
import Synchronization
import TestSupport
import Testing

@Suite struct MailCommandTests {
    private func site() throws -> TestSite {
        try TestSite(
            settings: """
                report: {to_email: admin@example.org}
                aliases: [{description: alerts, address: herald@example.org, default: true}]
                watch: {journal: {enabled: false}}
                """, accounts: "[{name: office, server: 127.0.0.1, port: 1, security: none}]")
    }

    private func run(_ site: TestSite, _ words: [String], input: String = "", under wrapper: [String] = []) throws
        -> HeraldRun
    {
        try HeraldRun(words + ["--config", site.folder + "/herald.yaml"], input: Array(input.utf8), under: wrapper)
    }

    @Test("--json of each command that changes a letter is one object; what cannot be done says why")
    func json() throws {
        let site = try site()
        try site.start("mailer")
        try site.awaitReady("mailer")
        let sent = try run(site, ["send", "a@example.net", "--json"], input: "Subject: s\n\nx\n")
        let id = try #require(try sent.objects().first?["id"]?.string)
        for (change, code) in [("hold", 0), ("release", 0), ("retry", 0), ("retract", 0), ("remove", 2)]
            as [(String, Int32)]
        {
            let run = try run(site, ["queue", change, id, "--json"])
            #expect(run.code == .exited(code), "\(change): \(run.output)\(run.errors)")
            guard code == 0 else {
                #expect(run.errors.hasPrefix("\(id) is retracted, and kept until "), "\(run.errors)")
                continue
            }
            let object = try #require(try run.objects().first)
            #expect(object["id"]?.string == id && object["change"]?.string == change && object["deliveries"]?.int == 1)
        }
        #expect(site.stop("mailer") == 0)
        // Stopped, the same code says it.
        let stopped = try run(site, ["queue", "hold", id])
        #expect(stopped.code == .exited(2) && stopped.errors.contains("and \(id) is retracted"), "\(stopped.errors)")
        let list = try run(site, ["queue", "list"])
        #expect(list.lines.last == "herald-mailer does not run: nothing goes", "\(list.output)")
        let shown = try run(site, ["queue", "show", id])
        #expect(!shown.output.contains("waits_for") && shown.output.contains("  state: retracted"), "\(shown.output)")
    }

    @Test("a letter behind a paused account says so, and status names the way out of what is held")
    func waits() throws {
        let site = try site()
        try site.start("mailer")
        try site.awaitReady("mailer")
        let id = try run(site, ["send", "a@example.net"], input: "x\n").output.split(separator: "\n").joined()
        #expect(
            try site.eventually(within: .seconds(60)) {
                try run(site, ["queue", "list"]).output.contains("for account 'office', which is paused")
            })
        #expect(try run(site, ["queue", "hold", id]).code == .exited(0))
        let status = try run(site, ["status"])
        #expect(
            status.output.contains("queue list --state held names it\n      then 'queue release ID'"),
            "\(status.output)")
        #expect(site.stop("mailer") == 0)
    }

    /// What listens where the mailer would, from the moment that it is asked to.
    private final class LateMailer: Sendable {
        let server = Mutex<ControlServer?>(nil)

        func listen(at path: String) {
            let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let new = try? ControlServer(path: path, log: log) { request in
                .success(["id": .string("\(request.command) of \(request.body.count)")])
            }
            server.withLock { $0 = new }
        }
    }

    @Test("a mailer that is just starting again is waited for, and gets the message once") func patience() throws {
        let site = try site()
        try Files.makeDirectories(site.folder + "/run")
        let (mailer, socket) = (LateMailer(), site.folder + "/run/mailer.sock")
        let starter = try Worker.start("starter") {
            _ = try? Poller.wait([], timeout: .milliseconds(300))
            mailer.listen(at: socket)
        }
        let sent = try run(site, ["send", "a@example.net"], input: "x\n")
        starter.join()
        #expect(sent.code == .exited(0) && sent.output == "send of 2\n", "\(sent.errors)")
        mailer.server.withLock { $0?.stop() }
    }

    @Test("an empty input is warned of, and goes; what is no address, and a NUL, are refused") func input() throws {
        let site = try site()
        try site.start("mailer")
        try site.awaitReady("mailer")
        let empty = try run(site, ["send", "a@example.net"], input: "\n \n")
        #expect(
            empty.code == .exited(0) && empty.errors.contains("warning: standard input is empty"), "\(empty.errors)")
        let broken = try run(site, ["send", "-t"], input: "To: broken <\nCc: a@example.net\n\nx\n")
        #expect(broken.code == .exited(2) && broken.errors == "'broken <' in To is no address\n", "\(broken.errors)")
        let nul = try run(site, ["send", "a@example.net"], input: "Subject: a\0b\n\nx\n")
        #expect(nul.code == .exited(2) && nul.errors == "the field 'Subject' has a NUL in it\n", "\(nul.errors)")
        #expect(site.stop("mailer") == 0)
    }
}
