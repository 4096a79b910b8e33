// Root's commands at a state that belongs to a daemon's user, who may have been taken over: that user's files are never a way
// to root's. The state is the user nobody's here.

import Formats
import Glibc
import Platform
import TestSupport
import Testing

@Suite(
    .serialized, .enabled(if: geteuid() == 0 || Completeness.isDemanded, "only root can act on another's state"))
struct StateOwnerTests {
    private let nobody: uid_t = 65534

    private func site(accounts: String? = nil) throws -> TestSite {
        let site = try TestSite(
            settings: """
                report: {to_email: admin@example.org}
                aliases: [{description: alerts, address: herald@example.org, default: true}]
                watch: {journal: {enabled: false}, rules: [FOLDER/rules]}
                """, accounts: accounts, rules: "rules: []")
        for name in ["", "/rules", "/rules/test.yaml"] { #expect(chmod(site.folder + name, 0o755) == 0) }
        return site
    }

    /// Lets the daemon make its state, and gives that away.
    private func giveAway(_ daemon: String, of site: TestSite) throws -> String {
        try site.start(daemon, ["--until-idle"])
        #expect(site.awaitEnd(daemon) == 0, "\(site.log(daemon))")
        let folder = "\(site.folder)/state/\(daemon)"
        #expect(chmod(site.folder + "/state", 0o755) == 0)
        for name in [folder] + (try Files.list(folder)).map({ "\(folder)/\($0)" }) {
            #expect(chown(name, nobody, nobody) == 0)
        }
        return folder
    }

    private func run(_ site: TestSite, _ arguments: String...) throws -> HeraldRun {
        try HeraldRun(arguments + ["--config", site.folder + "/herald.yaml"])
    }

    private func owners(in folder: String) throws -> Set<UInt32> {
        let owners = try Files.list(folder).map { try FileStatus.of("\(folder)/\($0)", followingLinks: false)?.owner }
        return Set(owners.compactMap { $0 })
    }

    @Test(
        "what a command makes in a state is the state's owner's; a link put there leads it nowhere that is root's",
        arguments: [
            ("mailer", ["queue", "list"], "lock", "queue.db-wal"),
            ("watcher", ["incidents", "list"], "watcher.lock", "watcher.db-wal"),
        ])
    func links(_ daemon: String, _ command: [String], _ lock: String, _ journal: String) throws {
        let site = try site()
        let folder = try giveAway(daemon, of: site)
        let victim = site.folder + "/victim"
        _ = try? Files.remove("\(folder)/\(lock)")
        let options = ["--config", site.folder + "/herald.yaml"]
        let well = try HeraldRun(command + options)
        #expect(well.code == .exited(0), "\(well.errors)")
        #expect(try FileStatus.of("\(folder)/\(lock)") != nil)
        #expect(try owners(in: folder) == [nobody])
        for name in [lock, journal] {
            _ = try? Files.remove("\(folder)/\(name)")
            #expect(symlink(victim, "\(folder)/\(name)") == 0)
            let misled = try HeraldRun(command + options)
            #expect(misled.code == .exited(75) && !misled.errors.isEmpty, "\(name): \(misled.output)\(misled.errors)")
            #expect(try FileStatus.of(victim) == nil, "\(name)")
            try Files.remove("\(folder)/\(name)")
        }
        #expect(try HeraldRun(command + options).code == .exited(0))
    }

    @Test("a list before the mailer's first start makes nothing, and says so; a letter that is asked for is unknown")
    func beforeTheFirstStart() throws {
        let site = try site()
        let folder = site.folder + "/state/mailer"
        for isThere in [false, true] {
            if isThere {
                try Files.makeDirectories(folder, mode: 0o755)
                #expect(chown(folder, nobody, nobody) == 0)
            }
            let list = try run(site, "queue", "list")
            #expect(list.code == .exited(0) && list.output.contains("empty"), "\(list.output)\(list.errors)")
            #expect(list.output.contains("herald-mailer has not run here yet"))
            #expect(try run(site, "queue", "list", "--json").output.isEmpty)
            for command in ["show", "retract"] {
                let unknown = try run(site, "queue", command, "0123")
                #expect(unknown.code == .exited(2) && unknown.errors.contains("0123"), "\(unknown.errors)")
            }
            #expect((try? Files.list(folder)) ?? [] == [])
        }
        #expect(try FileStatus.of(folder)?.owner == nobody)
    }

    @Test("tokens that root signs in for without the mailer are the mailer's; no other file changes hands")
    func tokens() throws {
        let peer = try TokenPeer()
        let site = try site(
            accounts:
                "[{name: office, server: localhost, port: 1, oauth: \(peer.oauth("device-quick", "device_url: 'URL/devicecode'"))}]"
        )
        let folder = try giveAway("mailer", of: site)
        let victim = site.folder + "/victim"
        try Files.write([], to: victim)
        try Files.makeDirectories(folder + "/tokens", mode: 0o700)
        #expect(symlink(victim, folder + "/tokens/x") == 0)
        #expect(chown(folder + "/tokens", nobody, nobody) == 0)
        let login = try run(site, "login", "office")
        #expect(login.code == .exited(0), "\(login.errors)")
        let file = try FileStatus.of(folder + "/tokens/account-office.json")
        #expect(file?.owner == nobody && file?.permissions == 0o600)
        #expect(try FileStatus.of(victim)?.owner == 0)
    }
}
