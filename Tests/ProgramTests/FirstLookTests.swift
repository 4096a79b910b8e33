import Formats
import Glibc
import Platform
import Testing

/// What is new to a watcher that is asked to begin, or to read other files.
@Suite(.serialized) struct FirstLookTests {
    private static let rules = """
        rules:
          - {id: test-fault, title: A fault, severity: critical, match: 'CERTAIN fault', group_by: [identifier]}
        """

    private static func settings(_ folder: String) -> String {
        """
        report: {to_email: admin@example.org, group_wait: 0s, group_interval: 1s, max_per_hour: 1000}
        watch:
          journal: {enabled: false}
          files: [{path: FOLDER/\(folder)/*.log}]
          rules: [FOLDER/rules]
        """
    }

    private static let fault = Array("Nov 21 12:00:00 web1 app[1]: CERTAIN fault\n".utf8)
    private static let files = 400

    /// Files with what was there before.
    private func fill(_ folder: String) throws {
        try Files.makeDirectories(folder)
        for number in 0..<Self.files { try Files.write(Self.fault, to: "\(folder)/\(number).log") }
    }

    private func write(_ folder: String) throws {
        for number in 0..<Self.files {
            try Descriptor.open("\(folder)/\(number).log", O_WRONLY | O_APPEND).write(Self.fault)
        }
    }

    /// Without the pause of `eventually`, in which a slow program would catch up.
    private func awaitWords(_ words: String, _ site: TestSite) throws {
        let end = SystemClock.monotonic() + .seconds(300)
        while !site.log("watcher").contains(words) {
            try #require(SystemClock.monotonic() < end, "\(site.log("watcher"))")
        }
    }

    @Test("what is written once the watcher says that it is ready is told, though it is killed at once")
    func ready() throws {
        let site = try TestSite(settings: Self.settings("log"), rules: Self.rules)
        try fill(site.folder + "/log")
        try site.start("watcher")
        try awaitWords("ready:", site)
        site.kill("watcher")
        try write(site.folder + "/log")
        for name in ["mailer", "watcher"] { try site.start(name) }
        _ = try site.eventually(within: .seconds(60)) { site.letters.newHits >= Self.files }
        #expect(site.letters.newHits == Self.files, "\(site.log("watcher"))")
    }

    @Test(
        "what is written once the watcher says that it has read the settings again is told, though it is killed at once"
    )
    func reloaded() throws {
        let site = try TestSite(settings: Self.settings("log"), rules: Self.rules)
        try fill(site.folder + "/other")
        for name in ["mailer", "watcher"] { try site.start(name) }
        try site.awaitReady("watcher")
        let text = String(decoding: try Files.read(site.folder + "/herald.yaml"), as: UTF8.self)
        try Files.write(text.replacing("/log/*.log", with: "/other/*.log").utf8, to: site.folder + "/herald.yaml")
        site.signal("watcher", SIGHUP)
        try awaitWords("the settings were read again", site)
        site.kill("watcher")
        try write(site.folder + "/other")
        try site.start("watcher")
        _ = try site.eventually(within: .seconds(60)) { site.letters.newHits >= Self.files }
        #expect(site.letters.newHits == Self.files, "\(site.log("watcher"))")
    }
}
