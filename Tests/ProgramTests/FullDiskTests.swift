// The real daemons on a file system that fills or is full: at work they stop, say so, and go on by themselves; at a start
// and with --until-idle they end, and name the folder in which room is needed.

import Formats
import Glibc
import Mail
import Platform
import Spool
import TestSupport
import Testing

@Suite(.serialized) struct FullDiskTests {
    private static let settings = """
        report: {to_email: admin@example.org, group_wait: 0s, group_interval: 1s, max_per_hour: 1000}
        watch: {journal: {enabled: false}, files: [{path: FOLDER/log/*.log}], rules: [FOLDER/rules]}
        aliases: [{description: jobs, name: Jobs, address: jobs@example.org}]
        respond: {folders: [{path: FOLDER/jobs, from: jobs, settle: 0s}]}
        """
    private static let rules = """
        rules:
          - {id: test, title: "Fault {number}", severity: critical, match: 'FAULT (?<number>\\d+)', group_by: [number]}
        """
    private static let isRoot = geteuid() == 0 || Completeness.isDemanded
    private static let whyRoot: Comment = "only root may mount the small file system that it fills"

    @Test(
        "a full file system under the watcher's state: nothing is read, nothing lost, and it resumes by itself",
        .enabled(if: isRoot, whyRoot))
    func fullState() throws {
        let site = try TestSite(settings: Self.settings, rules: Self.rules)
        let disk = try SmallDisk(site.folder + "/state/watcher", "size=4m")
        for name in ["mailer", "watcher"] {
            try site.start(name)
            try site.awaitReady(name)
        }
        try disk.fill()
        let log = try Descriptor.open(site.folder + "/log/app.log", O_WRONLY | O_APPEND | O_CREAT)
        let time = SystemClock.now().rfc3339()
        for number in 0..<50 { try log.write("\(time) web1 app[1]: FAULT \(number)\n".utf8) }
        func problems() throws -> String { try site.ask("watcher", "status").result["problems"]?.text ?? "" }
        let said = try site.eventually(within: .seconds(300)) { try problems().contains("the state cannot be written") }
        #expect(said, "\(site.log("watcher"))")
        #expect(site.log("watcher").contains("reading stops"))
        #expect(site.letters.newHits == 0)
        disk.leave(pages: 1000)
        _ = try site.eventually(within: .seconds(300)) { site.letters.newHits >= 50 }
        #expect(site.letters.newHits == 50, "\(site.log("watcher"))")
        #expect(try !problems().contains("cannot be written"))
        for name in ["watcher", "mailer"] { #expect(site.stop(name) == 0, "\(site.log(name))") }
    }
    @Test(
        "a full file system under the mailer's state: its log and status say so, not the sender alone, until there is room",
        .enabled(if: isRoot, whyRoot))
    func fullQueue() throws {
        let site = try TestSite(settings: Self.settings, rules: Self.rules)
        let disk = try SmallDisk(site.folder + "/state/mailer", "size=4m")
        try site.start("mailer")
        try site.awaitReady("mailer")
        func problems() throws -> String { try site.ask("mailer", "status").result["problems"]?.text ?? "" }
        func send() throws {
            _ = try site.ask(
                "mailer", "send", ["recipients": ["bob@example.net"]], body: Array("Subject: s\n\nHello.\n".utf8))
        }
        try disk.fill()
        // What is written at first may find room in the WAL that is there.
        var isRefused = false
        for _ in 0..<1000 where !isRefused { isRefused = (try? send()) == nil }
        #expect(isRefused)
        for _ in 0..<3 { #expect(try problems().contains("the file system is full"), "\(site.log("mailer"))") }
        #expect(site.log("mailer").contains("critical"), "\(site.log("mailer"))")
        let status = try HeraldRun(["status", "--prometheus", "--config", site.folder + "/herald.yaml"])
        #expect(status.code == .exited(1) && !status.output.contains("herald_problems{daemon=\"mailer\"} 0"))
        site.kill("mailer")
        let stopped = try HeraldRun(["status", "--config", site.folder + "/herald.yaml"])
        #expect(stopped.output.contains("the file system of \(site.folder)/state/mailer is full"), "\(stopped.output)")
        disk.leave(pages: 500)
        try site.start("mailer")
        try site.awaitReady("mailer")
        try send()
        #expect(try !problems().contains("the file system is full"))
        #expect(site.stop("mailer") == 0, "\(site.log("mailer"))")
    }

    @Test(
        "on a full disk --until-idle ends, however much room is left, and says where room is needed",
        .enabled(if: isRoot, whyRoot), arguments: ["watcher", "mailer", "responder"])
    func untilIdle(daemon: String) throws {
        var ends: [Int32: Int] = [:]
        for pages in [0, 1, 3, 8, 10, 20] {
            for isFirst in [true, false] {
                let site = try TestSite(settings: Self.settings, rules: Self.rules)
                let disk = try SmallDisk(site.folder + "/state/\(daemon)", "size=1m")
                if !isFirst { #expect(try end(of: daemon, site) == 0) }
                try leaveWork(site)
                try disk.fill()
                disk.leave(pages: pages)
                ends[try end(of: daemon, site), default: 0] += 1
            }
        }
        // Not the room, but the number of files is used up.
        for files in 1...5 {
            let site = try TestSite(settings: Self.settings, rules: Self.rules)
            let disk = try SmallDisk(site.folder + "/state/\(daemon)", "nr_inodes=\(files)")
            ends[try end(of: daemon, site), default: 0] += 1
            withExtendedLifetime(disk) {}
        }
        #expect(ends.filter { $0.key != 0 }.values.reduce(0, +) >= 8, "\(ends)")
    }

    /// The exit code of a run until nothing is due: done, or the words that a person needs are in its log.
    private func end(of daemon: String, _ site: TestSite) throws -> Int32 {
        try site.start(daemon, ["--until-idle"])
        let code = try #require(site.awaitEnd(daemon), "it does not end: \(site.log(daemon))")
        let said = site.log(daemon)
        let state = "\(site.folder)/state/\(daemon)"
        let isNamed = said.contains("the file system is full: \(state)/") || said.contains("No space left on device")
        let isFailure = code == 75 || code == 1 && daemon == "responder"
        #expect(code == 0 || isFailure && isNamed && said.contains(state), "\(code): \(said)")
        return code
    }

    private func leaveWork(_ site: TestSite) throws {
        let time = SystemClock.now().rfc3339()
        let lines = (0..<200).map { "\(time) web1 app[1]: FAULT \($0)\n" }.joined()
        try Files.write(lines.utf8, to: site.folder + "/log/app.log")
        let incoming = HandoverFolder(path: site.folder + "/spool/incoming/watcher")
        for number in 0..<20 {
            let id = Randomness.identifier()
            let recipient = try EmailAddress("admin\(number)@example.org")
            let text = "From: Herald <herald@example.org>\r\nMessage-ID: <\(id)@example.org>\r\n\r\nIt broke.\r\n"
            try incoming.deposit(
                Letter(
                    id: id, origin: "watcher", envelope: Envelope(sender: recipient, recipients: [recipient]),
                    priority: .report, created: SystemClock.now(), subject: "s", messageID: "<\(id)@example.org>",
                    message: Array(text.utf8)))
            try Files.write(KillTests.resume(number).utf8, to: "\(site.folder)/jobs/resume-\(number).txt")
        }
    }
}

/// A small file system; gone with this object.
private final class SmallDisk {
    private let path: String
    private var ballast: Descriptor?

    init(_ path: String, _ options: String) throws {
        self.path = path
        try Files.makeDirectories(path)
        try #require(mount("tmpfs", path, "tmpfs", 0, options) == 0, "mount: errno \(errno)")
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }

    /// Something else takes all the room.
    func fill() throws {
        let ballast = try Descriptor.open(path + "/ballast", O_WRONLY | O_CREAT)
        let page = [UInt8](repeating: 0x61, count: 4096)
        while write(ballast.number, page, page.count) == page.count {}
        self.ballast = ballast
    }

    /// Gives back so much of it.
    func leave(pages: Int) {
        guard let ballast, let size = try? FileStatus.of(path + "/ballast")?.size else { return }
        #expect(ftruncate(ballast.number, max(0, Int(size) - pages * 4096)) == 0)
    }
}
