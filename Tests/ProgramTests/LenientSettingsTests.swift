// One wrong line in the settings: the daemons go on with the earlier ones, and so do the commands that ask them.

import Formats
import Glibc
import Platform
import Settings
import TestSupport
import Testing

@testable import herald

@Suite struct LenientSettingsTests {
    private static let right = """
        report: {to_email: admin@example.org}
        aliases: [{description: alerts, address: herald@example.org, default: true}]
        smtp: {hold: 1h, accounts: [{name: sink, server: 127.0.0.1, port: PORT, security: none}]}
        paths: {state: FOLDER/state, spool: FOLDER/spool, run: FOLDER/run}

        """

    /// A mailer at work on settings that were right, and have this instead now.
    private func site(_ now: String) throws -> TestSite {
        let site = try TestSite(settings: "")
        try site.configure(Self.right)
        try site.start("mailer")
        try site.awaitReady("mailer")
        try site.configure(now)
        site.signal("mailer", SIGHUP)
        try #require(
            try site.eventually(within: .seconds(60)) {
                try site.ask("mailer", "status").result["problems"]?.array?.isEmpty == false
            }, "\(site.log("mailer"))")
        return site
    }

    private func run(_ site: TestSite, _ arguments: [String], input: String = "") throws -> HeraldRun {
        try HeraldRun(arguments + ["--config", site.folder + "/herald.yaml"], input: Array(input.utf8))
    }

    /// A letter taken in, listed, and taken back.
    private func use(_ site: TestSite, _ more: [String]) throws -> [HeraldRun] {
        let sent = try run(site, ["send", "a@example.org"] + more, input: "Subject: x\n\nIt works.\n")
        #expect(sent.code == .exited(0), "\(sent.errors)")
        let id = String(try #require(sent.lines.first))
        let list = try run(site, ["queue", "list", "--json"] + more)
        #expect(list.code == .exited(0), "\(list.errors)")
        #expect(try list.objects().map { $0["id"]?.string } == [id])
        let taken = try run(site, ["queue", "retract", id] + more)
        #expect(taken.code == .exited(0), "\(taken.errors)")
        return [sent, list, taken]
    }

    @Test("a wrong line elsewhere is said, and takes neither send nor queue, status nor test-connection away")
    func elsewhere() throws {
        let site = try site(Self.right + "watch: {files: [{path: relative.log}]}\n")
        for run in try use(site, []) {
            #expect(run.errors.hasPrefix("warning: the settings are wrong") && run.errors.contains("'relative.log'"))
        }
        let status = try run(site, ["status"])
        #expect(status.code == .exited(1))
        for words in ["the settings are wrong, which `herald --config", "the earlier settings stay in force"] {
            #expect(status.output.contains(words), "\(status.output)")
        }
        let facts = try #require(try run(site, ["status", "--json"]).objects().first)
        #expect(facts["settings"]?["problems"]?.array?.count == 1 && facts["mailer"]?["pid"]?.int != nil)
        let figures = try run(site, ["status", "--prometheus"])
        #expect(figures.output.contains("herald_problems{daemon=\"settings\"} 1\n"))
        let connection = try run(site, ["test-connection"])
        #expect(connection.code == .exited(0) && connection.output.contains("Status: OK"), "\(connection.errors)")
        #expect(connection.errors.contains("'relative.log'"))
        // A letter of its own wants all of it, and so does what changes a state without its daemon.
        #expect(try run(site, ["test-connection", "--send"]).code == .exited(2))
        let incidents = try run(site, ["incidents"])
        #expect(incidents.code == .exited(2) && incidents.errors.contains("herald-watcher is not running"))
        #expect(site.stop("mailer") == 0)
        // The queue is where the settings say, and what is wrong in them has nothing to do with it.
        #expect(try run(site, ["queue", "list", "--json"]).objects().first?["state"]?.string == "retracted")
    }

    @Test("a wrong account is one that test-connection does not try")
    func account() throws {
        let site = try site(Self.right.replacing("security: none", with: "security: nine"))
        _ = try use(site, [])
        let connection = try run(site, ["test-connection"])
        #expect(
            connection.code == .exited(2) && connection.errors.contains("did you mean 'none'?"), "\(connection.errors)")
    }

    @Test("what is no YAML names no daemon; --run does")
    func noYAML() throws {
        let site = try site(Self.right + "watch: {files: [\n")
        let lost = try run(site, ["queue", "list"])
        #expect(lost.code == .exited(2) && lost.errors.contains("--run DIR asks the daemons"), "\(lost.errors)")
        let more = ["--run", site.folder + "/run"]
        _ = try use(site, more)
        let status = try run(site, ["status"] + more)
        #expect(status.code == .exited(1) && status.output.contains("the earlier settings stay in force"))
        #expect(try run(site, ["test-connection"]).code == .exited(2))
        #expect(site.stop("mailer") == 0)
        // Which queue it would be is not known then.
        let stopped = try run(site, ["queue", "list"] + more)
        #expect(stopped.code == .exited(75) && stopped.output.isEmpty, "\(stopped.output)")
        #expect(stopped.errors.contains("the settings that name its queue cannot be read"))
    }

    @Test(
        "the host's own settings, unreadable or no YAML, are those of the default paths; others' are nobody's",
        arguments: [
            (Product.settingsPath, EACCES, true, false), (Product.settingsPath, 0, true, true),
            (Product.settingsPath, ENOENT, false, false), ("/srv/herald.yaml", EACCES, false, false),
            ("/srv/herald.yaml", 0, false, false),
        ])
    func unread(_ path: String, _ errno: Int32, _ isOfUse: Bool, _ isSaid: Bool) throws {
        let file = ConfigurationFile(path: path, bytes: Array("watch: [\n".utf8))
        var reading = Settings.examine(errno == 0 ? [file] : [], host: Settings.Host(mailName: "web1.example.org"))
        if errno != 0 {
            reading.unread = SystemError("open", path, errno: errno)
            reading.diagnostics = [.init(file: path, message: "cannot open it")]
        }
        guard isOfUse else {
            let failure = #expect(throws: Failure.self) { try DaemonSettings(reading, path: path, run: nil) }
            #expect(failure?.code == 2)
            // The folder is enough, and taken from where the command stands.
            let named = try DaemonSettings(reading, path: path, run: "/srv/run")
            #expect(named.settings.paths.socket("mailer") == "/srv/run/mailer.sock" && !named.knowsPaths)
            return
        }
        let found = try DaemonSettings(reading, path: path, run: nil)
        #expect(found.settings.paths.socket("mailer") == "/run/herald/mailer.sock")
        #expect((found.trouble != nil) == isSaid, "an ordinary user is told nothing of what is not theirs")
    }

    @Test("a relative folder of sockets is the default one; a file of conf.d that cannot be read leaves the others")
    func paths() throws {
        let folder = try TemporaryFolder()
        try Files.makeDirectories(folder("conf.d"))
        try Files.write("paths: {run: run, state: /srv/state}\n".utf8, to: folder("herald.yaml"))
        for (name, text) in [
            ("1.yaml", "paths: {spool: /srv/spool}\n"), ("3.yaml", "report: {to_email: a@b.example}\n"),
        ] {
            try Files.write(text.utf8, to: folder("conf.d/" + name))
        }
        #expect(symlink("/nonexistent/x", folder("conf.d/2.yaml")) == 0)
        let reading = Settings.examine(folder("herald.yaml"))
        #expect(reading.settings == nil && reading.knowsPaths)
        let paths = reading.usable.paths
        #expect(paths.state == "/srv/state" && paths.spool == "/srv/spool" && paths.run == "/run/herald")
        #expect(reading.usable.report.recipients.count == 1)
        #expect(reading.errors.count == 1 && reading.errors.first?.message.contains("conf.d/2.yaml") == true)
    }
}
