// A row of the table of the five products' fields, and the installation that it is played in.

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
struct RowSite {
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

extension RowSite {
    /// A letter through the socket, without a process for each; its id.
    func submit(_ subject: String) throws -> String {
        let arguments: JSON = ["recipients": ["someone@example.net"], "from_headers": false]
        let answer = try site.ask("mailer", "send", arguments, body: Array("Subject: \(subject)\n\nHello.\n".utf8))
        return answer.result["id"]?.string ?? ""
    }
}

extension String {
    fileprivate var trimmed: String { String(prefix { $0 != "\n" }) }
}

/// The sink wants a login, under TLS.
func sinkLogin(_ options: inout SinkOptions) {
    options.users = [.password(name: "herald", Secret("open sesame"))]
    options.requiresLogin = true
}

let securedSink = "server: localhost, port: PORT, security: starttls, ca_file: FOLDER/ca.pem"
let plainSink = "server: 127.0.0.1, port: PORT, security: none"
