// The line that should come and does not: from the file to the letter.

import Control
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

    private func lines(_ letter: ParsedMessage) -> [String] {
        letter.text.split(separator: "\n").map { String($0.drop { $0 == " " }) }
    }

    @Test func `A line that never came has no file and no writer, and its letter says what closing it does`() throws {
        let folder = try WatcherFolder(rules: Self.rules)
        let watcher = try folder.watcher(hostName: { "web1" })
        watcher.begin()
        folder.pass(.seconds(3601))
        watcher.settle(folder)
        let letter = try #require(try letters(folder).first)
        #expect(!letter.text.contains("herald-watcher"), "\(letter.text)")
        let lines = lines(letter)
        for label in ["File", "Source", "Written by"] { #expect(!lines.contains { $0.hasPrefix(label + " ") }) }
        #expect(lines.first == "The backup did not run on web1." && !lines[1].contains(","), "\(lines)")
        #expect(lines.contains("To begin to wait anew from now on:"))
        #expect(!letter.text.contains("gone for good"))
    }

    @Test
    func `A line that stays away is not said to be written by who wrote the last one; a reminder says what is missing`()
        throws
    {
        let folder = try WatcherFolder(
            rules: Self.rules.replacing("backup done'", with: "backup done on (?<disk>\\w+)'").replacing(
                "expect:", with: "group_by: [host], expect:"))
        let watcher = try folder.watcher()
        watcher.begin()
        try folder.append("\(folder.time.wall.rfc3339()) web1 backup[1]: backup done on sdb")
        watcher.settle(folder)
        folder.pass(.seconds(3601))
        watcher.settle(folder)
        let first = try #require(try letters(folder).first)
        folder.pass(.seconds(4 * 3600))
        watcher.settle(folder)
        let reminder = try #require(try letters(folder).first { $0.header("X-Herald-Report") == "reminder" })
        for letter in [first, reminder] {
            let (text, lines) = (letter.text, lines(letter))
            #expect(!text.contains("Written by") && !text.contains("backup[") && !text.contains(", backup"), "\(text)")
            #expect(lines.contains("Fields of the last line") && lines.contains { $0.hasPrefix("disk ") })
            #expect(lines.contains { $0.hasPrefix("File ") && $0.hasSuffix("app.log") }, "\(text)")
            #expect(lines.contains("What is missing") && text.contains("> The last line that fits"), "\(text)")
            #expect(!text.contains("each bar"))
            #expect(
                lines.contains("If it is gone for good: nothing is told of it until its next line:"))
        }
        let answer = watcher.answer(
            to: "incident-resolve", ["ids": [1]], from: ControlPeer(pid: 1, uid: 0, gid: 0))
        #expect(answer.result?["not_awaited"]?.array?.compactMap(\.int) == [1])
    }
}
