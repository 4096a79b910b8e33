import Formats
import Glibc
import Mail
import Platform
import TestSupport
import Testing

/// Random kills of the real daemons: nothing is lost, nothing is told twice.
@Suite(.serialized) struct KillTests {
    static let rules = """
        rules:
          - id: test-single
            title: "Single fault {token}"
            severity: critical
            match: 'SINGLE fault (?<token>t\\d+)'
            group_by: [token]
          - id: test-many
            title: "Many faults"
            severity: critical
            match: 'MANY fault'
            group_by: [identifier]
        """
    static let settings = """
        report: {to_email: admin@example.org, group_wait: 0s, group_interval: 1s, max_per_hour: 1000}
        watch:
          journal: {enabled: false}
          files: [{path: FOLDER/log/*.log}]
          rules: [FOLDER/rules]
        """

    @Test("10,000 lines with 200 critical ones, watcher and mailer killed at random: 200 hits are told, each once")
    func killedAtRandom() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        let site = try TestSite(settings: Self.settings, rules: Self.rules)
        let path = site.folder + "/log/app.log"
        var log = try Descriptor.open(path, O_WRONLY | O_APPEND | O_CREAT)
        for name in ["mailer", "watcher"] {
            try site.start(name)
            try site.awaitReady(name)
        }
        var kills = 0
        for chunk in 0..<100 {
            try log.write(Self.lines(chunk).utf8)
            if chunk % 4 == 0 {
                let name = random.next() % 2 == 0 ? "watcher" : "mailer"
                _ = try Poller.wait([], timeout: .milliseconds(Int64(random.next() % 120)))
                site.kill(name)
                kills += 1
                if chunk % 20 == 0 {
                    // As logrotate does it: nothing is overwritten while it may be unread.
                    for generation in (1...5).reversed() {
                        rename("\(path).\(generation)", "\(path).\(generation + 1)")
                    }
                    try retrying("rotate") { rename(path, "\(path).1") }
                    log = try Descriptor.open(path, O_WRONLY | O_APPEND | O_CREAT)
                }
                try site.start(name)
            }
        }
        for name in ["mailer", "watcher"] { try site.awaitReady(name) }
        _ = try site.eventually(within: .seconds(300)) { site.letters.newHits >= 200 }
        for name in ["watcher", "mailer"] { #expect(site.stop(name) == 0, "\(site.log(name))") }
        #expect(kills == 25)
        #expect(site.letters.newHits == 200, "seed \(seed)\n\(site.log("watcher"))\n\(site.log("mailer"))")
        let subjects = site.letters.all.compactMap { $0.header("Subject") }
        for token in 0..<100 {
            let telling = subjects.filter { $0.hasSuffix("Single fault t\(token)") }
            #expect(telling.count == 1, "token \(token), seed \(seed)")
        }
    }

    @Test("copied and truncated again and again, with and without kills: 120 hits are told, each once")
    func copiedAndTruncated() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        let site = try TestSite(settings: Self.settings, rules: Self.rules)
        let path = site.folder + "/log/app.log"
        let log = try Descriptor.open(path, O_WRONLY | O_APPEND | O_CREAT)
        for name in ["mailer", "watcher"] {
            try site.start(name)
            try site.awaitReady(name)
        }
        for chunk in 0..<60 {
            try log.write(Self.lines(chunk).utf8)
            if chunk % 10 == 5 { site.kill("watcher") }
            // Sometimes the watcher has read all of it, sometimes not; nothing is written between copy and truncation.
            _ = try Poller.wait([], timeout: .milliseconds(Int64(random.next() % 120)))
            if chunk % 2 == 1 {
                for generation in (1...40).reversed() {
                    rename("\(path).\(generation)", "\(path).\(generation + 1)")
                }
                try Self.copy(path, to: path + ".1")
                if random.next() % 2 == 0 { _ = try Poller.wait([], timeout: .milliseconds(Int64(random.next() % 4))) }
                try retrying("truncate") { truncate(path, 0) }
            }
            if chunk % 10 == 5 { try site.start("watcher") }
        }
        try site.awaitReady("watcher")
        _ = try site.eventually(within: .seconds(300)) { site.letters.newHits >= 120 }
        for name in ["watcher", "mailer"] { #expect(site.stop(name) == 0, "\(site.log(name))") }
        #expect(site.letters.newHits == 120, "seed \(seed)\n\(site.log("watcher"))\n\(site.log("mailer"))")
    }

    /// As cp does it: the copy is empty first, and grows.
    private static func copy(_ path: String, to other: String) throws {
        let bytes = try Files.read(path)
        let copy = try Descriptor.open(other, O_WRONLY | O_CREAT | O_EXCL)
        for start in stride(from: 0, to: bytes.count, by: 4096) { try copy.write(bytes[start...].prefix(4096)) }
    }

    /// 100 lines, of which one is a fault of its own and one a further hit of the same.
    static func lines(_ chunk: Int) -> String {
        var text = ""
        let now = SystemClock.now().rfc3339()  // older hits would be told in one digest
        for line in 0..<100 {
            switch line {
            case 40: text += "\(now) web1 app[1]: SINGLE fault t\(chunk)\n"
            case 80: text += "\(now) web1 app[1]: MANY fault number \(chunk)\n"
            default: text += "\(now) web1 app[1]: all is well, chunk \(chunk) line \(line)\n"
            }
        }
        return text
    }

    @Test("the responder killed at random: every application is answered once, and the ledger adds up")
    func responderKilledAtRandom() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        let site = try TestSite(
            settings: """
                report: {to_email: admin@example.org}
                aliases: [{description: jobs, name: Jobs, address: jobs@example.org}]
                watch: {journal: {enabled: false}}
                respond: {folders: [{path: FOLDER/jobs, from: jobs, settle: 0s}]}
                """)
        for name in ["mailer", "responder"] {
            try site.start(name)
            try site.awaitReady(name)
        }
        let count = 60
        for number in 0..<count {
            let temporary = "\(site.folder)/resume.tmp"
            try Files.write(Self.resume(number).utf8, to: temporary)
            try Files.renameExclusively(temporary, to: "\(site.folder)/jobs/resume-\(number).txt")
            if number % 6 == 5 {
                _ = try Poller.wait([], timeout: .milliseconds(Int64(random.next() % 150)))
                site.kill("responder")
                try site.start("responder")
            }
        }
        try site.awaitReady("responder")
        _ = try site.eventually(within: .seconds(300)) { site.letters.all.count >= count }
        for name in ["responder", "mailer"] { #expect(site.stop(name) == 0, "\(site.log(name))") }
        let recipients = site.letters.all.compactMap { $0.header("To") }.sorted()
        #expect(recipients.count == count, "seed \(seed)\n\(site.log("responder"))")
        #expect(Set(recipients).count == count, "seed \(seed)")
        let filed = try Files.list(site.folder + "/jobs.herald/done").filter { $0.hasSuffix(".txt") }
        #expect(filed.count == count, "seed \(seed)")
    }

    static func resume(_ number: Int) -> String {
        """
        Person Number\(number)
        person.number\(number)@applicants.example

        Curriculum vitae

        Work experience
        2019 - 2026  System administrator, Example Hosting \(number)
        2015 - 2019  Operator, Example University

        Education
        2011 - 2015  BSc Computer Science

        Skills
        systemd, PostgreSQL, nginx

        """
    }
}
