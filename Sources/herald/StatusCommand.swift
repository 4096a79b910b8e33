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
        discussion: """
            Exit 0 when Herald itself is well, whatever incidents are open; 1 when something needs a person (it is \
            named; wrong settings are, and the daemons go on with the earlier ones), 2 where the settings do not say which \
            daemons are meant. Times are by this host's clock, in --json in UTC. Only root and the group \
            herald are told more than counts.
            """)

    @OptionGroup var place: DaemonOption
    @Flag(help: "One JSON object.") var json = false
    @Flag(help: "Figures in the text format of Prometheus.") var prometheus = false

    func run() throws {
        let found = try place.found()
        let settings = found.settings
        let names = ["watcher", "mailer"] + (settings.respond.folders.isEmpty ? [] : ["responder"])
        let answers = names.map { Answer(daemon: $0, settings: settings) }
        let own = [found.trouble].compactMap { $0 }
        if json {
            let facts: JSON = ["problems": .array(own.map { .string($0) })]
            let members = answers.map { JSON.Member($0.daemon, $0.facts) }
            Terminal.say(JSON.object(members + (own.isEmpty ? [] : [JSON.Member("settings", facts)])).text)
        } else if prometheus {
            let figures = answers.map { ($0.daemon, $0.isRunning, $0.facts) }
            Terminal.say(StatusFigures.prometheus(figures, at: SystemClock.now(), own: own.count))
        } else {
            for answer in answers where answer.isRunning {
                for line in StatusScreen.lines(answer.facts) { Terminal.say(line) }
                Terminal.say("")
            }
            let problems = own + answers.flatMap(\.problems)
            guard problems.isEmpty else {
                let isAllDenied = own.isEmpty && answers.allSatisfy { $0.isDenied || $0.problems.isEmpty }
                Terminal.say(Terminal.bold(isAllDenied ? "Not known:" : "Needs a person:"))
                for problem in problems { Terminal.say(StatusScreen.problem(problem)) }
                throw Failure(message: "", code: 1)
            }
            Terminal.say(Terminal.bold(StatusScreen.verdict(answers.first?.facts)))
        }
        if !own.isEmpty || !answers.allSatisfy({ $0.problems.isEmpty }) { throw Failure(message: "", code: 1) }
    }
}

/// What one daemon says of itself.
private struct Answer {
    var daemon: String
    var facts: JSON
    var isRunning: Bool
    var problems: [String]
    /// It says nothing to us: that is no problem of its own.
    var isDenied = false

    init(daemon: String, settings: Settings) {
        self.daemon = daemon
        do throws(ControlError) {
            facts = try ControlClient(path: settings.paths.socket(daemon), timeout: .seconds(10)).request("status")
                .result
            isRunning = true
            problems = (facts["problems"]?.array ?? []).compactMap(\.string)
            let count = facts["problem_count"]?.int ?? 0
            if count > 0 {
                problems.append(
                    "\(counted(count, "thing is not well", "things are not well")) in herald-\(daemon); ask as root")
            }
        } catch {
            problems = ["herald-\(daemon) \(Self.words(error, daemon, settings.paths.state(daemon)))"]
            facts = ["daemon": .string("herald-\(daemon)"), "problems": .array(problems.map { .string($0) })]
            isRunning = false
            if case .refused(_, .denied) = error { isDenied = true }
        }
    }

    /// What is to be done hangs on why: to start a daemon that refuses to answer is of no use.
    private static func words(_ error: ControlError, _ daemon: String, _ state: String) -> String {
        switch error {
        case .notRunning: "does not run: " + (noRoom(daemon, state) ?? start(daemon))
        default: error.words(of: daemon)
        }
    }

    private static func start(_ daemon: String) -> String {
        "systemctl start herald-\(daemon); where it ends again, journalctl -u herald-\(daemon) says why"
    }

    /// A daemon that cannot write its state does not start, and nobody else tells why.
    private static func noRoom(_ daemon: String, _ state: String) -> String? {
        guard let free = Files.freeSpace(state), free < 1 << 20 else { return nil }
        return "the file system of \(state) is full (\(free >> 10) KiB are free): make room, then systemctl start "
            + "herald-\(daemon)"
    }
}
