// Writes the letters of the fixtures as HTML and text where HERALD_SNAPSHOTS names a folder, for a look at them.

import Incidents
import Platform
import Testing

@testable import Watching

@Suite struct LetterSnapshots {
    private static func report(_ name: String) -> Report? {
        switch name {
        case "out-of-memory": LetterFixtures.outOfMemory()
        case "trace": LetterFixtures.trace()
        case "digest": LetterFixtures.digest()
        default: LetterFixtures.recovered()
        }
    }

    @Test(
        .enabled(if: Environment["HERALD_SNAPSHOTS"] != nil),
        arguments: ["out-of-memory", "trace", "digest", "recovered"])
    func `Every kind of report becomes a letter that can be looked at`(name: String) throws {
        let report = try #require(Self.report(name))
        let draft = try LetterFixtures.letter().draft(report, to: LetterFixtures.admin(), id: "00ff")
        let html = try #require(draft.html)
        #expect(html.hasSuffix("</html>\n"))
        guard let folder = Environment["HERALD_SNAPSHOTS"] else { return }
        try Files.write(html.utf8, to: "\(folder)/\(name).html")
        try Files.write(("Subject: \(draft.subject)\n\n" + draft.text).utf8, to: "\(folder)/\(name).txt")
    }
}
