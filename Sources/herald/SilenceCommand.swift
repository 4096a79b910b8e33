// `herald silence`: not to hear of something for a while. Every silence has an end.

import ArgumentParser
import Formats

struct SilenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "silence", abstract: "Not to hear of something for a while.",
        subcommands: [Add.self, List.self, Remove.self])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Silence an incident, a rule or a host.",
            discussion: "Example: herald silence add --rule kernel-out-of-memory --for 4h --comment 'memory is ordered'"
        )

        @OptionGroup var config: ConfigOption
        @Option(help: "The incident, by the number in its letter.") var incident: Int?
        @Option(help: "The rule, by its id.") var rule: String?
        @Option(help: "Only what comes from this host.") var host: String?
        @Option(name: .customLong("for"), help: "How long: 30m, 4h, 2d.") var length: String
        @Option(help: "Why; shown in the list.") var comment = ""

        func run() throws {
            let arguments: JSON = [
                "incident": JSON(incident), "rule": JSON(rule), "host": JSON(host), "for": .string(length),
                "comment": .string(comment),
            ]
            let daemon = DaemonAddress(name: "watcher", settings: try config.settings())
            let answer = try daemon.request("silence-add", arguments).result
            Terminal.say("Silence \(answer["id"]?.int ?? 0), until \(answer["until"]?.string ?? "").")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The silences in force.")
        @OptionGroup var config: ConfigOption
        @Flag(help: "One JSON object a line.") var json = false

        func run() throws {
            let daemon = DaemonAddress(name: "watcher", settings: try config.settings())
            let silences = try daemon.request("silence-list").result.array ?? []
            if json {
                for silence in silences { Terminal.say(silence.text) }
                return
            }
            guard !silences.isEmpty else { return Terminal.say("Nothing is silenced.") }
            var table = [["ID", "UNTIL", "RULE", "HOST", "COMMENT"]]
            for silence in silences {
                let what = silence["rule"]?.string ?? (silence["fingerprint"]?.isNull == false ? "one incident" : "any")
                table.append([
                    String(silence["id"]?.int ?? 0), silence["until"]?.string ?? "", Printable.text(what),
                    Printable.text(silence["host"]?.string ?? "any"), Printable.text(silence["comment"]?.string ?? ""),
                ])
            }
            Terminal.table(table)
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End a silence.")
        @OptionGroup var config: ConfigOption
        @Argument(help: "The number that `add` or `list` printed.") var id: Int

        func run() throws {
            let daemon = DaemonAddress(name: "watcher", settings: try config.settings())
            _ = try daemon.request("silence-remove", ["id": .int(Int64(id))])
        }
    }
}
