// New settings while lines are half written and records half read: nothing of them is lost or doubled.

import Glibc
import Mail
import Platform
import Settings
import Synchronization
import Testing

@testable import Watching

@Suite struct ReloadingTests {
    private static let rules = """
        rules:
          - id: failed
            title: "It cannot send"
            severity: critical
            match: ['cannot send']
        """

    /// What the next reload finds.
    private final class NextSettings: Sendable {
        let settings = Mutex<Settings?>(nil)
    }

    @Test func `Other files are watched while half a line and half a trace are there`() throws {
        let folder = try WatcherFolder(rules: Self.rules)
        for name in ["java", "other"] { try Files.makeDirectories(folder.path + "/" + name) }
        let java = folder.path + "/java/app.log"
        try Files.write([], to: java)
        let begin = try folder.settings(more: "{path: \(folder.path)/java/*.log}")
        let changed = try folder.settings(more: "{path: \(folder.path)/other/*.log}, {path: \(folder.path)/java/*.log}")
        let next = NextSettings()
        let watcher = try folder.watcher(begin, reload: { next.settings.withLock { $0 } })
        watcher.settle(folder)
        for settings in [changed, begin, changed] {
            let before = try folder.newHits()
            try append("mail: can", to: folder.log)
            try append("java.lang.IllegalStateException: closed\n\tat a.B.first(B.java:1)\n", to: java)
            watcher.settle(folder)
            next.settings.withLock { $0 = settings }
            watcher.reloadSettings()
            watcher.settle(folder)
            try append("not send\n", to: folder.log)
            try append("\tat a.B.second(B.java:2)\nCaused by: java.io.IOException: cannot send\n", to: java)
            watcher.settle(folder)
            folder.pass(.seconds(301))
            watcher.settle(folder)
            #expect(try folder.newHits() == before + 2)
        }
        #expect(watcher.book.openIncidents.map(\.hits) == [3, 3])
        let traces = try folder.letters().map { ParsedMessage($0.message).text }.filter { $0.contains("Caused by") }
        #expect(traces.count == 3)
        for trace in traces { #expect(trace.contains("java.lang.IllegalStateException: closed")) }
    }

    private func append(_ text: String, to path: String) throws {
        try Descriptor.open(path, O_WRONLY | O_APPEND).write(text.utf8)
    }
}
