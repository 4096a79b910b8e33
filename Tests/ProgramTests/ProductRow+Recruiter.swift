// PCRecruiter's fields.

import Formats
import Glibc
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import TestSupport
import Testing

extension ProductRow {
    static let recruiter: [ProductRow] = [
        ProductRow("PCRecruiter", "several aliases per user; Description; Alias Name, From Address; Reply to Address") {
            let row = try RowSite(
                aliases: """
                    aliases:
                      - {description: office, name: Office, address: office@example.org, default: true}
                      - {description: secret-word, name: Jobs, address: jobs@example.org, reply_to: hr@example.net}
                    """)
            try row.send("Subject: row\n\nHello.\n", "--from", "secret-word", "someone@example.net")
            let (raw, letter) = try row.arrival()
            #expect(raw.sender == "jobs@example.org" && letter.header("From") == "Jobs <jobs@example.org>")
            #expect(letter.header("Reply-To") == "hr@example.net")
            #expect(!String(decoding: raw.bytes, as: UTF8.self).contains("secret-word"))
            try row.send("Subject: row\nReply-To: own@example.net\n\nx\n", "--from", "secret-word", "a@example.net")
            #expect(ParsedMessage(try row.arrivals(2)[1].bytes).header("Reply-To") == "own@example.net")
        },
        ProductRow("PCRecruiter", "an alias has its own server and login; SMTP Server:Port, User Name, Password") {
            let other = try ScriptedPeer([])
            other.stop()
            let row = try RowSite(
                "[{name: down, server: 127.0.0.1, port: \(other.port), security: none},"
                    + " {name: own, \(securedSink), login: herald, password: open sesame}]",
                aliases: """
                    aliases:
                      - {description: office, address: office@example.org, default: true, account: down}
                      - {description: jobs, address: jobs@example.org, account: own}
                    """, sinkLogin)
            let stays = try row.send()
            try row.send("Subject: row\n\nHello.\n", "--from", "jobs", "someone@example.net")
            let (raw, _) = try row.arrival()
            #expect(raw.sender == "jobs@example.org" && raw.login == "herald")
            // No one's address leaves through a stranger's server.
            #expect(try row.queue().contains { $0["id"]?.string == stays && $0["state"]?.string == "queued" })
        },
        ProductRow("PCRecruiter", "Disable SSL/TLS") {
            let account = "[{name: a, \(plainSink), login: herald, password: open sesame"
            let refused = try RowSite(account + "}]", starts: false)
            #expect(try refused.herald("check").errors.contains("allow_plaintext_login"))
            let row = try RowSite(account + ", allow_plaintext_login: true}]") {
                sinkLogin(&$0)
                $0.offersLoginWithoutTLS = true
            }
            #expect(try row.herald("check").errors.contains("readable by anyone on the way"))
            try row.send()
            let (raw, _) = try row.arrival()
            #expect(raw.tlsVersion == nil && raw.login == "herald")
        },
        ProductRow("PCRecruiter", "Make Default") {
            let two =
                "aliases: [{description: a, address: a@example.org}, {description: b, address: b@example.org, default: true}]"
            let row = try RowSite(aliases: two)
            try row.send()
            #expect(try row.arrival().raw.sender == "b@example.org")
            let none = try RowSite(aliases: two.replacing(", default: true", with: ""), starts: false)
            #expect(try none.herald("check").errors.contains("exactly one alias must have 'default: true', not 0"))
        },
        ProductRow("PCRecruiter", "Delay Between Emails (milliseconds)") {
            let row = try RowSite("[{name: a, \(plainSink), delay_between_messages: 1500ms}]")
            for _ in 0..<2 { try row.send() }
            let times = try row.arrivals(2).map(\.received)
            #expect(times[1] - times[0] >= .milliseconds(1400))
        },
        ProductRow("PCRecruiter", "Test Connection: Status: OK") {
            let row = try RowSite(
                "[{name: a, \(securedSink), login: herald, password: open sesame}]", starts: false, sinkLogin)
            let run = try row.herald("test-connection", "a")
            #expect(run.code == .exited(0) && run.lines.last == "Status: OK", "\(run.output)")
        },
    ]
}
