import Formats
import Glibc
import Platform
import Testing

/// Rules that change while lines are written, with the real watcher and mailer.
@Suite(.serialized) struct ReloadTests {
    private static let settings = """
        report: {to_email: admin@example.org, group_wait: 0s, group_interval: 1s, max_per_hour: 1000}
        watch:
          journal: {enabled: false}
          files: [{path: FOLDER/log/*.log}]
          rules: [FOLDER/rules]
        """

    /// Rules for `OLD fault`, and in later generations for `NEW fault` too.
    private static func rules(_ generation: Int) -> String {
        let old = """
            rules:
              - {id: old, title: "Old \(generation)", severity: critical, match: 'OLD fault', group_by: [identifier]}

            """
        let new =
            "  - {id: new, title: New, severity: critical, match: 'NEW fault (?<n>\\d+)', group_by: [identifier]}\n"
        return generation == 0 ? old : old + new
    }

    /// Hits told so far of the rule, by the letters' header.
    private func told(_ site: TestSite, _ rule: String) -> Int {
        site.letters.all.filter { $0.header("X-Herald-Rule") == rule }
            .reduce(0) { $0 + (Int($1.header("X-Herald-New-Hits") ?? "") ?? 0) }
    }

    @Test("twenty reloads while lines are written: none missing, none twice; a new rule holds from its reload on")
    func underLoad() throws {
        let site = try TestSite(settings: Self.settings, rules: Self.rules(0))
        let path = site.folder + "/log/app.log"
        let log = try Descriptor.open(path, O_WRONLY | O_APPEND | O_CREAT)
        for name in ["mailer", "watcher"] {
            try site.start(name)
            try site.awaitReady(name)
        }
        func write(_ number: Int) throws {
            let now = SystemClock.now().rfc3339()
            try log.write("\(now) web1 app[1]: all is well\n\(now) web1 app[1]: OLD fault \(number)\n".utf8)
        }
        // Read by the old rules for certain, with lines that only the new ones name.
        for number in 0..<50 {
            try log.write("\(SystemClock.now().rfc3339()) web1 app[1]: NEW fault \(number)\n".utf8)
            try write(number)
        }
        #expect(try site.eventually(within: .seconds(300)) { told(site, "old") >= 50 }, "\(site.log("watcher"))")
        for generation in 1...20 {
            try Files.write(Self.rules(generation).utf8, to: site.folder + "/rules/test.yaml")
            site.signal("watcher", SIGHUP)
            for number in 0..<20 { try write(generation * 100 + number) }
        }
        let words = "the settings were read again: 2 rules"
        let reloaded = { site.log("watcher").split(separator: "\n").filter { $0.contains(words) }.count }
        // Signals that come while one is taken over may fall together; the last one counts.
        #expect(try site.eventually(within: .seconds(300)) { reloaded() >= 1 }, "\(site.log("watcher"))")
        let before = reloaded()
        site.signal("watcher", SIGHUP)
        #expect(try site.eventually(within: .seconds(300)) { reloaded() > before }, "\(site.log("watcher"))")
        for number in 0..<30 {
            try log.write("\(SystemClock.now().rfc3339()) web1 app[1]: NEW fault \(1000 + number)\n".utf8)
        }
        _ = try site.eventually(within: .seconds(300)) { told(site, "old") >= 450 && told(site, "new") >= 30 }
        for name in ["watcher", "mailer"] { #expect(site.stop(name) == 0, "\(site.log(name))") }
        #expect(told(site, "old") == 450, "\(site.log("watcher"))")
        #expect(told(site, "new") == 30, "\(site.log("watcher"))")
    }

    @Test("broken rules at a reload: the old ones stay in force, every fault is named, and the status says so")
    func broken() throws {
        let site = try TestSite(settings: Self.settings, rules: Self.rules(0))
        let log = try Descriptor.open(site.folder + "/log/app.log", O_WRONLY | O_APPEND | O_CREAT)
        for name in ["mailer", "watcher"] {
            try site.start(name)
            try site.awaitReady(name)
        }
        try Files.write(
            "rules:\n  - {id: x, titel: t, severity: error, match: '('}\n".utf8, to: site.folder + "/rules/a.yaml")
        try Files.write(
            "rules:\n  - {id: y, title: t, severity: error, match: '('}\n".utf8, to: site.folder + "/rules/b.yaml")
        site.signal("watcher", SIGHUP)
        let isTold = try site.eventually(within: .seconds(300)) {
            site.log("watcher").contains("the earlier settings stay in force: the rules are not valid")
        }
        #expect(isTold, "\(site.log("watcher"))")
        for words in ["/rules/a.yaml:2:13: unknown key 'titel'", "/rules/b.yaml:2:47: not a pattern"] {
            #expect(site.log("watcher").contains(words), "\(words) in \(site.log("watcher"))")
        }
        #expect(try site.ask("watcher", "status").result.text.contains("the rules are not valid"))
        try log.write("\(SystemClock.now().rfc3339()) web1 app[1]: OLD fault\n".utf8)
        #expect(try site.eventually(within: .seconds(300)) { told(site, "old") == 1 }, "\(site.log("watcher"))")
        // Mended, they are taken over, and the status is well again.
        for name in ["a", "b"] { try Files.remove("\(site.folder)/rules/\(name).yaml") }
        site.signal("watcher", SIGHUP)
        let isWell = try site.eventually(within: .seconds(300)) {
            site.log("watcher").contains("the settings were read again: 1 rules")
        }
        #expect(isWell, "\(site.log("watcher"))")
        #expect(try !site.ask("watcher", "status").result.text.contains("the rules are not valid"))
        for name in ["watcher", "mailer"] { #expect(site.stop(name) == 0) }
    }

    @Test("rules that change on the disk are not read before a reload") func unread() throws {
        let site = try TestSite(settings: Self.settings, rules: Self.rules(0))
        let log = try Descriptor.open(site.folder + "/log/app.log", O_WRONLY | O_APPEND | O_CREAT)
        for name in ["mailer", "watcher"] {
            try site.start(name)
            try site.awaitReady(name)
        }
        try Files.write("no rules at all: [".utf8, to: site.folder + "/rules/test.yaml")
        try log.write("\(SystemClock.now().rfc3339()) web1 app[1]: OLD fault\n".utf8)
        #expect(try site.eventually(within: .seconds(300)) { told(site, "old") == 1 }, "\(site.log("watcher"))")
        for name in ["watcher", "mailer"] { #expect(site.stop(name) == 0) }
    }
}
