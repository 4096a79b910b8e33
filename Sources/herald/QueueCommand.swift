// `herald queue`: what waits, what went, what failed.

import ArgumentParser
import Formats
import Mailing
import Platform

struct QueueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "The letters: waiting, sent, failed.",
        subcommands: [List.self, Show.self, Hold.self, Release.self, Retry.self, Retract.self, Remove.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One line for each delivery.")
        @OptionGroup var place: DaemonOption
        @Flag(help: "One JSON object a line.") var json = false
        @Option(help: "Only deliveries in this state; may be given several times.") var state: [String] = []
        @Option(help: "At most so many lines.") var limit: Int?

        func validate() throws {
            for name in state where DeliveryState.named(name) == nil {
                var names: [String] = []
                for state in DeliveryState.allCases where !names.contains(state.name) { names.append(state.name) }
                throw ValidationError("'\(name)' is no state; there are \(names.joined(separator: ", "))")
            }
            if let limit, limit < 1 { throw ValidationError("--limit wants a number of lines, at least 1") }
        }

        func run() throws {
            let reading = QueueReading(try place.settings())
            var table = [["ID", "STATE", "TRIES", "NEXT", "RECIPIENT", "SUBJECT"]]
            // Lines for a program go out many at a time.
            var lines: [String] = []
            let (hasMore, isLive) = try reading.list(states: state, limit: limit ?? .max) { row in
                if json {
                    lines.append(row.text)
                    if lines.count >= 500 {
                        Terminal.say(lines)
                        lines = []
                    }
                    return
                }
                let row = row.json
                table.append([
                    row["id"]?.string ?? "", row["state"]?.string ?? "", String(row["attempts"]?.int ?? 0),
                    Self.next(row), Printable.text(row["recipient"]?.string ?? "", limit: 40) + Self.mark(row),
                    Printable.text(row["subject"]?.string ?? "", limit: 70),
                ])
            }
            if json { return Terminal.say(lines) }
            let count = table.count - 1
            guard count > 0 else {
                let empty = reading.hasNeverRun ? "The queue is empty: herald-mailer has not run here yet." : nil
                return Terminal.say(empty ?? (state.isEmpty ? "The queue is empty." : "No delivery is in that state."))
            }
            Terminal.table(table)
            Terminal.say("\(counted(count, "delivery", "deliveries"))\(hasMore ? ", and there are more" : "")")
            if !isLive {
                let isSending = table.contains { $0[1] == "sending" }
                Terminal.say(
                    "herald-mailer does not run: nothing goes"
                        + (isSending ? "; what is 'sending' here was so when it ended" : ""))
            }
        }

        /// When it is tried next, or what it waits for whose time has come.
        private static func next(_ row: JSON) -> String {
            if let obstacle = row["waits_for"]?.string { return "for \(Printable.text(obstacle, limit: 100))" }
            return row["next_attempt"]?.string == nil ? "-" : HostClock.text(row["next_attempt"])
        }

        private static func mark(_ row: JSON) -> String { row["redirected_to"]?.string == nil ? "" : " (redirected)" }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One letter, with its deliveries and its text.")
        @OptionGroup var place: DaemonOption
        @Argument(help: "The id that `send` or `queue list` printed.") var id: String
        @Flag(help: "One JSON object.") var json = false

        func run() throws {
            let (letter, message) = try QueueReading(try place.settings()).show(id)
            if json { return Terminal.say(letter.text) }
            for member in letter.members ?? [] where member.name != "deliveries" && !member.value.isNull {
                Terminal.say("\(Terminal.dim(member.name + ":")) \(HostClock.text(member.value, limit: .max))")
            }
            for delivery in letter["deliveries"]?.array ?? [] {
                Terminal.say("")
                for member in delivery.members ?? [] where !member.value.isNull {
                    Terminal.say("  \(Terminal.dim(member.name + ":")) \(HostClock.text(member.value, limit: .max))")
                }
            }
            Terminal.say("")
            if message.isEmpty { return Terminal.say("Its text is not kept any more.") }
            let lines = message.filter { $0 != 0x0d }
            Terminal.say(Printable.text(lines, keepingLines: true))
        }
    }

    struct Hold: QueueChanging {
        static let change = QueueChange.hold
        static let configuration = CommandConfiguration(abstract: "Keep a letter until it is released.")
        @OptionGroup var place: DaemonOption
        @Flag(help: "One JSON object.") var json = false
        @Argument(help: "The letter's id.") var id: String
    }

    struct Release: QueueChanging {
        static let change = QueueChange.release
        static let configuration = CommandConfiguration(abstract: "Let a held letter go.")
        @OptionGroup var place: DaemonOption
        @Flag(help: "One JSON object.") var json = false
        @Argument(help: "The letter's id.") var id: String
    }

    struct Retry: QueueChanging {
        static let change = QueueChange.retry
        static let configuration = CommandConfiguration(abstract: "Try a letter again now, a failed one too.")
        @OptionGroup var place: DaemonOption
        @Flag(help: "One JSON object.") var json = false
        @Argument(help: "The letter's id.") var id: String
    }

    struct Retract: QueueChanging {
        static let change = QueueChange.retract
        static let configuration = CommandConfiguration(abstract: "Take a letter back before it is sent.")
        @OptionGroup var place: DaemonOption
        @Flag(help: "One JSON object.") var json = false
        @Argument(help: "The letter's id.") var id: String
    }

    struct Remove: QueueChanging {
        static let change = QueueChange.remove
        static let configuration = CommandConfiguration(
            abstract: "Give a letter up that waits, or forget one that failed.")
        @OptionGroup var place: DaemonOption
        @Flag(help: "One JSON object.") var json = false
        @Argument(help: "The letter's id.") var id: String
    }
}

/// A subcommand that changes one letter's deliveries.
protocol QueueChanging: ParsableCommand {
    static var change: QueueChange { get }
    var place: DaemonOption { get }
    var id: String { get }
    var json: Bool { get }
}

extension QueueChanging {
    func run() throws {
        let count = try QueueReading(try place.settings()).change(id, Self.change)
        if json {
            let answer: JSON = [
                "id": .string(id), "change": .string(Self.change.rawValue), "deliveries": .int(Int64(count)),
            ]
            return Terminal.say(answer.text)
        }
        Terminal.say("\(Self.change.rawValue): \(counted(count, "delivery", "deliveries")) of \(id)")
    }
}
