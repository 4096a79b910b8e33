// Who gets what: recipients with their own severity and rules.

import Formats
import Incidents
import Mail
import Testing

@testable import Watching

@Suite struct RecipientTests {
    private func site() throws -> (WatcherFolder, Watcher) {
        let folder = try WatcherFolder(
            rules: """
                rules:
                  - {id: db-down, title: "The database is down", severity: error, match: 'db down', recovered_by: 'db up', group_by: [host]}
                  - {id: web-down, title: "The shop is down", severity: error, match: 'web down', recovered_by: 'web up', group_by: [host]}
                  - {id: other, title: "Something else", severity: error, match: 'else (?<n>\\d+)', group_by: [n]}
                """)
        let settings = try folder.settings(
            to:
                "[{email: dba@example.org, min_severity: error, rules: ['db-*']}, {email: web@example.org, min_severity: error, rules: ['web-*', 'other']}]",
            "min_severity: error, group_wait: 0s, max_per_hour: 1")
        return (folder, try folder.watcher(settings))
    }

    @Test func `Two who want different halves of a digest get a letter each, and their threads hold`() throws {
        let (folder, watcher) = try site()
        watcher.settle(folder)
        try folder.append("else 1")
        watcher.settle(folder)
        try folder.append("db down", "web down")
        watcher.settle(folder)
        let first = try #require(try folder.letters().first)
        #expect(try folder.letters().count == 1)
        folder.pass(.seconds(3600))
        watcher.settle(folder)
        let digest = try folder.letters().filter { $0.id != first.id }
        #expect(Set(digest.map { $0.envelope.recipients.map(\.text) }) == [["dba@example.org"], ["web@example.org"]])
        func letter(_ letters: some Sequence<Letter>, to address: String) -> Letter? {
            letters.first { $0.envelope.recipients.contains { $0.text == address } }
        }
        let dba = try #require(letter(digest, to: "dba@example.org"))
        let web = try #require(letter(digest, to: "web@example.org"))
        #expect(ParsedMessage(dba.message).header("X-Herald-Rule") == "db-down")
        #expect(ParsedMessage(web.message).header("X-Herald-Rule") == "web-down")
        // What comes next of either refers to the letter that its reader has.
        for (line, first) in [("db up", dba), ("web up", web)] {
            let before = Set(try folder.letters().map(\.id))
            folder.pass(.seconds(3700))
            try folder.append(line)
            watcher.settle(folder)
            let next = try #require(try folder.letters().first { !before.contains($0.id) })
            #expect(next.envelope.recipients == first.envelope.recipients)
            #expect(ParsedMessage(next.message).header("References") == first.messageID)
        }
    }

    @Test func `A recipient who asks for more than the report's min_severity gets it, alone`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher(
            try folder.settings(
                to: "[{email: all@example.org}, {email: more@example.org, min_severity: warning, rules: [noise]}]"))
        watcher.settle(folder)
        try folder.append("noise")
        watcher.settle(folder)
        #expect(try folder.letters().map { $0.envelope.recipients.map(\.text) } == [["more@example.org"]])
        #expect(watcher.status["unaddressed"]?.int == 0)
        try folder.append(WatcherTests.oom)
        watcher.settle(folder)
        #expect(try folder.letters().last?.envelope.recipients.map(\.text) == ["all@example.org"])
    }

    @Test func `Of one incident that stood in two letters both are referred to`() throws {
        let (folder, watcher) = try site()
        watcher.settle(folder)
        try folder.append("db down")
        watcher.settle(folder)
        let id = try #require(watcher.book.openIncidents.first?.id)
        watcher.book.tellMessageIDs([id: ["<1@x>", "<2@x>"]])
        #expect(watcher.book.incident(id)?.lastMessageIDs == ["<1@x>", "<2@x>"])
        folder.pass(.seconds(3700))
        try folder.append("db up")
        watcher.settle(folder)
        let all = try folder.letters().compactMap { ParsedMessage($0.message).header("References") }
        #expect(all.contains { $0.hasSuffix("<1@x> <2@x>") }, "\(all)")
    }
}
