// What a person asks and changes with `herald incidents`, `silence` and `status`: with the watcher at work, and without it.

import Formats
import Glibc
import Platform
import TestSupport
import Testing

@Suite(.serialized) struct IncidentsCommandTests {
    private let site: TestSite

    init() throws {
        site = try TestSite(
            settings: """
                report: {to_email: admin@example.org, group_wait: 0s, group_interval: 1s, max_per_hour: 1000}
                watch: {journal: {enabled: false}, files: [{path: FOLDER/log/*.log}], rules: [FOLDER/rules]}
                """,
            rules: """
                rules:
                  - {id: test-fault, title: "Fault {number}", severity: critical, match: 'FAULT (?<number>\\d+)', group_by: [number]}
                  - {id: test-other, title: "Other", severity: critical, match: OTHER}
                """)
        try Files.write([], to: site.folder + "/log/app.log")
        for name in ["mailer", "watcher"] {
            try site.start(name)
            try site.awaitReady(name)
        }
    }

    private func append(_ words: String, host: String = "web1") throws {
        let line = "\(SystemClock.now().rfc3339()) \(host) app[1]: \(words)\n"
        try Descriptor.open(site.folder + "/log/app.log", O_WRONLY | O_APPEND).write(line.utf8)
    }

    private func run(_ arguments: [String]) throws -> HeraldRun {
        try HeraldRun(arguments + ["--config", site.folder + "/herald.yaml"])
    }

    /// The objects that the command prints, one a line; it must end well.
    private func objects(_ arguments: String...) throws -> [JSON] {
        let run = try run(arguments + ["--json"])
        try #require(run.code == .exited(0), "\(arguments): \(run.errors)")
        return try run.objects()
    }

