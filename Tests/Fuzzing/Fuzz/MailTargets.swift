// What servers and strangers send: replies, challenges, messages, addresses.

import Formats
import Mail
import SMTPProtocol

@MainActor enum MailTargets {
    /// A message as it was dropped or handed in: read without fail, made fit for SMTP once.
    static func message(_ input: [UInt8]) {
        let message = ParsedMessage(input)
        _ = (message.text, message.html, message.subject, message.from, message.references, message.date)
        _ = (message.replyTo, message.returnPath, message.messageID)
        guard let from = try? EmailAddress("me@host.example") else { return }
        let normalizer = MessageNormalizer(
            date: Timestamp(seconds: 1_795_264_874), utcOffset: 0, messageID: "<new@host.example>",
            from: Mailbox("Me", from))
        guard let once = try? normalizer.normalize(input).message else { return }
        var before: UInt8 = 0
        for byte in once {
            check(byte != 0x0a || before == 0x0d, "a bare line feed goes out")
            check(before != 0x0d || byte == 0x0a, "a bare carriage return goes out")
            before = byte
        }
        let twice = (try? normalizer.normalize(once).message) ?? []
        check(twice == once, "the second time it becomes another message: \(difference(once, twice))")
        let framed = DotStuffing.framed(once)
        var unstuffing = DotUnstuffing(limit: .max)
        _ = unstuffing.append(framed[...])
        check(unstuffing.message == once, "another message arrives than was sent")
    }

    private static func difference(_ one: [UInt8], _ other: [UInt8]) -> String {
        let at = zip(one, other).enumerated().first { $1.0 != $1.1 }?.offset ?? min(one.count, other.count)
        return "'\(Printable.text(one.dropFirst(max(0, at - 60)).prefix(120)))' becomes "
            + "'\(Printable.text(other.dropFirst(max(0, at - 60)).prefix(120)))'"
    }

    /// An address is the same after it was written; of a list every one is.
    static func address(_ input: [UInt8]) {
        if let address = try? EmailAddress(String(decoding: input, as: UTF8.self)) {
            check((try? EmailAddress(address.text)) == address, "an address changes: \(address.text)")
        }
        for mailbox in AddressList.parse(input) {
            let header = mailbox.header
            check(!header.utf8.contains { $0 < 0x20 && $0 != 0x09 && $0 != 0x0d && $0 != 0x0a }, "\(header)")
            let read = AddressList.parse(header).map(\.address.headerText)
            check(read == [mailbox.address.headerText], "another address: \(header)")
        }
        _ = StructuredValue(parsing: input)
        _ = EncodedWord.decode(input)
    }

    /// A server that answers anything at any time: the parser takes pieces as it takes the whole, and a session comes to no
    /// step that it does not have.
    static func reply(_ input: [UInt8]) {
        var input = InputReader(input)
        let choice = input.byte()
        let bytes = input.bytes()
        check(replies(bytes, by: 1) == replies(bytes, by: .max), "pieces are read otherwise than the whole")
        let terms = Conversation.Terms(
            security: [.none, .starttls, .opportunistic, .tls][Int(choice & 3)],
            login: choice & 4 == 0 ? nil : choice & 64 == 0 ? password : token, heloName: "c.example",
            allowPlaintextLogin: choice & 8 != 0, pipelining: choice & 16 != 0, nonce: "fyko+d2lbbFgONRv9qkx")
        var conversation = Conversation(terms)
        var actions = conversation.handle(.connected)
        guard let sender = try? EmailAddress("s@example.org"), let one = try? EmailAddress("a@example.org"),
            let two = try? EmailAddress("b@example.org")
        else { return }
        let transaction = Transaction(
            Envelope(sender: sender, recipients: [one, two]), size: 100, hasEightBit: choice & 32 != 0)
        var parser = ReplyParser()
        parser.append(bytes)
        for _ in 0..<200 where !conversation.isClosed {
            var next: Conversation.Event?
            for action in actions {
                switch action {
                case .startTLS: next = .tlsEstablished(TLSFacts(isVerified: choice & 64 == 0))
                case .becomeReady: next = .transactionRequested(transaction)
                case .sendBody: next = .bodySent
                case .markDotPending: next = .dotMarked
                case .sendEnd: next = .endSent
                case .refreshToken: next = .tokenRefreshed(Secret("other"))
                case .finish, .fail, .close, .send, .sendSecret: break
                }
            }
            actions = conversation.handle(next ?? event(of: &parser))
        }
    }

    private static func event(of parser: inout ReplyParser) -> Conversation.Event {
        do throws(ReplyError) {
            return try parser.next().map { .replyReceived($0) } ?? .disconnected("the end")
        } catch {
            return .replyMalformed(error)
        }
    }

    private static func replies(_ bytes: [UInt8], by size: Int) -> [String] {
        var parser = ReplyParser()
        var found: [String] = []
        var rest = bytes[...]
        while true {
            do throws(ReplyError) {
                while let reply = try parser.next() {
                    found.append("\(reply)")
                    _ = Capabilities(reply)
                }
            } catch {
                return found + ["\(error)"]
            }
            guard !rest.isEmpty else { return found }
            parser.append(rest.prefix(size))
            rest = rest.dropFirst(size)
        }
    }

    /// Challenges of a server, line by line, to each mechanism; and a client's words to our own server.
    static func sasl(_ input: [UInt8]) {
        let lines = input.split(separator: 0x0a, omittingEmptySubsequences: false).prefix(8).map { Array($0) }
        let context = SASLExchange.Context(
            nonce: "fyko+d2lbbFgONRv9qkx", binding: .exporter([UInt8](repeating: 7, count: 32)), host: "s.example",
            port: 587)
        for (mechanism, login) in AuthMechanism.allCases.flatMap({ [($0, password), ($0, token)] }) {
            guard var exchange = try? SASLExchange(mechanism, login, context) else { continue }
            for line in lines where !Self.isLong(line) {
                guard (try? exchange.respond(to: line, initialWasSent: true)) != nil else { break }
            }
        }
        var server = SCRAMServer(salt: Array("salt of some length".utf8))
        for line in lines {
            _ = try? server.challenge(to: line, nonce: "server")
            _ = try? server.verdict(on: line, password: Secret("secret"))
        }
    }

    private static let password = Login.password(name: "me,=", Secret("secret"))
    private static let token = Login.token(name: "me@example.org", Secret("secret"))

    /// A million iterations are allowed, and take half a second: no finding.
    private static func isLong(_ line: [UInt8]) -> Bool {
        let text = String(decoding: line, as: UTF8.self)
        return text.split(separator: ",").contains { $0.hasPrefix("i=") && $0.utf8.count > 6 }
    }
}
