// No account works, and a report waits: report.fallback_command is told of it, once, on standard input.

import Formats
import Glibc
import Platform
import SMTPTransport
import Testing

@Suite(.serialized) struct FallbackTests {
    private func site(
        _ report: String, accounts: String? = nil, sink: SinkOptions = SinkOptions()
    ) throws -> TestSite {
        try TestSite(
            settings: """
                report: {group_wait: 0s, \(report)}
                watch: {journal: {enabled: false}, files: [{path: FOLDER/log/*.log}], rules: [FOLDER/rules]}
                """,
            accounts: accounts,
            rules: """
                rules:
                  - {id: test, title: "A fault of the test", severity: critical, match: 'FAULT'}
                """, sink: sink)
    }

    /// Something happens at the site, and its command, whose program is this line of shell, is run. Returns what reads all
    /// that its runs have written.
    private func tell(_ site: TestSite, _ line: String) throws -> () -> String {
        let told = site.folder + "/told"
        try Files.write("#!/bin/sh\n{ \(line); echo end of run; } >> \(told)\n".utf8, to: site.folder + "/tell")
        #expect(chmod(site.folder + "/tell", 0o755) == 0)
        for name in ["mailer", "watcher"] {
            try site.start(name)
            try site.awaitReady(name)
        }
        let log = try Descriptor.open(site.folder + "/log/app.log", O_WRONLY | O_APPEND | O_CREAT)
        try log.write("\(SystemClock.now().rfc3339()) web1 app[1]: FAULT\n".utf8)
        let text = { String(decoding: (try? Files.read(told)) ?? [], as: UTF8.self) }
        let came = try site.eventually(within: .seconds(300)) { text().contains("end of run") }
        #expect(came, "\(site.log("mailer"))")
        return text
    }

    @Test("an account that only a person can mend: the command gets the facts, once, across a restart of the mailer")
    func toldOnce() throws {
        let site = try site(
            "to_email: admin@example.org, fallback_command: [FOLDER/tell, one, \"two words\"]",
            // No certificate of such a name is there: the account is paused until a person looks.
            accounts: "[{name: office, server: 127.0.0.1, port: PORT, security: starttls}]")
        let text = try tell(site, "echo \"arguments: $# $1 $2\"; cat")
        #expect(text().hasPrefix("arguments: 2 one two words\n"), "\(text())")
        #expect(text().contains("office (127.0.0.1)"))
        #expect(text().contains("A fault of the test"))
        #expect(text().contains("Reports that wait: 1"))
        #expect(site.stop("mailer") == 0)
        try site.start("mailer")
        try site.awaitReady("mailer")
        // The next rounds, and the probe of the account, bring no second run within the hour.
        _ = try site.eventually(within: .seconds(3)) { text().components("end of run") > 1 }
        #expect(text().components("end of run") == 1)
    }
}

extension FallbackTests {
    @Test("a report that is refused for good: crit in the log, the command is told, status says so; the others get it")
    func refused() throws {
        var sink = SinkOptions()
        sink.faults = [SinkFault("RCPT TO:<admin@", "550 5.7.1 spam")]
        let site = try site(
            "to: [{email: admin@example.org}, {email: second@example.org}], fallback_command: [FOLDER/tell]", sink: sink
        )
        let text = try tell(site, "cat")
        #expect(text().contains("1 report cannot be delivered") && text().contains("A fault of the test"), "\(text())")
        #expect(text().contains("to admin@example.org: 550 5.7.1 spam"))
        #expect(try site.eventually(within: .seconds(60)) { !site.letters.raw.isEmpty })
        #expect(site.letters.raw.map(\.recipients) == [["second@example.org"]])
        let line = site.log("mailer").split(separator: "\n").first { $0.contains("550 5.7.1 spam") } ?? ""
        #expect(line.contains("critical"), "\(line)")
        let status = try HeraldRun(["status", "--config", site.folder + "/herald.yaml"])
        #expect(status.code == .exited(1) && status.output.contains("1 delivery has failed"), "\(status.output)")
    }
}

extension String {
    /// How often `part` stands in it.
    fileprivate func components(_ part: String) -> Int {
        split(separator: part, omittingEmptySubsequences: false).count - 1
    }
}
