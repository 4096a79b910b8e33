// What a letter tells a person to type, on a host whose daemons were started with settings of their own.

import Formats
import Incidents
import Mail
import Platform
import Rules
import Settings
import Testing

@testable import Watching

@Suite struct LetterCommandTests {
    @Test(
        arguments: [
            (nil, "herald incidents resolve 1"),
            ("/srv/a b/h.yaml", "herald --config '/srv/a b/h.yaml' incidents resolve 1"),
        ] as [(String?, String)])
    func `Commands name the settings that the watcher was started with, where these are not the default ones`(
        config: String?, command: String
    ) throws {
        let report = try #require(LetterFixtures.outOfMemory())
        var letter = try LetterFixtures.letter()
        letter.command = HeraldCommand(config: config)
        let draft = try letter.draft(report, to: LetterFixtures.admin(), id: "1")
        let lines = draft.text.split(separator: "\n").map { $0.drop { $0 == " " } }
        #expect(lines.contains { $0 == command })
        let prefix = command.dropLast("incidents resolve 1".count)
        #expect(lines.filter { $0.hasPrefix("herald ") }.allSatisfy { $0.hasPrefix(prefix) }, "\(draft.text)")
    }

    @Test func `Settings that were read from another file than the default one know it by its whole path`() throws {
        let folder = try WatcherFolder()
        let path = folder.path + "/other.yaml"
        try Files.write("report: {to_email: a@example.org}\n".utf8, to: path)
        #expect(Settings.read(path).settings?.command == HeraldCommand(config: path))
        #expect(Files.absolute("h.yaml").hasPrefix("/") && Files.absolute("h.yaml").hasSuffix("/h.yaml"))
        #expect(Files.absolute(path) == path)
    }
}
