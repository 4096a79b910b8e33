// `herald incidents`: what is open now.

import ArgumentParser
import Formats

struct IncidentsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "incidents", abstract: "The incidents that are open.", subcommands: [List.self, Resolve.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One line for each open incident, the most severe first.")
        @OptionGroup var config: ConfigOption
        @Flag(help: "One JSON object a line.") var json = false

        func run() throws {
            let daemon = DaemonAddress(name: "watcher", settings: try config.settings())
            let incidents = try daemon.request("status").result["incidents"]?.array ?? []
            if json {
                for incident in incidents { Terminal.say(incident.text) }
                return
            }
            guard !incidents.isEmpty else { return Terminal.say("No incident is open.") }
            var table = [["ID", "SEVERITY", "HITS", "LAST SEEN", "HOST", "TITLE"]]
            for incident in incidents {
                table.append([
                    String(incident["id"]?.int ?? 0), incident["severity"]?.string ?? "",
                    String(incident["hits"]?.int ?? 0), incident["last_seen"]?.string ?? "",
                    Printable.text(incident["host"]?.string ?? "", limit: 30),
                    Printable.text(incident["title"]?.string ?? "", limit: 90),
                ])
            }
            Terminal.table(table)
        }
    }

    struct Resolve: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Call an incident over; the next hit opens a new one.",
            discussion: "Example: herald incidents resolve 12")
        @OptionGroup var config: ConfigOption
        @Argument(help: "The incident, by the number in its letter.") var id: Int

        func run() throws {
            let daemon = DaemonAddress(name: "watcher", settings: try config.settings())
            _ = try daemon.request("incident-resolve", ["id": .int(Int64(id))])
        }
    }
}