    /// Two incidents of one rule on two hosts, told. Returns the number of the first.
    private func twoFaults() throws -> String {
        try append("FAULT 1")
        try append("FAULT 2", host: "web2")
        try #require(try site.eventually(within: .seconds(120)) { site.letters.newHits == 2 }, "\(site.log("watcher"))")
        let first = try objects("incidents", "list").first { $0["title"]?.string == "Fault 1" }
        return String(try #require(first?["id"]?.int))
    }

    @Test("incidents are listed, shown and resolved, silences made and ended", arguments: [true, false])
    func lives(isWatcherRunning: Bool) throws {
        let id = try twoFaults()
        if !isWatcherRunning { #expect(site.stop("watcher") == 0) }
        try list()
        try show(id)
        try silences(id)
        let resolved = try run(["incidents", "resolve", id])
        #expect(resolved.code == .exited(0) && resolved.output.contains("Fault 1"), "\(resolved.errors)")
        #expect(try objects("incidents").map { $0["title"]?.string } == ["Fault 2"])
        let all = try objects("incidents", "list", "--all")
        #expect(all.compactMap { $0["state"]?.string } == ["open", "resolved"])
        #expect(all.last?["id"]?.int == Int64(id))
        let again = try run(["incidents", "resolve", id])
        #expect(again.code == .exited(2) && again.output.isEmpty && again.errors.contains(id), "\(again.errors)")
        if isWatcherRunning { return }
        // What was changed without it is so to the watcher.
        try site.start("watcher")
        try site.awaitReady("watcher")
        #expect(try objects("incidents").map { $0["title"]?.string } == ["Fault 2"])
    }

    private func list() throws {
        let listed = try objects("incidents", "list")
        #expect(Set(listed.map { $0["title"]?.string }) == ["Fault 1", "Fault 2"])
        #expect(listed.allSatisfy { $0["state"]?.string == "open" && $0["hits"]?.int == 1 && $0["letters"]?.int == 1 })
        for (options, count) in [
            (["--rule", "test-f*"], 2), (["--rule", "test-other"], 0), (["--host", "web2"], 1),
            (["--host", "w?b*"], 2),
            (["--since", "1h"], 2), (["--since", "2999-01-01"], 0), (["--rule", "test-*", "--host", "web1"], 1),
        ] {
            let found = try run(["incidents", "list", "--json"] + options)
            #expect(
                found.code == .exited(0) && found.lines.count == count, "\(options): \(found.output)\(found.errors)")
        }
        for (limit, isCut) in [("1", true), ("2", false), ("9999", false)] {
            let found = try run(["incidents", "list", "--limit", limit])
            #expect(found.errors.contains("there are more than these 1") == isCut, "\(found.errors)")
            #expect(found.code == .exited(0), "\(found.output)")
        }
        #expect(try run(["incidents", "list", "--limit", "0"]).code == .exited(2))
        let table = try run(["incidents"])
        #expect(table.code == .exited(0) && table.output.contains("Fault 1") && table.output.contains("Fault 2"))
        let wrong = try run(["incidents", "list", "--since", "yesterday"])
        #expect(wrong.code == .exited(2) && wrong.errors.contains("yesterday"), "\(wrong.errors)")
    }

    private func show(_ id: String) throws {
        let shown = try objects("incidents", "show", id)
        #expect(shown.count == 1)
        #expect(shown.first?["captures"]?["number"]?.string == "1")
        #expect(shown.first?["samples"]?.array?.first?["text"]?.string?.hasSuffix("web1 app[1]: FAULT 1") == true)
        #expect(shown.first?["letters_sent"]?.array?.map { $0["kind"]?.string } == ["first"])
        let page = try run(["incidents", "show", id])
        #expect(page.code == .exited(0) && page.output.contains("web1 app[1]: FAULT 1"), "\(page.output)\(page.errors)")
        let none = try run(["incidents", "show", "99999"])
        #expect(none.code == .exited(2) && none.output.isEmpty && none.errors.contains("99999"), "\(none.errors)")
    }

    private func silences(_ id: String) throws {
        #expect(try objects("silence", "list").isEmpty)
        let made = try objects("silence", "add", "--incident", id, "--for", "4h", "--comment", "parts are ordered")
        #expect(made.count == 1 && made.first?["covers"]?.int == 1 && made.first?["incident"]?.int == Int64(id))
        let number = try #require(made.first?["id"]?.int)
        let listed = try objects("silence", "list")
        #expect(listed.map { $0["comment"]?.string } == ["parts are ordered"])
        #expect(listed.map { $0["id"]?.int } == [number])
        let silenced = try objects("incidents").filter { $0["silence"]?.int == number }
        #expect(silenced.map { $0["title"]?.string } == ["Fault 1"])
        #expect(try run(["silence", "list"]).output.contains("parts are ordered"))
        let removed = try run(["silence", "remove", String(number)])
        #expect(removed.code == .exited(0), "\(removed.errors)")
        #expect(removed.output.contains("is over; nothing was kept quiet by it."), "\(removed.output)")
        #expect(try objects("silence", "list").isEmpty)
        for options in [
            ["remove", String(number)], ["add", "--comment", "c", "--for", "1h"],
            ["add", "--comment", "c", "--rule", "test-fault"],
            ["add", "--comment", "c", "--rule", "test-fault", "--until", "2020-01-01"],
            ["add", "--comment", "c", "--rule", "test-fault", "--for", "soon"],
            ["add", "--comment", "c", "--rule", "test-fault", "--for", "1h", "--until", "2999-01-01"],
            ["add", "--comment", "c", "--incident", "99999", "--for", "1h"],
        ] {
            let refused = try run(["silence"] + options)
            #expect(refused.code == .exited(2) && refused.output.isEmpty && !refused.errors.isEmpty, "\(options)")
        }
        #expect(try objects("silence", "list").isEmpty)
    }

    @Test("what a silence covers is counted and not told, until the silence is removed") func quiet() throws {
        _ = try twoFaults()
        let made = try objects(
            "silence", "add", "--rule", "test-f*", "--host", "web1", "--for", "1h", "--comment", "tests")
        let number = try #require(made.first?["id"]?.int)
        // The line of the other rule is told behind it: the first was read then.
        try append("FAULT 3")
        try append("OTHER")
        #expect(try site.eventually(within: .seconds(120)) { site.letters.newHits == 3 }, "\(site.log("watcher"))")
        let kept = try objects("incidents").first { $0["title"]?.string == "Fault 3" }
        #expect(kept?["not_told"]?.int == 1 && kept?["silence"]?.int == number)
        #expect(!site.letters.all.contains { $0.header("Subject")?.contains("Fault 3") == true })
        let removed = try run(["silence", "remove", String(number)])
        #expect(removed.code == .exited(0))
        #expect(removed.output.contains("is over; what came of 1 incident is told now."), "\(removed.output)")
        #expect(try site.eventually(within: .seconds(120)) { site.letters.newHits == 4 }, "\(site.log("watcher"))")
        #expect(site.letters.all.contains { $0.header("Subject")?.contains("Fault 3") == true })
    }

    @Test(
        "another user may neither ask nor change: exit 1 where the watcher refuses, 75 where its state cannot be read",
        .enabled(if: geteuid() == 0 || Completeness.isDemanded, "only root can be someone else"))
    func strangers() throws {
        let id = try twoFaults()
        for name in ["", "/rules", "/rules/test.yaml", "/herald.yaml"] {
            #expect(chmod(site.folder + name, name.hasSuffix(".yaml") ? 0o644 : 0o755) == 0)
        }
        func runAsNobody(_ arguments: [String]) throws -> ChildProcess.Result {
            let program = [
                "/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", TestSite.programs + "/herald",
            ]
            let config = ["--config", site.folder + "/herald.yaml"]
            return try ChildProcess(program + arguments + config, deadline: .seconds(60)).run()
        }
        let commands = [
            ["incidents", "list", "--json"], ["incidents", "show", id], ["incidents", "resolve", id],
            ["silence", "list", "--json"], ["silence", "remove", "1"],
            ["silence", "add", "--rule", "test-fault", "--for", "1h", "--comment", "quiet"],
        ]
        for code in [1, 75] as [Int32] {
            for command in commands {
                let refused = try runAsNobody(command)
                #expect(
                    refused.ending == .exited(code) && refused.output.isEmpty && !refused.errors.isEmpty, "\(command)")
            }
            if code == 1 { #expect(site.stop("watcher") == 0) }
        }
        #expect(try objects("incidents").count == 2)
        #expect(try objects("silence", "list").isEmpty)
    }

    @Test("the status is exit 0 while all is well, and 1 with the reason where something needs a person")
    func status() throws {
        _ = try twoFaults()
        let well = try run(["status"])
        #expect(well.code == .exited(0) && well.output.contains(site.folder + "/log/app.log"), "\(well.output)")
        let facts = try #require(try objects("status").first)
        #expect(facts["watcher"]?["open_incidents"]?.int == 2 && facts["watcher"]?["rules"]?.int == 2)
        #expect(facts["mailer"]?["queue"]?["sent"]?.int == 2)
        #expect(facts["watcher"]?["problems"]?.array?.isEmpty == true)
        let figures = try run(["status", "--prometheus"])
        #expect(figures.code == .exited(0))
        #expect(figures.lines.contains { $0.hasPrefix("herald_up{") && $0.contains("watcher") && $0.hasSuffix(" 1") })
        #expect(site.stop("mailer") == 0)
        for form in [[], ["--json"], ["--prometheus"]] {
            let broken = try run(["status"] + form)
            #expect(broken.code == .exited(1), "\(form)")
            if form == ["--prometheus"] {
                #expect(broken.lines.contains { $0.contains("daemon=\"mailer\"") && $0.hasSuffix(" 0") })
            } else {
                #expect(broken.output.contains("herald-mailer") && broken.output.contains("herald-watcher"))
            }
        }
        try Files.write("watch: {fils: []}\n".utf8, to: site.folder + "/herald.yaml")
        let wrong = try run(["status"])
        #expect(wrong.code == .exited(1) && wrong.output.contains("fils"), "\(wrong.errors)")
    }
}
