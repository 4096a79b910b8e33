// The figures of the section `report`: where they go, and that a reload takes them over.

import Formats
import Glibc
import Incidents
import Mail
import Platform
import Settings
import Synchronization
import Testing

@testable import Watching

@Suite struct ReportSettingsTests {
    @Test func `Each figure of the settings is one of the policy`() throws {
        let report = "group_wait: 7s, group_interval: 8m, repeat_interval: 9h, max_per_hour: 11, samples: 6"
        let settings = try WatcherFolder().settings(report + ", min_severity: error")
        let policy = ReportPolicy(settings.report)
        #expect(policy.groupWait == .seconds(7))
        #expect(policy.groupInterval == .seconds(480))
        #expect(policy.repeatInterval == .seconds(9 * 3600))
        #expect(policy.maxPerHour == 11)
        #expect(policy.samples == 6)
        #expect(policy.minSeverity == .error)
    }

    /// What the next reload finds.
    private final class NextSettings: Sendable {
        private let settings = Mutex<Settings?>(nil)
        var value: Settings? {
            get { settings.withLock { $0 } }
            set { settings.withLock { $0 = newValue } }
        }
    }

    private func texts(_ folder: WatcherFolder) throws -> [String] {
        try folder.letters().map { ParsedMessage($0.message).text }
    }

    /// Letters before a reload and after it: of two processes at the same time, each with a line before.
    @Test(
        arguments: [
            ("group_wait: 0s", 1, 2), ("group_wait: 1m", 1, 1), ("group_wait: 0s, max_per_hour: 1", 1, 1),
            ("group_wait: 0s, min_severity: alert", 1, 1), ("group_wait: 0s, enabled: false", 1, 1),
        ])
    func `A reload takes the figures over`(report: String, before: Int, after: Int) throws {
        let folder = try WatcherFolder()
        let next = NextSettings()
        let watcher = try folder.watcher(reload: { next.value })
        watcher.begin()
        try folder.append("one", WatcherTests.oom)
        watcher.settle(folder)
        #expect(try folder.letters().count == before)
        next.value = try folder.settings(report)
        watcher.reloadSettings()
        try folder.append("two", WatcherTests.oom.replacing("mysqld", with: "java"))
        watcher.settle(folder)
        #expect(try folder.letters().count == after)
    }

    @Test func `A reload takes over how much of the log a letter shows`() throws {
        let folder = try WatcherFolder()
        let next = NextSettings()
        let watcher = try folder.watcher(reload: { next.value })
        watcher.begin()
        next.value = try folder.settings("group_wait: 10s, context_lines: 1, samples: 2")
        watcher.reloadSettings()
        try folder.append("first before", "second before")
        for number in 0..<5 { try folder.append("x \(number) \(WatcherTests.oom)") }
        watcher.settle(folder)
        folder.pass(.seconds(10))
        watcher.settle(folder)
        let text = try #require(try texts(folder).first)
        #expect(text.contains("second before") && !text.contains("first before"))
        #expect(text.matches(of: /\n  > x \d/).count == 2, "\(text)")
    }
}
