import Records
import Testing

@testable import Rules

@Suite struct HitTests {
    @Test(
        "a file's line that names no program is the file's, a container's by the digits that its engine shows",
        arguments: [
            ("/var/log/app.log", "app.log"),
            ("/var/lib/docker/containers/0a/" + id + "-json.log", "container 0123456789ab"),
            ("/srv/" + id.dropLast() + "-json.log", id.dropLast() + "-json.log"),
            ("/srv/" + id + "-json.txt", id + "-json.txt"), ("/srv/" + id + "0-json.log", id + "0-json.log"),
        ])
    func fileName(path: String, name: String) {
        var rule = Rule(id: "a", title: Template("{identifier} reports"), severity: .error)
        rule.match = []
        let hit = Hit(rule: rule, record: Record(source: .file(path), message: [0x78]), captures: [])
        #expect(hit.title() == "\(name) reports")
    }

    private static let id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
}
