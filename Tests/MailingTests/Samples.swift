// Letters and settings for the tests of this module.

import Mail
import Formats
import Platform
import Settings
import Testing

extension Letter {
    static func sample(
        to recipients: [String] = ["admin@example.org"], origin: String = "watcher", alias: String? = nil,
        priority: LetterPriority = .report, notBefore: Timestamp? = nil, body: String = "It broke."
    ) -> Letter {
        let id = Randomness.identifier()
        let text =
            "From: Herald <herald@example.org>\r\nMessage-ID: <\(id)@example.org>\r\nSubject: s\r\n\r\n\(body)\r\n"
        return Letter(
            id: id, origin: origin, alias: alias,
            envelope: Envelope(
                sender: try? EmailAddress("herald@example.org"),
                recipients: recipients.compactMap { try? EmailAddress($0) }),
            priority: priority, created: Timestamp(seconds: 1_800_000_000), notBefore: notBefore, subject: "s",
            messageID: "<\(id)@example.org>", message: Array(text.utf8))
    }
}

enum Sample {
    /// Settings with these accounts, in a folder where one is given.
    static func settings(
        accounts: [String], port: Int = 25, folder: String = "/nonexistent", more: String = "", account: String = ""
    ) throws -> Settings {
        let list = accounts.map { name in
            "    - {name: \(name), server: 127.0.0.1, port: \(port), security: none\(account)}\n"
        }
        return try settings("smtp:\n  accounts:\n\(list.joined())\(more)", folder: folder)
    }

    /// Settings from YAML, with a report's recipients and two aliases.
    static func settings(_ text: String, folder: String = "/nonexistent") throws -> Settings {
        let yaml = """
            paths: {state: \(folder)/state, spool: \(folder)/spool, run: \(folder)/run}
            report:
              to:
                - {name: Admin, email: admin@example.org}
                - {name: Second, email: second@example.org}
                - {name: Third, email: third@example.org}
            aliases:
              - {description: alerts, address: herald@example.org, default: true}
              - {description: jobs, name: Jobs, address: jobs@example.org, user: carla}
            respond:
              folders:
                - {path: /srv/jobs, from: jobs}
            \(text)
            """
        let file = ConfigurationFile(path: "herald.yaml", bytes: Array(yaml.utf8))
        let (settings, diagnostics) = Settings.load([file], host: Settings.Host(mailName: "host.example.org"))
        return try #require(settings, "\(diagnostics)")
    }
}
