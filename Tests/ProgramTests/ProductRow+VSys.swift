// VSys's fields.

import Formats
import Glibc
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import TestSupport
import Testing

extension ProductRow {
    static let vsys: [ProductRow] = [
        ProductRow("VSys", "SSL") {
            // Required is required: nothing goes in plain to a server that offers no TLS.
            let row = try RowSite(
                "[{name: a, server: localhost, port: PORT, security: starttls, ca_file: FOLDER/ca.pem}]"
            ) {
                $0.offersSTARTTLS = false
            }
            try row.send()
            #expect(try row.eventually { try row.accounts()[0]["state"]?.string == "paused" })
            #expect(row.site.letters.raw.isEmpty)
        },
        ProductRow("VSys", "Server requires authentication") {
            for (auth, mechanism) in [("auto", AuthMechanism.scramSHA256), ("plain", .plain), ("login", .login)] {
                let row = try RowSite(
                    "[{name: a, \(securedSink), auth: \(auth), login: herald, password: open sesame}]", sinkLogin)
                try row.send()
                #expect(try row.arrival().raw.mechanism == mechanism)
            }
            let row = try RowSite("[{name: a, \(securedSink), auth: none, login: herald, password: open sesame}]")
            try row.send()
            #expect(try row.arrival().raw.login == nil)
        },
        ProductRow("VSys", "E-mail \"Reply-to\" address; E-mail sender name") {
            let row = try RowSite(
                aliases: "aliases: [{description: office, address: office@example.org, default: true}]",
                smtp: ", defaults: {reply_to: desk@example.org, from_name: The Desk}")
            try row.send()
            let letter = try row.arrival().letter
            #expect(letter.header("From") == "The Desk <office@example.org>")
            #expect(letter.header("Reply-To") == "desk@example.org")
            let report = try RowSite(
                aliases: "aliases: [{description: office, address: office@example.org, default: true}]",
                smtp: ", defaults: {reply_to: desk@example.org, from_name: The Desk}"
            ).report()
            #expect(report.header("From") == "The Desk <office@example.org>")
            #expect(report.header("Reply-To") == "desk@example.org")
        },
        ProductRow("VSys", "HELO name") {
            let row = try RowSite("[{name: a, \(plainSink), helo_name: relay.example.org}]")
            try row.send()
            #expect(try row.arrival().raw.heloName == "relay.example.org")
        },
        ProductRow("VSys", "Maximum number to send") {
            let script: [ScriptedPeer.Step] = [
                .say("220 s"), .expect("EHLO"), .say("250 s"), .expect("MAIL"), .say("250 ok"), .expect("RCPT"),
                .say("250 ok"), .expect("DATA"), .say("354 go"), .expectMessage, .say("250 taken"), .expect("QUIT"),
                .say("221 bye"), .close,
            ]
            let peer = try ScriptedPeer(script, script)
            defer { peer.stop() }
            let row = try RowSite(
                "[{name: a, server: 127.0.0.1, port: \(peer.port), security: none, max_messages_per_connection: 1}]")
            for _ in 0..<2 { try row.send() }
            #expect(try row.eventually { peer.messages.count == 2 })
            #expect(peer.connections == 2 && peer.problems.isEmpty, "\(peer.problems)")
        },
        ProductRow("VSys", "After creating a letter to be sent (minutes)") {
            let row = try RowSite(smtp: ", hold: 10m")
            let id = try row.send()
            let (retracted, released) = (id, try row.send())
            #expect(try row.queue().allSatisfy { $0["state"]?.string == "held" && $0["next_attempt"]?.string != nil })
            #expect(try row.herald("queue", "retract", retracted).code == .exited(0))
            #expect(try row.herald("queue", "release", released).code == .exited(0))
            _ = try row.arrival()
            let states = try row.queue().map { ($0["id"]?.string ?? "", $0["state"]?.string ?? "") }
            #expect(Dictionary(uniqueKeysWithValues: states)[retracted] == "retracted")
            #expect(row.site.letters.raw.count == 1)
        },
        ProductRow("VSys", "After creating a letter to be sent: reports and answers") {
            let row = try RowSite(
                report: "to_email: admin@example.org, hold: 10m", smtp: ", hold: 1h",
                more: "respond: {folders: [{path: FOLDER/jobs, settle: 0s, hold: 20m}]}")
            for name in ["watcher", "responder"] { try row.start(name) }
            let line = "\(SystemClock.now().rfc3339()) web1 app[1]: FAULT\n"
            try Files.write(line.utf8, to: row.site.folder + "/log/app.log")
            try row.write("cv.tmp", KillTests.resume(8))
            try Files.renameExclusively(row.site.folder + "/cv.tmp", to: row.site.folder + "/jobs/cv.txt")
            #expect(try row.eventually { try row.queue().count { $0["state"]?.string == "held" } == 2 })
            let waits = try row.queue().map { json -> (String, Duration) in
                let until = Timestamp(rfc3339: json["next_attempt"]?.string ?? "") ?? SystemClock.now()
                return (json["origin"]?.string ?? "", until - SystemClock.now())
            }
            let byOrigin = Dictionary(waits) { first, _ in first }
            #expect((Duration.seconds(400)...(.seconds(600))).contains(byOrigin["watcher"] ?? .zero))
            #expect((Duration.seconds(1000)...(.seconds(1200))).contains(byOrigin["responder"] ?? .zero))
        },
    ]
}
