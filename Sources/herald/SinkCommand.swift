// `herald sink`: a loopback SMTP server that writes a Maildir, for trying and testing.

import ArgumentParser
import Formats
import Glibc
import Logging
import Platform
import SMTPProtocol
import SMTPTransport

struct SinkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sink",
        abstract: "An SMTP server on loopback that accepts everything and writes a Maildir.",
        discussion: """
            STARTTLS with a certificate of its own (written to DIR/ca.pem, for `ca_file`), and a login where --login is
            given. Prints one line for each message. Ends at Ctrl-C or SIGTERM.

            Example: herald sink --port 2525 --maildir /tmp/letters
            """)

    @Option(help: "The port; 0 takes any free one.") var port = 0
    @Option(help: "A further port with TLS from the first byte; 0 takes any free one.") var tlsPort: Int?
    @Option(help: "Where messages go (made when it is not there).") var maildir = "sink"
    @Option(help: "NAME:PASSWORD that clients must log in with.") var login: String?
    @Flag(inversion: .prefixedNo, help: "Offer STARTTLS.") var starttls = true

    func validate() throws {
        for number in [port, tlsPort ?? 0] where !(0...65535).contains(number) {
            throw ValidationError("a port is a number from 0 to 65535, not \(number)")
        }
    }

    func run() throws {
        let signals = try Signals()
        let folder = try Maildir(maildir)
        var options = SinkOptions()
        options.port = port
        options.tlsPort = tlsPort
        options.offersSTARTTLS = starttls
        if let login {
            guard let colon = login.firstIndex(of: ":") else { throw Failure.wrong("--login wants NAME:PASSWORD") }
            let password = String(login[login.index(after: colon)...])
            options.users = [.password(name: String(login[..<colon]), Secret(password))]
            options.requiresLogin = true
        }
        let log = Logger(label: "sink") { _ in SwiftLogNoOpLogHandler() }
        let server = try SinkServer(options, log: log) { message in
            let name = try folder.deliver(message.bytes)
            let tls = message.tlsVersion.map { ", \($0)" } ?? ", no TLS"
            let who = message.login.map { ", login \(Printable.text($0))" } ?? ""
            Terminal.say(
                "\(HostClock.text(message.received)) \(Printable.text(message.sender)) -> "
                    + "\(message.recipients.map { Printable.text($0) }.joined(separator: ", ")): "
                    + "\(message.bytes.count) bytes\(tls)\(who), new/\(name)")
        }
        try Files.write(server.authorityPEM, to: "\(maildir)/ca.pem", mode: 0o644)
        Terminal.say("Listening on 127.0.0.1:\(server.port)\(server.tlsPort > 0 ? ", TLS on \(server.tlsPort)" : "").")
        Terminal.say("Messages go to \(maildir)/new, the authority of the certificate is \(maildir)/ca.pem.")
        while signals.next() != .stop {
            _ = try Poller.wait([(signals.descriptor.number, .readable)], timeout: nil)
        }
        server.stop()
    }
}
