import Formats
import Mail
import Platform
import Rules
import Testing
import YAML

@testable import Settings

@Suite struct JournalSettingsTests {
    private func load(_ journal: String) -> (journal: Settings.Journal?, faults: [String]) {
        let text = "report: {to_email: a@example.org}\nwatch: {journal: \(journal)}"
        let file = ConfigurationFile(path: "herald.yaml", bytes: Array(text.utf8))
        let (settings, diagnostics) = Settings.load([file], host: .init(mailName: "web1.example.org"))
        return (
            settings?.watch.journal,
            diagnostics.map(\.description).filter { $0.contains("journal") || $0.contains("absolute") }
        )
    }

    @Test("without a word the system's journal is read, and no other") func byDefault() throws {
        let journal = try #require(load("{}").journal)
        #expect(journal == Settings.Journal(enabled: true, namespaces: [], directories: []))
    }

    @Test("any number of namespaces and directories, each once and in one spelling") func several() throws {
        let (journal, faults) = load(
            "{enabled: false, namespaces: [audit, web, audit], directories: [/srv/a/, /srv/a, /srv/b//, /]}")
        #expect(faults == [])
        #expect(
            journal
                == Settings.Journal(
                    enabled: false, namespaces: ["audit", "web"], directories: ["/srv/a", "/srv/b", "/"]))
    }

    @Test(
        "what is no namespace or no absolute directory is refused, with its place",
        arguments: [
            ("{namespaces: [../x]}", "'../x' is not the name of a journal namespace"),
            ("{namespaces: ['']}", "'' is not the name of a journal namespace"),
            ("{directories: [remote]}", "'remote' is not an absolute path"),
            ("{directory: /srv/a}", "unknown key 'directory'"),
        ])
    func refused(journal: String, words: String) {
        let (settings, faults) = load(journal)
        #expect(settings == nil && faults.contains { $0.contains("herald.yaml:2:") && $0.contains(words) }, "\(faults)")
    }
}
