import Formats
import SMTPProtocol
import Testing

/// The replies that `bytes` hold when they come in pieces of `size`, and the error that ends them.
private func parse(_ bytes: [UInt8], pieces size: Int) -> ([Reply], ReplyError?) {
    var parser = ReplyParser()
    var replies: [Reply] = []
    var at = 0
    while at < bytes.count {
        let end = min(bytes.count, at + size)
        parser.append(bytes[at..<end])
        at = end
        do throws(ReplyError) {
            while let reply = try parser.next() { replies.append(reply) }
        } catch { return (replies, error) }
    }
    return (replies, nil)
}

private func parse(_ text: String) -> ([Reply], ReplyError?) { parse(Array(text.utf8), pieces: .max) }

@Suite struct ReplyParserTests {
    @Test("replies of one and of several lines") func plain() {
        let (replies, error) = parse("220 mail ESMTP\r\n250-mail\r\n250-SIZE 10\r\n250 HELP\r\n250\r\n")
        #expect(error == nil)
        #expect(
            replies == [
                Reply(code: 220, lines: ["mail ESMTP"]), Reply(code: 250, lines: ["mail", "SIZE 10", "HELP"]),
                Reply(code: 250, lines: [""]),
            ])
    }

    @Test(
        "row 17: what is no reply is a protocol error",
        arguments: [
            "2200 x\r\n", "25\r\n", "25 x\r\n", "abc def\r\n", "2x0 ok\r\n", "250_x\r\n", " 250 x\r\n", "650 x\r\n",
            "050 x\r\n", "-25 x\r\n", "250\tx\r\n", "HTTP/1.1 400 Bad Request\r\n", "\u{0}\r\n",
        ]) func notAReply(_ text: String)
    {
        let (replies, error) = parse(text)
        #expect(replies.isEmpty)
        guard case .notAReply = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("row 14: an empty line is a protocol error", arguments: ["\r\n220 x\r\n", "\n220 x\r\n"])
    func emptyLine(_ text: String) {
        #expect(parse(text).1 == .notAReply(""))
        #expect("\(ReplyError.notAReply(""))".contains("empty"))
    }

    @Test("row 18: different codes in one reply are a protocol error") func mixedCodes() {
        #expect(parse("250-a\r\n550 b\r\n").1 == .mixedCodes(250, 550))
        #expect(parse("250-a\r\n251 b\r\n").1 == .mixedCodes(250, 251))
    }

    @Test("row 19: a reply that is not ended is none") func unfinished() {
        var parser = ReplyParser()
        parser.append(Array("250-a\r\n".utf8))
        #expect((try? parser.next()) == .some(nil))
        #expect(!parser.isEmpty)
    }

    @Test("row 20: endless continuation lines end at 32 KiB") func endless() {
        let (replies, error) = parse(Array(String(repeating: "250-more\r\n", count: 100_000).utf8), pieces: 4096)
        #expect(replies.isEmpty)
        #expect(error == .replyTooLong)
    }

    @Test("row 21: a line without an end ends at 8 KiB") func endlessLine() {
        var parser = ReplyParser()
        parser.append(Array("250 ".utf8) + [UInt8](repeating: 0x61, count: 10 << 20))
        #expect(throws: ReplyError.lineTooLong) { try parser.next() }
        #expect(throws: ReplyError.lineTooLong) { try parser.next() }
    }

    @Test("a line and a reply may have exactly their limits") func limits() {
        let line = "250 " + String(repeating: "a", count: ReplyParser.lineLimit - 6) + "\r\n"
        #expect(parse(line).0.count == 1)
        #expect(parse("250 a" + line.dropFirst(4)).1 == .lineTooLong)
        let lines = String(repeating: "250-" + String(repeating: "b", count: 1018) + "\r\n", count: 31)
        let last = "250 " + String(repeating: "b", count: 1018) + "\r\n"
        #expect((lines + last).utf8.count == ReplyParser.replyLimit)
        #expect(parse(lines + last).0.count == 1)
        #expect(parse(lines + "250 b" + last.dropFirst(4)).1 == .replyTooLong)
    }

    @Test("row 23: a bare LF is accepted and flagged") func bareLineFeed() {
        let (replies, error) = parse("250-a\n250 b\r\n250 c\r\n")
        #expect(error == nil)
        #expect(replies.map(\.hasBareLineFeed) == [true, false])
        #expect(replies.first?.lines == ["a", "b"])
    }

    @Test("row 24: NUL, ESC and what is no UTF-8 are shown as escapes") func hostileText() {
        let bytes = Array("550 a".utf8) + [0, 0x1b, 0x5b, 0x33, 0xff] + Array("é\u{202e}\r\n".utf8)
        let reply = parse(bytes, pieces: .max).0.first
        #expect(reply?.text == "550 a\\u{0}\\u{1b}[3\\xffé\\u{202e}")
    }

    @Test(
        "row 25: the result is the same at every split",
        arguments: [
            "220 a\r\n250-b\r\n250-5.1.1 c\n250 d\r\n", "250-a\r\n251 b\r\n", "250 a\r\nnonsense\r\n250 c\r\n",
            "250-" + String(repeating: "x", count: 9000) + "\r\n", "\r\n", "250\n",
            String(repeating: "250-" + String(repeating: "y", count: 8100) + "\r\n", count: 5),
        ]) func splits(_ text: String)
    {
        let bytes = Array(text.utf8)
        let whole = parse(bytes, pieces: .max)
        for size in [1, 2, 3, 5, 7, 11, 64, 1000, 4096] {
            let pieces = parse(bytes, pieces: size)
            #expect(pieces.0 == whole.0)
            #expect(pieces.1 == whole.1)
        }
    }

    @Test(
        "enhanced codes are read; row 28: where they contradict the code, its digit wins",
        arguments: [
            ("550 5.1.1 no", EnhancedCode(5, 1, 1)), ("250 2.0.0", EnhancedCode(2, 0, 0)),
            ("250 5.7.1 odd", EnhancedCode(2, 0, 0)), ("450 5.1.1 odd", EnhancedCode(4, 0, 0)),
            ("250 2.0 x", nil), ("250 10.0.0 x", nil), ("250 127.0.0.1 greets", nil), ("250 2.1.1234 x", nil),
            ("550 5..1 x", nil), ("250 3.1.1 x", nil), ("250 2.1.5, done", nil), ("452 4.5.3", EnhancedCode(4, 5, 3)),
        ] as [(String, EnhancedCode?)]) func enhanced(_ line: String, _ code: EnhancedCode?)
    {
        #expect(parse(line + "\r\n").0.first?.enhanced == code)
    }

    @Test("a reply's words begin with its code, which is found again") func words() {
        #expect(Outcome.permanent(Reply(code: 550, lines: ["no", "way"]).text).code == 550)
        #expect(Reply(code: 550, lines: ["no", "", "way"]).text == "550 no / way")
        #expect(Reply(code: 250, lines: [""]).text == "250")
        #expect(Reply.code(leading: "5500 x") == nil)
        #expect(Reply.code(leading: "250") == 250)
        #expect(Reply.code(leading: "no answer") == nil)
        #expect(Reply.code(leading: "") == nil)
    }

    @Test("capabilities: what is known is taken, the rest is left") func capabilities() {
        let capabilities = Capabilities(
            Reply(
                code: 250,
                lines: [
                    "PIPELINING is my name", "size 1000", "8bitmime", "STARTTLS", "DSN", "", "  ", "XCLIENT NAME",
                    "smtputf8", "EnhancedStatusCodes",
                ]))
        #expect(capabilities.maxSize == 1000)
        #expect(!capabilities.pipelining)
        #expect(capabilities.eightBitMIME && capabilities.startTLS && capabilities.dsn && capabilities.smtpUTF8)
        #expect(capabilities.enhancedStatusCodes)
    }

    @Test("row 32: AUTH= and AUTH are merged") func auth() {
        let capabilities = Capabilities(Reply(code: 250, lines: ["x", "AUTH=PLAIN LOGIN", "AUTH plain CRAM-MD5"]))
        #expect(capabilities.mechanisms == ["PLAIN", "LOGIN", "CRAM-MD5"])
    }

    @Test(
        "row 33: a SIZE that makes no sense is no limit",
        arguments: [
            "SIZE", "SIZE 0", "SIZE -5", "SIZE +5", "SIZE many", "SIZE 99999999999999999999999", "SIZE 1e3",
            "SIZE 0x10",
        ]) func size(_ line: String)
    {
        let capabilities = Capabilities(Reply(code: 250, lines: ["x", line]))
        #expect(capabilities.maxSize == nil)
        #expect(capabilities.offersSize)
    }
}
