// `herald send`: a message on standard input into the queue.

import ArgumentParser
import Formats
import Platform

struct SendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Put a message from standard input into the queue; prints its id.",
        discussion: """
            The message is one with headers (RFC 5322), or bare text. The mailer takes it durably before the id is printed.

            Example: printf 'Subject: hello\\n\\nIt works.\\n' | herald send admin@example.org
            """)

    @OptionGroup var place: DaemonOption
    @Option(help: "The alias (by its description) that the message comes from.") var from: String?
    @Flag(name: .short, help: "Take recipients from To, Cc and Bcc; Bcc is removed.") var t = false
    @Flag(help: "One JSON object.") var json = false
    @Argument(help: "Addresses of recipients.") var addresses: [String] = []

    /// A mailer that is just starting again is waited for: what is sent by a cron job is sent once.
    private static let patience = Duration.seconds(5)

    func run() throws {
        guard t || !addresses.isEmpty else { throw Failure.wrong("herald send: name a recipient, or -t") }
        let settings = try place.settings().settings
        let message = try Files.readAll(Descriptor.standardInput(), path: "standard input", limit: 50 << 20)
        if message.allSatisfy({ [0x09, 0x0a, 0x0d, 0x20].contains($0) }) {
            Terminal.complain("herald send: warning: standard input is empty: a letter without text goes")
        }
        let arguments: JSON = [
            "from": JSON(from), "recipients": .array(addresses.map { .string($0) }), "from_headers": .bool(t),
        ]
        let answer = try DaemonAddress(name: "mailer", settings: settings)
            .request("send", arguments, body: message, patience: Self.patience)
        Terminal.say(json ? answer.result.text : answer.result["id"]?.string ?? "")
    }
}
