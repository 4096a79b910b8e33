// Inform ERP's fields, and Portal's.

import Formats
import Glibc
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import TestSupport
import Testing

extension ProductRow {
    static let others: [ProductRow] = [
        ProductRow("Inform ERP", "Secure Connection Required (Y/N)") {
            // By an authority that nobody here knows.
            let row = try RowSite(
                "[{name: a, server: localhost, port: TLSPORT, security: tls}]")
            try row.send()
            #expect(try row.eventually { try row.accounts()[0]["fault"]?.string?.contains("authority") == true })
            #expect(row.site.letters.raw.isEmpty)
        },
        ProductRow("Inform ERP", "mail comes from each user's own address") {
            let row = try RowSite(
                aliases: """
                    aliases:
                      - {description: office, address: office@example.org, default: true}
                      - {description: nobody, address: nobody@example.org, user: nobody}
                    """)
            // The command as that user: it may send under its own alias alone.
            func send(_ arguments: String...) throws -> HeraldRun {
                try HeraldRun(
                    ["send", "--config", row.site.folder + "/herald.yaml"] + arguments,
                    input: Array("Subject: mine\n\nHello.\n".utf8),
                    under: ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
            }
            for (path, mode) in [("", 0o755), ("/run", 0o755), ("/herald.yaml", 0o644)] as [(String, mode_t)] {
                #expect(chmod(row.site.folder + path, mode) == 0)
            }
            try #require(geteuid() == 0, "only root can be another user")
            let run = try send("someone@example.net")
            #expect(run.code == .exited(0), "\(run.errors)")
            #expect(try row.arrival().raw.sender == "nobody@example.org")
            let other = try send("--from", "office", "someone@example.net")
            #expect(other.code == .exited(1) && other.errors.contains("not yours to send under"), "\(other.errors)")
        },
        ProductRow("Portal", "several sets, Enabled, the first enabled one is used") {
            let down = try ScriptedPeer([])
            down.stop()
            let row = try RowSite(
                "[{name: off, enabled: false, \(plainSink), helo_name: off.example.org},"
                    + " {name: first, server: 127.0.0.1, port: \(down.port), security: none},"
                    + " {name: second, \(plainSink), helo_name: second.example.org}]")
            try row.send()
            #expect(try row.arrival().raw.heloName == "second.example.org")
            #expect(try row.accounts().map { $0["state"]?.string } == ["disabled", "paused", "well"])
        },
        ProductRow("Portal", "Default credentials") {
            let row = try RowSite(
                "[{name: a, \(securedSink), credentials: default}]",
                smtp: ", default_credentials: {login: herald, password: open sesame}", sinkLogin)
            try row.send()
            #expect(try row.arrival().raw.login == "herald")
        },
        ProductRow("Portal", "Redirect to report email; Report emails, each with Enabled") {
            let row = try RowSite(
                smtp:
                    ", redirect: {enabled: true, to: [{email: t@example.net}, {email: u@example.net, enabled: false}]}")
            try row.send("Subject: row\n\nHello.\n", "someone@example.net", "other@example.net")
            let (raw, letter) = try row.arrival()
            #expect(raw.recipients == ["t@example.net"])
            #expect(letter.header("X-Herald-Redirected-From") == "someone@example.net, other@example.net")
            #expect(try row.queue().map { $0["state"]?.string } == ["sent", "sent"])
            #expect(try row.herald("status").output.contains("redirect: t@example.net"))
            let probe = try row.herald("test-connection", "--send", "outside@example.com")
            #expect(probe.code == .exited(0) && probe.output.contains("the letter goes to t@example.net"))
            #expect(row.site.letters.raw.allSatisfy { $0.recipients == ["t@example.net"] })
        },
        ProductRow("Portal", "Redirect to report email, with nobody: everything is held, and that is said") {
            let row = try RowSite(smtp: ", redirect: {enabled: true, to: []}")
            try row.send()
            let status = try row.herald("status")
            #expect(status.code == .exited(1) && status.output.contains("all letters are held"), "\(status.output)")
            #expect(try row.herald("check").errors.contains("all letters are held"))
            let text = String(decoding: try Files.read(row.site.folder + "/herald.yaml"), as: UTF8.self)
            try row.write("herald.yaml", text.replacing("to: []", with: "to: [{email: t@example.net}]"))
            row.site.signal("mailer", SIGHUP)
            #expect(try row.arrival().raw.recipients == ["t@example.net"])
        },
        ProductRow("Portal", "Reload Application for changes to take effect: no letter lost or doubled") {
            let row = try RowSite("[{name: a, \(plainSink), max_connections: 3}]")
            let text = String(decoding: try Files.read(row.site.folder + "/herald.yaml"), as: UTF8.self)
            var ids: Set<String> = []
            for round in 0..<20 {
                for number in 0..<25 { ids.insert(try row.submit("letter \(round * 25 + number)")) }
                let account = "max_connections: \(1 + round % 3), helo_name: r\(round).example.org"
                try row.write("herald.yaml", text.replacing("max_connections: 3", with: account))
                row.site.signal("mailer", SIGHUP)
            }
            let came = try row.arrivals(500)
            #expect(ids.count == 500 && came.count == 500, "\(came.count)")
            let subjects = came.map { ParsedMessage($0.bytes).header("Subject") ?? "" }
            #expect(Set(subjects).count == 500)
            #expect(Set(came.map(\.heloName)).count > 1, "no reload took effect while letters went")
            #expect(row.site.stop("mailer") == 0)
            #expect(row.site.letters.raw.count == 500)
        },
    ]
}
