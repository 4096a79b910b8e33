// A whole installation in a temporary folder: settings, the daemons as real processes, a server for their letters.

import Control
import Formats
import Glibc
import Logging
import Platform
import SMTPProtocol
import SMTPTransport

/// The demo's installation. Used by one thread.
final class DemoSite {
    let folder: String
    let mailbox: DemoMailbox
    let watchesJournal: Bool
    let hasResponder: Bool
    var logPath: String { folder + "/log/app.log" }
    var inbox: String { folder + "/jobs" }

    private let rules: String?
    private let lettersPerHour: Int
    private var server: SinkServer?
    private var daemons: [(name: String, process: RunningProcess)] = []
    private var log: Descriptor

    /// - Parameter parent: the folder in which the site's own is made; nil: TMPDIR, or /tmp.
    init(rules: String?, lettersPerHour: Int = 100, parent: String? = nil) throws {
        let parent = parent ?? Environment["TMPDIR"] ?? "/tmp"
        var template = Array((parent + "/herald-demo.XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError("make a folder in", parent) }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.rules = rules
        self.lettersPerHour = lettersPerHour
        mailbox = try DemoMailbox()
        watchesJournal = access("/run/systemd/journal/socket", W_OK) == 0
        hasResponder = Programs.path(of: "herald-responder") != nil && Programs.path(of: "herald-extract") != nil
        for name in ["log", "jobs"] { try Files.makeDirectories("\(folder)/\(name)", mode: 0o755) }
        log = try Descriptor.open(folder + "/log/app.log", O_WRONLY | O_APPEND | O_CREAT, mode: 0o644)
    }

    /// The server first, then the daemons; returns when all of them answer at their control sockets.
    func start() throws {
        try startServer()
        for name in ["mailer", "watcher"] + (hasResponder ? ["responder"] : []) { try startDaemon(name) }
        for daemon in daemons { try waitUntilReady(daemon) }
        Terminal.say(
            "Running: " + daemons.map { "herald-\($0.name) (pid \($0.process.pid))" }.joined(separator: ", ") + ".")
    }

    /// The server alone, with what its clients need: ca.pem, password, herald.yaml.
    func startServer() throws {
        let mailbox = mailbox
        var options = SinkOptions()
        options.users = [.password(name: "demo", Secret("demo-\(folder.suffix(6))"))]
        options.requiresLogin = true
        let server = try SinkServer(options, log: Logger(label: "sink") { _ in SwiftLogNoOpLogHandler() }) {
            mailbox.add($0)
        }
        self.server = server
        try Files.write(server.authorityPEM, to: folder + "/ca.pem", mode: 0o644)
        try Files.write("demo-\(folder.suffix(6))\n".utf8, to: folder + "/password", mode: 0o600)
        try Files.write(settings(port: server.port).utf8, to: folder + "/herald.yaml", mode: 0o600)
        Terminal.say("Folder \(folder); SMTP server on 127.0.0.1:\(server.port) with STARTTLS and a login.")
    }

    /// Another program in the daemons' place, to be compared with them: a script of sh, which finds in its environment
    /// HERALD_BENCH_LOG (the file to watch), _PORT (on 127.0.0.1), _CA, _LOGIN, _PASSWORD_FILE.
    func startPeer(_ script: String) throws {
        guard let port = server?.port else { return }
        let output = try Descriptor.open("\(folder)/peer.log", O_WRONLY | O_APPEND | O_CREAT, mode: 0o644)
        let own = [
            "LOG=\(logPath)", "PORT=\(port)", "CA=\(folder)/ca.pem", "LOGIN=demo", "PASSWORD_FILE=\(folder)/password",
            "FOLDER=\(folder)",
        ]
        let inherited = ["PATH", "LD_LIBRARY_PATH"].compactMap { name in Environment[name].map { "\(name)=\($0)" } }
        let process = try RunningProcess(
            ["/bin/sh", script], environment: inherited + ["LC_ALL=C.UTF-8"] + own.map { "HERALD_BENCH_" + $0 },
            output: output)
        daemons.append(("peer", process))
    }

    private func startDaemon(_ name: String) throws {
        guard let program = Programs.path(of: "herald-\(name)") else {
            throw Failure.notWell("the program herald-\(name) is not beside this one: build or install it")
        }
        let output = try Descriptor.open("\(folder)/\(name).log", O_WRONLY | O_APPEND | O_CREAT, mode: 0o644)
        let process = try RunningProcess(
            [program, "--config", folder + "/herald.yaml"],
            environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"],
            output: output)
        daemons.append((name, process))
    }

    private func waitUntilReady(_ daemon: (name: String, process: RunningProcess)) throws {
        let client = ControlClient(path: "\(folder)/run/\(daemon.name).sock", timeout: .seconds(5))
        let end = SystemClock.monotonic() + .seconds(20)
        while SystemClock.monotonic() < end {
            if (try? client.request("status")) != nil { return }
            if let code = daemon.process.wait(atMost: .milliseconds(10)) {
                throw Failure.notWell("herald-\(daemon.name) ended at its start, exit code \(code)")
            }
        }
        throw Failure.notWell("herald-\(daemon.name) does not answer")
    }

    private func settings(port: Int) -> String {
        """
        report:
          to: Administrator
          to_email: admin@example.org
          min_severity: error
          group_wait: 0s
          max_per_hour: \(lettersPerHour)
        smtp:
          accounts:
            - name: demo
              server: 127.0.0.1
              port: \(port)
              security: starttls
              login: demo
              password_file: \(folder)/password
              ca_file: \(folder)/ca.pem
        aliases:
          - description: alerts
            name: Herald demo
            address: herald@example.org
            default: true
          - description: jobs
            name: Applications at Example
            address: jobs@example.org
        watch:
          start: now
          journal: {enabled: \(watchesJournal)}
          files:
            - path: \(folder)/log/*.log
        \(rules.map { "  rules: [\"\($0)\"]\n" } ?? "")respond:
          folders:
            - path: \(inbox)
              from: jobs
              position: System administrator
              settle: 1s
        paths:
          state: \(folder)/state
          spool: \(folder)/spool
          run: \(folder)/run

        """
    }

    func append(_ lines: [String]) throws(SystemError) {
        try log.write(lines.map { $0 + "\n" }.joined().utf8)
    }

    /// logrotate's way: rename first; the writer goes on into the renamed file until it is told.
    func rotateLog() throws(SystemError) {
        Terminal.say(
            "\n\(Terminal.dim("(app.log is rotated: renamed to app.log.1; its writer goes on there for one line more)"))"
        )
        try retrying("rename", logPath) { rename(logPath, logPath + ".1") }
    }

    func finishRotation() throws(SystemError) {
        log = try Descriptor.open(logPath, O_WRONLY | O_APPEND | O_CREAT, mode: 0o644)
    }

    func drop(_ bytes: [UInt8], as name: String) throws(SystemError) {
        try Files.write(bytes, to: "\(inbox)/\(name)", mode: 0o644)
    }

    /// Waits until an item was filed there.
    func waitForOutcome(_ name: String, _ outcome: String) throws -> Bool {
        let end = SystemClock.monotonic() + .seconds(20)
        while SystemClock.monotonic() < end {
            if try FileStatus.of("\(inbox).herald/\(outcome)/\(name)") != nil { return true }
            _ = try Poller.wait([], timeout: .milliseconds(20))
        }
        return false
    }

    /// The first reason in an item's sidecar.
    func reason(_ name: String, _ outcome: String) -> String {
        let bytes = (try? Files.read("\(inbox).herald/\(outcome)/\(name).herald.json")) ?? []
        let reasons = (try? JSON.parse(bytes))?["reasons"]?.array ?? []
        return reasons.compactMap { $0["text"]?.string ?? $0.string }.first ?? "see its sidecar"
    }

    /// SIGTERM, and each ends by itself with exit 0.
    func stopGently() throws {
        for daemon in daemons.reversed() {
            daemon.process.signal(SIGTERM)
            guard let code = daemon.process.wait(atMost: .seconds(10)) else {
                throw Failure.notWell("herald-\(daemon.name) did not stop within 10 s")
            }
            if code != 0 { throw Failure.notWell("herald-\(daemon.name) stopped with exit code \(code)") }
        }
        daemons.removeAll()
    }

    /// Ends whatever still runs, at once.
    func stop() {
        daemons.removeAll()
        server?.stop()
        server = nil
    }

    func remove() { try? Files.removeTree(folder) }

    /// The daemons' own log lines.
    func logs() -> String {
        ["mailer", "watcher", "responder", "peer"].map { name in
            let bytes = (try? Files.read("\(folder)/\(name).log")) ?? []
            return Printable.text(bytes, keepingLines: true)
        }.joined()
    }
}
