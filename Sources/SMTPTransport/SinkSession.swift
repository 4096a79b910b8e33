// The server's side of one SMTP session, for the sink.

import Formats
import Logging
import Platform
import SMTPProtocol

/// One client of the sink. Belongs to its connection's thread.
final class SinkSession {
    private let core: SinkCore
    let stream: NetworkStream
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    private var heloName: String?
    var login: (name: String, mechanism: AuthMechanism)?
    private var envelope: (sender: String, parameters: String)?
    private var recipients: [String] = []
    private var faults = 0
    private var isOver = false

    var options: SinkOptions { core.options }
    private var isProtected: Bool { stream.protection != nil }

    /// Octets of a command line; AUTH allows 12288 (RFC 4954 section 4).
    private static let lineLimit = 12288
    private static let faultLimit = 20

    init(_ core: SinkCore, _ stream: NetworkStream) {
        self.core = core
        self.stream = stream
    }

    func run(isTLS: Bool) {
        defer { stream.close() }
        do {
            if isTLS { try startTLS() }
            if !refuses("CONNECT") { reply(220, "\(options.name) Herald sink") }
            while !isOver, let line = try nextLine() { try handle(line) }
            try flush()
        } catch {
            core.log.debug("sink: \(error)")
        }
    }

    private func handle(_ line: [UInt8]) throws {
        let text = String(decoding: line, as: UTF8.self)
        let first = line.prefix { $0 != 0x20 }
        let verb = String(decoding: first, as: UTF8.self).uppercased()
        let rest = String(decoding: line.dropFirst(first.count + 1), as: UTF8.self)
        if refuses(text) { return }
        switch verb {
        case "EHLO": hello(rest, extended: true)
        case "HELO": hello(rest, extended: false)
        case "STARTTLS": try startTLSAsked()
        case "AUTH": try logIn(rest)
        case "MAIL": mail(rest)
        case "RCPT": recipient(rest)
        case "DATA": try data()
        case "RSET":
            reset()
            reply(250, "2.0.0 reset")
        case "NOOP": reply(250, "2.0.0 well")
        case "VRFY": reply(252, "2.1.5 send it and see")
        case "QUIT":
            reply(221, "2.0.0 goodbye")
            isOver = true
        default: refuse(500, "5.5.1 no such command")
        }
    }

    private func hello(_ name: String, extended: Bool) {
        guard !name.isEmpty else { return refuse(501, "5.5.4 a name is missing") }
        reset()
        heloName = name
        guard extended else { return reply(250, options.name) }
        var lines = [
            options.name, "PIPELINING", "SIZE \(options.maxMessageSize)", "8BITMIME", "SMTPUTF8", "DSN",
            "ENHANCEDSTATUSCODES",
        ]
        if options.offersSTARTTLS, !isProtected { lines.append("STARTTLS") }
        if offersLogin { lines.append("AUTH " + mechanisms.map(\.rawValue).joined(separator: " ")) }
        for line in lines.dropLast() { output += Array("250-\(line)\r\n".utf8) }
        reply(250, lines.last ?? "")
    }

    var offersLogin: Bool {
        !options.users.isEmpty && login == nil && (isProtected || options.offersLoginWithoutTLS)
    }

    private func startTLSAsked() throws {
        guard options.offersSTARTTLS, !isProtected else { return refuse(503, "5.5.1 not now") }
        // RFC 3207: a client that pipelines behind STARTTLS is no client of ours.
        guard input.isEmpty else {
            isOver = true
            return reply(554, "5.5.0 bytes behind STARTTLS")
        }
        reply(220, "2.0.0 go ahead")
        try flush()
        try startTLS()
        heloName = nil
        login = nil
        reset()
    }

    private func startTLS() throws {
        let context = try TLSContext.server(core.certificate)
        if let authority = options.clientAuthority { context.ask(clientAuthority: authority) }
        try stream.startTLS(context, by: deadline)
    }

    private func reset() {
        envelope = nil
        recipients = []
    }

    private var deadline: Duration { SystemClock.monotonic() + options.idleTimeout }
}

// Mail.
extension SinkSession {
    private func mail(_ rest: String) {
        guard heloName != nil else { return refuse(503, "5.5.1 EHLO first") }
        guard !options.requiresLogin || login != nil else { return refuse(530, "5.7.0 log in first") }
        guard envelope == nil else { return refuse(503, "5.5.1 one at a time") }
        guard let (sender, parameters) = Self.path(rest, after: "FROM:") else {
            return refuse(501, "5.5.4 MAIL FROM:<address>")
        }
        for parameter in parameters.split(separator: " ") where parameter.uppercased().hasPrefix("SIZE=") {
            if let size = Int(parameter.dropFirst(5)), size > options.maxMessageSize {
                return refuse(552, "5.3.4 larger than \(options.maxMessageSize)")
            }
        }
        envelope = (sender, parameters)
        reply(250, "2.1.0 sender taken")
    }

