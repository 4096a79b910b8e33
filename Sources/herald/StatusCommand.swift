// `herald status`: one screen; exit 1 where something needs a person.

import ArgumentParser
import Control
import Formats
import Platform
import Settings

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "How the daemons, their sources, letters and accounts are.",
        discussion: "Exit 0 when all is well, 1 when something needs a person (it is named), 2 for wrong settings.")

    @OptionGroup var config: ConfigOption
    @Flag(help: "One JSON object.") var json = false
    @Flag(help: "Figures in the text format of Prometheus.") var prometheus = false

    func run() throws {
        let settings = try config.settings()
        let names = ["watcher", "mailer"] + (settings.respond.folders.isEmpty ? [] : ["responder"])
        let answers = names.map { Answer(daemon: $0, settings: settings) }
        if json {
            Terminal.say(JSON.object(answers.map { JSON.Member($0.daemon, $0.facts) }).text)
        } else if prometheus {
            Terminal.say(StatusFigures.prometheus(answers.map { ($0.daemon, $0.isRunning, $0.facts) }))
        } else {
            for answer in answers { StatusScreen.show(answer.daemon, answer.facts) }
            let problems = answers.flatMap(\.problems)
            Terminal.say(problems.isEmpty ? Terminal.bold("All is well.") : Terminal.bold("Needs a person:"))
            for problem in problems { Terminal.say("  - \(Printable.text(problem))") }
        }
        if !answers.allSatisfy({ $0.problems.isEmpty }) { throw Failure(message: "", code: 1) }
    }
}

/// What one daemon says of itself.
private struct Answer {
    var daemon: String
    var facts: JSON
    var isRunning: Bool
    var problems: [String]

    init(daemon: String, settings: Settings) {
        self.daemon = daemon
        do throws(ControlError) {
            facts = try ControlClient(path: settings.paths.socket(daemon), timeout: .seconds(10)).request("status")
                .result
            isRunning = true
            problems = (facts["problems"]?.array ?? []).compactMap(\.string)
        } catch {
            let advice = "systemctl start herald-\(daemon)"
            problems = ["herald-\(daemon) cannot be asked: \(error) (\(advice))"]
            facts = ["daemon": .string("herald-\(daemon)"), "problems": .array(problems.map { .string($0) })]
            isRunning = false
        }
    }
}
