// The fields of five products that do the same job: each has its key, and its effect through the real programs. A row of
// the table in the design is a test by the field's name; what needs a provider's consent, IMAP or the DNS has suites of its own.

import Formats
import Glibc
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import TestSupport
import Testing

/// A field of a product, and how its effect is seen.
struct ProductRow: CustomTestStringConvertible, Sendable {
    var product: String
    var field: String
    var play: @Sendable () throws -> Void

    init(_ product: String, _ field: String, _ play: @escaping @Sendable () throws -> Void) {
        (self.product, self.field, self.play) = (product, field, play)
    }

    var testDescription: String { "\(product): \(field)" }
}

/// A running mailer whose accounts lead to a sink.
private struct RowSite {
    let site: TestSite

    private static let aliases =
        "aliases: [{description: office, name: Office, address: office@example.org, default: true}]"
    private static let sink = "[{name: sink, server: 127.0.0.1, port: PORT, security: none}]"

    init(
        _ accounts: String = sink, aliases: String = aliases, report: String = "to_email: admin@example.org",
        smtp: String = "", more: String = "", starts: Bool = true, _ change: (inout SinkOptions) -> Void = { _ in }
    ) throws {
        var options = SinkOptions()
        options.tlsPort = 0
        change(&options)
        site = try TestSite(
            settings: """
                report: {group_wait: 0s, \(report)}
                \(aliases)
                watch: {journal: {enabled: false}, files: [{path: FOLDER/log/*.log}], rules: [FOLDER/rules]}
                \(more)
                """, accounts: accounts, smtp: smtp, rules: Self.rules, sink: options)
        if starts { try start("mailer") }
    }

    private static let rules = """
        rules:
          - {id: fault, title: "A fault of the test", severity: critical, match: 'FAULT'}

        """

    func start(_ name: String) throws {
        try site.start(name)
        try site.awaitReady(name)
    }

    func herald(_ arguments: String..., input: String = "") throws -> HeraldRun {
        try HeraldRun(arguments + ["--config", site.folder + "/herald.yaml"], input: Array(input.utf8))
    }

    /// `herald send`; the letter's id.
    @discardableResult
    func send(_ text: String = "Subject: row\n\nHello.\n", _ arguments: String...) throws -> String {
        let run = try HeraldRun(
            ["send"] + (arguments.isEmpty ? ["someone@example.net"] : arguments)
                + ["--config", site.folder + "/herald.yaml"], input: Array(text.utf8))
        try #require(run.code == .exited(0), "\(run.errors)")
        return run.output.trimmed
    }

    /// The letters that came, when there are so many.
    func arrivals(_ count: Int = 1) throws -> [SinkMessage] {
        let came = try site.eventually(within: .seconds(120)) { site.letters.raw.count >= count }
        #expect(came, "\(site.letters.raw.count) of \(count) came\n\(site.log("mailer"))")
        return site.letters.raw
    }

    func arrival() throws -> (raw: SinkMessage, letter: ParsedMessage) {
        let first = try #require(try arrivals().first)
        return (first, ParsedMessage(first.bytes))
    }

    /// Lines that a rule finds, in a log that the watcher reads from its beginning; the first report that comes of it.
    func report() throws -> ParsedMessage {
        try start("watcher")
        let line = "\(SystemClock.now().rfc3339()) web1 app[1]: FAULT\n"
        try Files.write(line.utf8, to: site.folder + "/log/app.log")
        return try arrival().letter
    }

    func write(_ name: String, _ text: String) throws {
        try Files.write(text.utf8, to: "\(site.folder)/\(name)", mode: 0o600)
    }

    func queue() throws -> [JSON] { try herald("queue", "list", "--json").objects() }

    func eventually(_ condition: () throws -> Bool) throws -> Bool {
        try site.eventually(within: .seconds(120), condition)
    }

    /// What the mailer says of its accounts, the first first.
    func accounts() throws -> [JSON] { try site.ask("mailer", "status").result["accounts"]?.array ?? [] }
}

extension String {
    fileprivate var trimmed: String { String(prefix { $0 != "\n" }) }
}

/// The sink wants a login, under TLS.
private func login(_ options: inout SinkOptions) {
    options.users = [.password(name: "herald", Secret("open sesame"))]
    options.requiresLogin = true
}