    private func recipient(_ rest: String) {
        guard envelope != nil else { return refuse(503, "5.5.1 MAIL first") }
        guard let (recipient, _) = Self.path(rest, after: "TO:"), !recipient.isEmpty else {
            return refuse(501, "5.5.4 RCPT TO:<address>")
        }
        guard recipients.count < options.maxRecipients else { return reply(452, "4.5.3 too many recipients") }
        recipients.append(recipient)
        reply(250, "2.1.5 recipient taken")
    }

    /// `FROM:<a@b> SIZE=1` without its keyword, which is ASCII: the path, and what stands behind it. A quoted local part
    /// may hold `>`; a mark on a sign changes nothing of what the sign is.
    static func path(_ rest: String, after keyword: String) -> (String, String)? {
        guard rest.uppercased().begins(keyword) else { return nil }
        let text = rest.utf8.dropFirst(keyword.utf8.count).drop { $0 == 0x20 }
        guard text.first == UInt8(ascii: "<") else { return nil }
        var isQuoted = false
        var isEscaped = false
        for index in text.indices.dropFirst() {
            let byte = text[index]
            if isEscaped {
                isEscaped = false
            } else if isQuoted, byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if byte == UInt8(ascii: ">"), !isQuoted {
                let path = text[text.index(after: text.startIndex)..<index]
                let more = text[text.index(after: index)...].drop { $0 == 0x20 }
                return (String(Substring(path)), String(Substring(more)))
            }
        }
        return nil
    }

    private func data() throws {
        guard let envelope, !recipients.isEmpty else { return refuse(503, "5.5.1 RCPT first") }
        reply(354, "end with a dot")
        try flush()
        var unstuffing = DotUnstuffing(limit: options.maxMessageSize)
        var bytes = input
        while true {
            if let used = unstuffing.append(bytes[...]) {
                input = Array(bytes[used...])
                break
            }
            bytes = try stream.read(by: deadline)
            if bytes.isEmpty { throw StreamFault.disconnected("the client went in the middle of a message") }
        }
        defer { reset() }
        if refuses(".") { return }
        if unstuffing.isTooLong { return refuse(552, "5.3.4 larger than \(options.maxMessageSize)") }
        let message = SinkMessage(
            sender: envelope.sender, recipients: recipients, parameters: envelope.parameters,
            heloName: heloName ?? "", tlsVersion: stream.protection?.version, login: login?.name,
            mechanism: login?.mechanism, bytes: unstuffing.message, bareLineFeeds: unstuffing.bareLineFeeds,
            received: SystemClock.now())
        do {
            try core.onMessage(message)
            reply(250, "2.0.0 message taken")
        } catch {
            reply(451, "4.3.0 \(Printable.text("\(error)", limit: 200))")
        }
    }
}

// Lines.
extension SinkSession {
    func reply(_ code: Int, _ text: String) { output += Array("\(code) \(text)\r\n".utf8) }

    func refuse(_ code: Int, _ text: String) {
        reply(code, text)
        faults += 1
        if faults > Self.faultLimit {
            reply(421, "4.7.0 too many errors")
            isOver = true
        }
    }

    /// Whether the test that owns the sink wants this refused; then that has been said.
    private func refuses(_ command: String) -> Bool {
        guard let words = core.fault(at: command) else { return false }
        output += Array("\(words)\r\n".utf8)
        if words.hasPrefix("421") { isOver = true }
        return true
    }

    private func flush() throws(StreamFault) {
        guard !output.isEmpty else { return }
        let bytes = output
        output = []
        _ = try stream.write(bytes, by: deadline)
    }

    /// The next command without its line end; nil when the client has gone. Replies go out when nothing more is to be
    /// read at once, so that a pipelined group is answered in one piece.
    func nextLine() throws(StreamFault) -> [UInt8]? {
        while true {
            if let end = input.firstIndex(of: 0x0a) {
                var line = Array(input[..<end])
                if line.last == 0x0d { line.removeLast() }
                input.removeFirst(end + 1)
                return line
            }
            guard input.count < Self.lineLimit else { throw .disconnected("a line too long") }
            try flush()
            let bytes = try stream.read(by: deadline)
            if bytes.isEmpty { return nil }
            input += bytes
        }
    }
}
