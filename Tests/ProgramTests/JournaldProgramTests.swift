// The watcher where a real journald's journal is the system's: its own journal, a namespace, the catalog, lack of rights.

import Formats
import Glibc
import Mail
import Platform
import Spool
import TestSupport
import Testing

@Suite struct JournaldProgramTests {
    private func journald(settings: String = "", namespaces: [String] = []) throws -> JournaldPeer {
        do {
            return try JournaldPeer(settings: settings, namespaces: namespaces)
        } catch let fault as JournaldPeer.Fault where fault.isUnavailable {
            try Test.cancel("\(fault)")
        }
    }

    private static let rules = """
        rules:
          - id: boom
            title: "{what} went off"
            severity: critical
            match: ['boom of (?<what>\\w+)']
            group_by: [what]
        """

    private func site() throws -> TestSite {
        try TestSite(
            settings: """
                report: {to_email: admin@example.org, group_wait: 0s}
                watch: {start: now, journal: {namespaces: [web]}, rules: [FOLDER/rules]}
                """, rules: Self.rules)
    }

    /// The watcher, where the peer's journal is the system's, until it is idle.
    private func watch(_ peer: JournaldPeer, _ site: TestSite, as user: [String] = []) throws -> String {
        let program = TestSite.programs + "/herald-watcher"
        let result = try peer.run(user + [program, "--config", site.folder + "/herald.yaml", "--until-idle"])
        return String(decoding: result.output + result.errors, as: UTF8.self)
    }

    private func texts(_ site: TestSite) throws -> [String] {
        let incoming = HandoverFolder(path: site.folder + "/spool/incoming/watcher")
        return try incoming.waiting().map {
            ParsedMessage(try LetterFile.decode(try incoming.read($0)).message).text
        }
    }

    @Test("the system's journal and a namespace are read live, over restarts and a rotation, each hit told once")
    func journals() throws {
        let peer = try journald(namespaces: ["web"])
        let site = try self.site()
        try peer.send("boom of before")
        try peer.journalctl("--sync")
        var words = try watch(peer, site)
        #expect(try texts(site).isEmpty, "\(words)")
        try peer.send("boom of system")
        try peer.send("boom of namespace", namespace: "web")
        try peer.send(
            "boom of core",
            [
                "MESSAGE_ID=fc2e22bc6ee647b6b90729ab34a250b1", "COREDUMP_PID=812", "COREDUMP_COMM=mysqld", "PRIORITY=2",
            ])
        try peer.journalctl("--sync")
        try peer.journalctl("--rotate")
        words = try watch(peer, site)
        let told = try texts(site)
        for what in ["system", "namespace", "core"] {
            #expect(told.filter { $0.contains("\(what) went off") }.count == 1, "\(what)\n\(words)\n\(told)")
        }
        #expect(!told.contains { $0.contains("before went off") })
        words = try watch(peer, site)
        #expect(try texts(site).count == 3, "\(words)")
        // The catalog's words stand with the incident.
        let state = ["watcher.db", "watcher.db-wal"].reduce(into: [UInt8]()) { all, name in
            all += (try? Files.read("\(site.folder)/state/watcher/\(name)")) ?? []
        }
        #expect(String(decoding: state, as: UTF8.self).contains("Process 812 (mysqld) crashed and dumped core."))
    }

    @Test("without the right to read the journal, that is said once, with the group to join")
    func denied() throws {
        guard geteuid() == 0 || Completeness.isDemanded else { try Test.cancel("only root can be someone else") }
        let peer = try journald()
        let site = try self.site()
        try peer.send("boom of system")
        try peer.journalctl("--sync")
        for name in ["", "/rules", "/rules/test.yaml", "/herald.yaml"] {
            #expect(chown(site.folder + name, 65534, 65534) == 0)
        }
        let words = try watch(peer, site, as: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
        #expect(words.contains("its group may: `adduser "), "\(words)")
        #expect(words.contains("Permission denied"), "\(words)")
    }
}
