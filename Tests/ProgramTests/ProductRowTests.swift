// The fields of five products that do the same job: each has its key, and its effect through the real programs. What needs a
// provider's consent, IMAP or the DNS has suites of its own.

import Formats
import Platform
import SMTPProtocol
import SMTPTransport
import TestSupport
import Testing

@Suite struct ProductRowTests {
    @Test(
        "a field of one of the five products has its effect",
        arguments: ProductRow.rms + ProductRow.recruiter + ProductRow.vsys + ProductRow.others)
    func row(_ row: ProductRow) throws { try row.play() }
}

extension ProductRow {
    static let rms: [ProductRow] = [
        ProductRow("RMS", "Outgoing mail server (SMTP)") {
            for server in ["localhost, port: PORT", "127.0.0.1, port: PORT", "'localhost:PORT'"] {
                let row = try RowSite("[{name: a, server: \(server), security: none}]")
                try row.send()
                #expect(try row.arrival().raw.recipients == ["someone@example.net"], "\(server)")
            }
        },
        ProductRow("RMS", "Server port number") {
            let row = try RowSite(
                "[{name: a, server: localhost, port: TLSPORT, security: tls, ca_file: FOLDER/ca.pem}]")
            try row.send()
            #expect(try row.arrival().raw.tlsVersion == "TLSv1.3")
            let wrong = try RowSite("[{name: a, server: localhost, port: 465, security: starttls}]", starts: false)
            let check = try wrong.herald("check")
            #expect(check.code == .exited(2) && check.errors.contains("port 465 and security 'starttls' disagree"))
        },
        ProductRow("RMS", "Account name; Password") {
            for (key, value) in [
                ("password", "'open sesame'"), ("password_file", "FOLDER/password"),
                ("password_command", "[/bin/cat, FOLDER/password]"), ("password_credential", "office"),
            ] {
                let row = try RowSite(
                    "[{name: a, \(securedSink), login: herald, \(key): \(value)}]", starts: false, sinkLogin)
                try row.write("password", "open sesame\nnot this\n")
                try row.write("office", "open sesame\n")
                try row.site.start("mailer", environment: ["CREDENTIALS_DIRECTORY=\(row.site.folder)"])
                try row.site.awaitReady("mailer")
                try row.send()
                #expect(try row.arrival().raw.login == "herald", "\(key)")
            }
            let two = try RowSite(
                "[{name: a, \(securedSink), login: herald, password: x, password_file: /x}]", starts: false)
            #expect(try two.herald("check").errors.contains("give one of them"))
        },
        ProductRow("RMS", "Name; E-mail address") {
            let row = try RowSite()
            try row.send()
            let (raw, letter) = try row.arrival()
            #expect(raw.sender == "office@example.org" && letter.header("From") == "Office <office@example.org>")
        },
        ProductRow("RMS", "Report about errors via SMTP; To, To e-mail; Subject; Mailer Name") {
            let row = try RowSite(
                report: "to: Admin, to_email: admin@example.org, subject: 'On {host}: {title}', mailer_name: Ours")
            let letter = try row.report()
            #expect(letter.header("To") == "Admin <admin@example.org>" && letter.header("X-Mailer") == "Ours")
            #expect(letter.header("Subject")?.hasSuffix(": A fault of the test") == true)
            #expect(letter.header("Subject")?.hasPrefix("On ") == true)
            let plain = try RowSite()
            #expect(try plain.report().header("X-Mailer") == "REM mailer")
        },
        ProductRow("RMS", "Report about errors via SMTP: off") {
            let row = try RowSite(report: "to_email: admin@example.org, enabled: false")
            try row.start("watcher")
            let line = "\(SystemClock.now().rfc3339()) web1 app[1]: FAULT\n"
            try Files.write(line.utf8, to: row.site.folder + "/log/app.log")
            #expect(try row.eventually { try !row.herald("incidents", "--json").objects().isEmpty })
            #expect(try row.queue().isEmpty && row.site.letters.raw.isEmpty)
        },
        ProductRow("RMS", "Server timeouts") {
            let peer = try ScriptedPeer([.stall])
            defer { peer.stop() }
            let row = try RowSite(
                "[{name: a, server: 127.0.0.1, port: \(peer.port), security: none, server_timeout: 1s}]")
            try row.send()
            #expect(
                try row.eventually {
                    try row.accounts()[0]["fault"]?.string?.contains("no answer within 1.0 s") == true
                })
        },
        ProductRow("RMS", "Automatic reply to candidates on reception of a resume") {
            let row = try RowSite(more: "respond: {folders: [{path: FOLDER/jobs, settle: 0s}]}")
            try row.start("responder")
            try row.write("cv.tmp", KillTests.resume(7))
            try Files.renameExclusively(row.site.folder + "/cv.tmp", to: row.site.folder + "/jobs/cv.txt")
            let (raw, letter) = try row.arrival()
            #expect(raw.recipients == ["person.number7@applicants.example"])
            #expect(letter.header("X-Mailer") == "REM mailer")
        },
    ]
}
