// `herald queue`: what waits, what went, what failed.

import ArgumentParser
import Formats
import Platform

struct QueueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "The letters: waiting, sent, failed.", subcommands: [List.self, Show.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One line for each delivery.")
        @OptionGroup var config: ConfigOption
        @Flag(help: "One JSON object a line.") var json = false

        func run() throws {
            let rows = try QueueReading.list(try config.settings())
            if json {
                for row in rows { Terminal.say(row.text) }
                return
            }
            guard !rows.isEmpty else { return Terminal.say("The queue is empty.") }
            var table = [["ID", "STATE", "TRIES", "NEXT", "RECIPIENT", "SUBJECT"]]
            for row in rows {
                table.append([
                    row["id"]?.string ?? "", row["state"]?.string ?? "", String(row["attempts"]?.int ?? 0),
                    row["next_attempt"]?.string ?? "-", Printable.text(row["recipient"]?.string ?? "", limit: 40),
                    Printable.text(row["subject"]?.string ?? "", limit: 70),
                ])
            }
            Terminal.table(table)
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One letter, with its deliveries and its text.")
        @OptionGroup var config: ConfigOption
        @Argument(help: "The id that `send` or `queue list` printed.") var id: String
        @Flag(help: "One JSON object.") var json = false

        func run() throws {
            let (letter, message) = try QueueReading.show(id, try config.settings())
            if json { return Terminal.say(letter.text) }
            for member in letter.members ?? [] where member.name != "deliveries" {
                let value = member.value.string ?? member.value.text
                Terminal.say("\(Terminal.dim(member.name + ":")) \(Printable.text(value))")
            }
            for delivery in letter["deliveries"]?.array ?? [] {
                Terminal.say("")
                for member in delivery.members ?? [] {
                    Terminal.say(
                        "  \(Terminal.dim(member.name + ":")) \(Printable.text(member.value.string ?? member.value.text))"
                    )
                }
            }
            Terminal.say("")
            let lines = message.filter { $0 != 0x0d }
            Terminal.say(Printable.text(lines, keepingLines: true))
        }
    }
}
