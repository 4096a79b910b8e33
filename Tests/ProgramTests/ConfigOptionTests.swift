// `--config FILE` stands before or behind any word of a command.

import Platform
import TestSupport
import Testing

@testable import herald

@Suite struct ConfigOptionTests {
    /// Every command that reads settings, with what it needs besides; a default subcommand with and without its name.
    private static let commands: [[String]] = [
        ["check"], ["status"], ["incidents"], ["incidents", "list"], ["incidents", "show", "1"],
        ["incidents", "resolve", "1"], ["silence", "add", "--rule", "x", "--for", "4h", "--comment", "x"],
        ["silence", "list"],
        ["silence", "remove", "1"], ["send", "a@example.org"], ["queue", "list"], ["queue", "show", "x"],
        ["queue", "hold", "x"], ["queue", "release", "x"], ["queue", "retry", "x"], ["queue", "retract", "x"],
        ["queue", "remove", "x"], ["test-alert"], ["scan", "-"], ["rules", "list"], ["rules", "show", "x"],
        ["rules", "test"], ["rules", "explain", "x"], ["docs", "rules"],
    ]

    @Test("in every place, of every command", arguments: commands) func places(command: [String]) throws {
        let path = "/nonexistent/of-the-test.yaml"
        for option in [["--config", path], ["--config=" + path]] {
            for place in 0...command.count {
                // Not between an option and its value.
                if place > 0, command[place - 1].hasPrefix("--") { continue }
                var words = command
                words.insert(contentsOf: option, at: place)
                let run = try HeraldRun(words)
                #expect(run.code == .exited(2), "\(words)")
                #expect(run.errors.contains(path), "\(words): \(run.errors)")
                #expect(!run.errors.contains("Usage"), "\(words): \(run.errors)")
            }
        }
    }

    @Test(
        "the words behind -- are left alone, and so is an option without its file",
        arguments: [
            (["rules", "explain", "--", "--config", "x"], ["rules", "explain", "--", "--config", "x"]),
            (["--config", "f", "rules", "explain", "--", "-x"], ["rules", "explain", "--config", "f", "--", "-x"]),
            (["status", "--config"], ["status", "--config"]), (["--config", "f"], []),
            (["status", "--config", "--", "x"], ["status", "--config", "--", "x"]),
            (["--config", "a", "status", "--config", "b"], ["status", "--config", "a", "--config", "b"]),
            (["--config", "f", "demo"], ["demo"]), (["sink", "--config=f", "/m"], ["sink", "/m"]),
        ])
    func words(given: [String], expected: [String]) { #expect(Herald.configAtTheEnd(given) == expected) }
}
