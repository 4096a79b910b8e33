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
    @Argument(help: "Addresses of recipients.") var addresses: [String] = []

    func run() throws {
        guard t || !addresses.isEmpty else { throw Failure.wrong("herald send: name a recipient, or -t") }
        let settings = try place.settings().settings
        let message = try Files.readAll(Descriptor.standardInput(), path: "standard input", limit: 50 << 20)
        let arguments: JSON = [
            "from": JSON(from), "recipients": .array(addresses.map { .string($0) }), "from_headers": .bool(t),
        ]
        let answer = try DaemonAddress(name: "mailer", settings: settings).request("send", arguments, body: message)
        Terminal.say(answer.result["id"]?.string ?? "")
    }
}
