// `herald test-alert`: from the line that it writes to the accepted letter, and what it says where none comes.

import Formats
import Glibc
import Platform
import Testing

@testable import herald

@Suite(.serialized) struct TestAlertTests {
    private let site: TestSite

    init() throws {
        // The shipped rule.
        let checkout = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
        site = try TestSite(
            settings: """
                report: {to_email: admin@example.org}
                watch: {journal: {enabled: false}, files: [{path: FOLDER/log/*.log}], rules: [FOLDER/rules]}
                """, rules: String(decoding: try Files.read(checkout + "/rules/herald.yaml"), as: UTF8.self))
        try Files.write([], to: site.folder + "/log/app.log")
    }

    private func alert(_ options: String...) throws -> HeraldRun {
        try HeraldRun(["test-alert", "--config", site.folder + "/herald.yaml"] + options)
    }

    @Test("each call follows its own line to its letter, at once and whatever came before") func sent() throws {
        for name in ["mailer", "watcher"] {
            try site.start(name)
            try site.awaitReady(name)
        }
        for count in 1...2 {
            let run = try alert("--file", site.folder + "/log/app.log")
            #expect(run.code == .exited(0), "\(run.output)\(run.errors)")
            #expect(run.output.hasSuffix("Status: OK\n") && run.output.contains("line written to"), "\(run.output)")
            #expect(site.letters.all.count == count)
        }
        let lines = String(decoding: try Files.read(site.folder + "/log/app.log"), as: UTF8.self)
        let tokens = lines.split(separator: "\n").compactMap { $0.firstMatch(of: /alert ([0-9a-f]{8}):/)?.1 }
        #expect(Set(tokens).count == 2)
        for token in tokens {
            #expect(site.letters.all.contains { $0.header("Subject")?.contains(token) == true })
        }
    }

    @Test("where letters are as many as may be, what its incident waits for is said") func waits() throws {
        for name in ["mailer", "watcher"] {
            try site.start(name)
            try site.awaitReady(name)
        }
        // Emergency and alert have six in an hour.
        for _ in 0..<6 { #expect(try alert("--file", site.folder + "/log/app.log").code == .exited(0)) }
        let run = try alert("--file", site.folder + "/log/app.log", "--timeout", "3s")
        #expect(run.code == .exited(1))
        #expect(run.output.contains(/ms  incident 7 waits for the digest at \d\d:\d\d: letters/), "\(run.output)")
        #expect(run.errors.contains("no letter within 3s: incident 7 waits for the digest at"), "\(run.errors)")
    }

    @Test(
        "each way of not being told has its words",
        arguments: [
            ("silenced", "incident 7 is silenced"), ("inhibited", "kept quiet by incident 3"), ("nobody", "report.to"),
            ("recorded", "report.min_severity"), ("waits", "its letter goes at "), ("late", "late lines at "),
            ("told", "not yet in the queue"),
        ])
    func telling(telling: String, words: String) {
        let said = TestAlertCommand.words([
            "id": 7, "telling": .string(telling), "next_letter": "2026-11-22T06:03:00Z", "inhibited_by": 3,
        ])
        #expect(said.contains(words), "\(said)")
    }

    @Test("a line that nobody watches is exit 1 after the time-out, a file that is not there, or no daemon, is said")
    func none() throws {
        let stopped = try alert("--file", site.folder + "/log/app.log")
        #expect(stopped.code == .exited(75) && stopped.errors.contains("herald-watcher"), "\(stopped.errors)")
        for name in ["mailer", "watcher"] {
            try site.start(name)
            try site.awaitReady(name)
        }
        let elsewhere = site.folder + "/elsewhere"
        let gone = try alert("--file", elsewhere)
        #expect(gone.code != .exited(0) && gone.errors.contains(elsewhere), "\(gone.code) \(gone.errors)")
        try Files.write([], to: elsewhere)
        let unwatched = try alert("--file", elsewhere, "--timeout", "1s")
        #expect(unwatched.code == .exited(1) && unwatched.errors.contains("no letter within 1s"), "\(unwatched.errors)")
        #expect(try alert("--timeout", "soon").code == .exited(2))
        #expect(site.letters.all.isEmpty)
    }
}