private let secured = "server: localhost, port: PORT, security: starttls, ca_file: FOLDER/ca.pem"
private let oneSink = "server: 127.0.0.1, port: PORT, security: none"

@Suite struct ProductRowTests {
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
            for (key, value) in [("password", "open sesame"), ("password_file", "FOLDER/password")] {
                let row = try RowSite(
                    "[{name: a, \(secured), login: herald, \(key): '\(value)'}]", starts: false, login)
                try row.write("password", "open sesame\nnot this\n")
                try row.start("mailer")
                try row.send()
                #expect(try row.arrival().raw.login == "herald", "\(key)")
            }
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

    static let pcr: [ProductRow] = [
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
                    + " {name: own, \(secured), login: herald, password: open sesame}]",
                aliases: """
                    aliases:
                      - {description: office, address: office@example.org, default: true, account: down}
                      - {description: jobs, address: jobs@example.org, account: own}
                    """, login)
            let stays = try row.send()
            try row.send("Subject: row\n\nHello.\n", "--from", "jobs", "someone@example.net")
            let (raw, _) = try row.arrival()
            #expect(raw.sender == "jobs@example.org" && raw.login == "herald")
            // No one's address leaves through a stranger's server.
            #expect(try row.queue().contains { $0["id"]?.string == stays && $0["state"]?.string == "queued" })
        },
        ProductRow("PCRecruiter", "Disable SSL/TLS") {
            let account = "[{name: a, \(oneSink), login: herald, password: open sesame"
            let refused = try RowSite(account + "}]", starts: false)
            #expect(try refused.herald("check").errors.contains("allow_plaintext_login"))
            let row = try RowSite(account + ", allow_plaintext_login: true}]") {
                login(&$0)
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
            let row = try RowSite("[{name: a, \(oneSink), delay_between_messages: 1500ms}]")
            for _ in 0..<2 { try row.send() }
            let times = try row.arrivals(2).map(\.received)
            #expect(times[1] - times[0] >= .milliseconds(1400))
        },
        ProductRow("PCRecruiter", "Test Connection: Status: OK") {
            let row = try RowSite("[{name: a, \(secured), login: herald, password: open sesame}]", starts: false, login)
            let run = try row.herald("test-connection", "a")
            #expect(run.code == .exited(0) && run.lines.last == "Status: OK", "\(run.output)")
        },
    ]

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
                    "[{name: a, \(secured), auth: \(auth), login: herald, password: open sesame}]", login)
                try row.send()
                #expect(try row.arrival().raw.mechanism == mechanism)
            }
            let row = try RowSite("[{name: a, \(secured), auth: none, login: herald, password: open sesame}]")
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
            let row = try RowSite("[{name: a, \(oneSink), helo_name: relay.example.org}]")
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
                "[{name: off, enabled: false, \(oneSink), helo_name: off.example.org},"
                    + " {name: first, server: 127.0.0.1, port: \(down.port), security: none},"
                    + " {name: second, \(oneSink), helo_name: second.example.org}]")
            try row.send()
            #expect(try row.arrival().raw.heloName == "second.example.org")
            #expect(try row.accounts().map { $0["state"]?.string } == ["disabled", "paused", "well"])
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
            let row = try RowSite("[{name: a, \(oneSink), max_connections: 3}]")
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
            #expect(
                try row.eventually { row.site.letters.raw.last?.heloName == "r19.example.org" || came.count == 500 })
            #expect(row.site.stop("mailer") == 0)
            #expect(row.site.letters.raw.count == 500)
        },
    ]

    @Test("a field of one of the five products has its effect", arguments: rms + pcr + vsys + others)
    func row(_ row: ProductRow) throws { try row.play() }
}

extension RowSite {
    /// A letter through the socket, without a process for each; its id.
    fileprivate func submit(_ subject: String) throws -> String {
        let arguments: JSON = ["recipients": ["someone@example.net"], "from_headers": false]
        let answer = try site.ask("mailer", "send", arguments, body: Array("Subject: \(subject)\n\nHello.\n".utf8))
        return answer.result["id"]?.string ?? ""
    }
}
