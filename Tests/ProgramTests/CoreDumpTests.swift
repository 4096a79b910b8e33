// What holds secrets leaves none of its memory to a core dump, or to others of its user. That a token stands in ordinary
// memory for as long as an answer is read cannot be helped: the text of JSON is nobody's to overwrite.

import Formats
import Glibc
import Platform
import TestSupport
import Testing

@Suite struct CoreDumpTests {
    /// Root's processes look the same either way: as somebody else then.
    private let user = geteuid() == 0 ? ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []

    /// The soft and hard limit of a core dump.
    private func limits(_ pid: pid_t) throws -> [Substring] {
        let text = String(decoding: try Files.read("/proc/\(pid)/limits"), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("Max core file size") }
        return Array((line ?? "").split(separator: " ").dropFirst(4).prefix(2))
    }

    /// Whether a core dump of `process` is refused, and its memory nobody's to look at but root's.
    private func keepsItsMemory(_ process: RunningProcess) throws -> Bool {
        let memory = try FileStatus.of("/proc/\(process.pid)/mem")
        return try limits(process.pid) == ["0", "0"] && memory?.owner == 0
    }

    /// A program whose user would have core dumps.
    private func start(_ site: TestSite, _ program: String, _ arguments: String...) throws -> RunningProcess {
        for name in ["", "/herald.yaml", "/state", "/spool", "/run"] where !user.isEmpty {
            if name != "/herald.yaml" { try Files.makeDirectories(site.folder + name) }
            #expect(chown(site.folder + name, 65534, 65534) == 0)
        }
        let command = ["\(TestSite.programs)/\(program)"] + arguments + ["--config", site.folder + "/herald.yaml"]
        return try RunningProcess(
            user + ["/bin/sh", "-c", "ulimit -c unlimited; exec \"$@\"", "sh"] + command,
            environment: ["PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"],
            output: try Descriptor.open("\(site.folder)/\(program).log", O_WRONLY | O_CREAT))
    }

    @Test("the mailer takes no core dump, its memory is root's alone to look at, and it works so")
    func mailer() throws {
        let site = try TestSite(settings: "report: {to_email: admin@example.org}\nwatch: {journal: {enabled: false}}")
        let mailer = try start(site, "herald-mailer")
        try site.awaitReady("mailer")
        #expect(try keepsItsMemory(mailer))
        mailer.signal(SIGTERM)
        #expect(mailer.wait(atMost: .seconds(60)) == 0)
    }

    @Test("nor does a connection's test, which has the passwords")
    func testConnection() throws {
        let peer = try ScriptedPeer([.stall])
        defer { peer.stop() }
        let site = try TestSite(
            settings: "report: {to_email: admin@example.org}\nwatch: {journal: {enabled: false}}",
            accounts: "[{name: silent, server: 127.0.0.1, port: \(peer.port), security: none}]")
        let command = try start(site, "herald", "test-connection")
        #expect(try site.eventually(within: .seconds(60)) { peer.connections > 0 })
        #expect(try keepsItsMemory(command))
    }

    @Test("nor a sign-in, which has the tokens") func login() throws {
        let peer = try TokenPeer()
        let site = try TestSite(
            settings: "report: {to_email: admin@example.org}\nwatch: {journal: {enabled: false}}",
            accounts: "[{name: office, server: localhost, port: 1, "
                + "oauth: \(peer.oauth("loopback", "authorization_url: 'URL/authorize'"))}]")
        try Files.makeDirectories(site.folder + "/state/mailer")
        #expect(chown(site.folder + "/state/mailer", user.isEmpty ? geteuid() : 65534, getegid()) == 0)
        let command = try start(site, "herald", "login", "office")
        let log = site.folder + "/herald.log"
        #expect(
            try site.eventually(within: .seconds(60)) {
                String(decoding: (try? Files.read(log)) ?? [], as: UTF8.self).contains("Waiting")
            })
        #expect(try keepsItsMemory(command))
    }
}
