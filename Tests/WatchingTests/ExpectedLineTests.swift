// The line that should come and does not: from the file to the letter.

import Formats
import Glibc
import Mail
import Platform
import Settings
import Testing

@testable import Watching

@Suite struct ExpectedLineTests {
    private static let rules = """
        rules:
          - {id: backup, title: "The backup did not run", severity: critical, match: ['backup done'], expect: {every: 1h}}
        """
    private static let others = """
        rules:
          - {id: other, title: "Another", severity: critical, match: ['never written']}
        """

    private func append(_ folder: WatcherFolder) throws {
        try folder.append("\(folder.time.wall.rfc3339()) web1 backup[1]: backup done")
    }

    private func letters(_ folder: WatcherFolder) throws -> [ParsedMessage] {
        try folder.letters().map { ParsedMessage($0.message) }
    }

    @Test func `A line that stays away is told in its time, over a restart, and when it comes that is told`() throws {
        let folder = try WatcherFolder(rules: Self.rules)
        var watcher: Watcher? = try folder.watcher()
        watcher?.begin()
        for _ in 0..<3 {
            folder.pass(.seconds(50 * 60))
            try append(folder)
            watcher?.settle(folder)
        }
        folder.pass(.seconds(59 * 60))
        watcher?.settle(folder)
        #expect(try letters(folder).isEmpty)
        watcher = nil
        watcher = try folder.watcher()
        watcher?.settle(folder)
        #expect(try letters(folder).isEmpty)
        folder.pass(.seconds(2 * 60))
        watcher?.settle(folder)
        let missed = try letters(folder)
        #expect(missed.count == 1 && missed.first?.header("X-Herald-Rule") == "backup")
        #expect(missed.first?.text.contains("every 1h") == true, "\(missed.first?.text ?? "")")
        try append(folder)
        watcher?.settle(folder)
        #expect(try letters(folder).contains { $0.header("Subject")?.hasPrefix("[recovered]") == true })
        #expect(watcher?.book.openIncidents.isEmpty == true)
    }

    @Test func `Without its rule nothing is waited for any more; with a new one it is from the reload on`() throws {
        let folder = try WatcherFolder(rules: Self.others)
        let settings = try folder.settings()
        let watcher = try folder.watcher(settings, reload: { settings })
        watcher.begin()
        func reload(_ rules: String) throws {
            try Files.write(rules.utf8, to: folder.path + "/rules/test.yaml")
            watcher.reloadSettings()
            #expect(watcher.reloadFault == nil)
        }
        folder.pass(.seconds(3600))
        try reload(Self.rules)
        folder.pass(.seconds(59 * 60))
        watcher.settle(folder)
        #expect(try letters(folder).isEmpty)
        folder.pass(.seconds(2 * 60))
        watcher.settle(folder)
        #expect(try letters(folder).count == 1 && watcher.book.openIncidents.count == 1)
        try reload(Self.others)
        #expect(watcher.book.openIncidents.isEmpty)
        let told = try letters(folder).count
        folder.pass(.seconds(86400))
        watcher.settle(folder)
        #expect(try letters(folder).count == told)
    }
}
