// Writes a letter of every kind, whole and in parts, where HERALD_SNAPSHOTS names a folder: packaging/scripts/letter-picture
// makes pictures of them.

import Incidents
import Platform
import Testing

@testable import Watching

@Suite struct LetterSnapshots {
    @Test(
        .enabled(if: Environment["HERALD_SNAPSHOTS"] != nil, "letters are kept where HERALD_SNAPSHOTS says"),
        arguments: LetterFixtures.kinds)
    func `Every kind of report becomes a letter that can be looked at`(kind: String) throws {
        let report = try #require(LetterFixtures.report(kind))
        let draft = try LetterFixtures.letter().draft(report, to: LetterFixtures.admin(), id: "00ff")
        guard let folder = Environment["HERALD_SNAPSHOTS"] else { return }
        try Files.write(draft.rendered(), to: "\(folder)/\(kind).eml")
        try Files.write(("Subject: \(draft.subject)\n\n" + draft.text).utf8, to: "\(folder)/\(kind).txt")
    }
}
