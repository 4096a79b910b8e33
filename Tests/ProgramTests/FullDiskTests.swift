// The real watcher on a file system that fills: reading stops, the status says so, and it goes on by itself.

import Formats
import Glibc
import Platform
import TestSupport
import Testing

@Suite(.serialized) struct FullDiskTests {
    @Test(
        "a full file system under the watcher's state: nothing is read, nothing lost, and it resumes by itself",
        .enabled(
            if: geteuid() == 0 || Completeness.isDemanded, "only root may mount the small file system that it fills"))
    func fullState() throws {
        let site = try TestSite(
            settings: """
                report: {to_email: admin@example.org, group_wait: 0s, group_interval: 1s, max_per_hour: 1000}
                watch: {journal: {enabled: false}, files: [{path: FOLDER/log/*.log}], rules: [FOLDER/rules]}
                """,
            rules: """
                rules:
                  - {id: test, title: "Fault {number}", severity: critical, match: 'FAULT (?<number>\\d+)', group_by: [number]}
                """)
        let state = site.folder + "/state/watcher"
        try Files.makeDirectories(state)
        try #require(mount("tmpfs", state, "tmpfs", 0, "size=4m") == 0, "mount: errno \(errno)")
        defer { umount2(state, Int32(MNT_DETACH)) }
        for name in ["mailer", "watcher"] {
            try site.start(name)
            try site.awaitReady(name)
        }
        // Something else takes all the room.
        let ballast = state + "/ballast"
        let file = try Descriptor.open(ballast, O_WRONLY | O_CREAT)
        let block = [UInt8](repeating: 0x61, count: 4096)
        while write(file.number, block, block.count) > 0 {}
        let log = try Descriptor.open(site.folder + "/log/app.log", O_WRONLY | O_APPEND | O_CREAT)
        let time = SystemClock.now().rfc3339()
        for number in 0..<50 { try log.write("\(time) web1 app[1]: FAULT \(number)\n".utf8) }
        func problems() throws -> String { try site.ask("watcher", "status").result["problems"]?.text ?? "" }
        let said = try site.eventually(within: .seconds(300)) { try problems().contains("the state cannot be written") }
        #expect(said, "\(site.log("watcher"))")
        #expect(site.log("watcher").contains("reading stops"))
        #expect(site.letters.newHits == 0)
        unlink(ballast)
        #expect(ftruncate(file.number, 0) == 0)
        _ = try site.eventually(within: .seconds(300)) { site.letters.newHits >= 50 }
        #expect(site.letters.newHits == 50, "\(site.log("watcher"))")
        #expect(try !problems().contains("cannot be written"))
        for name in ["watcher", "mailer"] { #expect(site.stop(name) == 0, "\(site.log(name))") }
    }
}
