// What a rule and the settings say stands in the incident and in its letter.

import Mail
import Testing

@testable import Watching

@Suite struct RuleToLetterTests {
    private static let rules = """
        rules:
          - id: slow
            title: "The disk is slow"
            severity: critical
            match: ['slow']
            advice: "Look at what writes so much."
            url: "https://example.org/slow-disks"
            threshold: {count: 3, within: 1m}
        """

    @Test func `Below its threshold a rule tells nothing; then one letter has all, with its advice and address`() throws
    {
        let folder = try WatcherFolder(rules: Self.rules)
        let watcher = try folder.watcher()
        watcher.settle(folder)
        for _ in 0..<2 {
            try folder.append("slow")
            folder.pass(.seconds(10))
            watcher.settle(folder)
        }
        #expect(try folder.letters().isEmpty)
        try folder.append("slow")
        folder.pass(.seconds(10))
        watcher.settle(folder)
        let letters = try folder.letters()
        #expect(letters.count == 1)
        let message = ParsedMessage(try #require(letters.first).message)
        #expect(message.header("X-Herald-New-Hits") == "3")
        #expect(message.text.contains("Look at what writes so much."))
        #expect(message.text.contains("https://example.org/slow-disks"))
    }

    @Test func `Hits further apart than its threshold allows are none`() throws {
        let folder = try WatcherFolder(rules: Self.rules)
        let watcher = try folder.watcher()
        watcher.settle(folder)
        for wait in [0, 10, 61] {
            folder.pass(.seconds(wait))
            try folder.append("slow")
            watcher.settle(folder)
        }
        folder.pass(.seconds(600))
        watcher.settle(folder)
        #expect(try folder.letters().isEmpty)
    }

    @Test func `To, To e-mail and X-Mailer are the settings'`() throws {
        let folder = try WatcherFolder()
        let to = "Chief, to_email: chief@example.org, mailer_name: Night watch"
        let watcher = try folder.watcher(try folder.settings(to: to))
        watcher.settle(folder)
        try folder.append(WatcherTests.oom)
        watcher.settle(folder)
        let letter = try #require(try folder.letters().first)
        let message = ParsedMessage(letter.message)
        #expect(message.header("To") == "Chief <chief@example.org>")
        #expect(message.header("X-Mailer") == "Night watch")
        #expect(letter.envelope.recipients.map(\.text) == ["chief@example.org"])
    }
}
