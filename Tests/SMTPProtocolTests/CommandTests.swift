import Formats
import Mail
import SMTPProtocol
import Testing

@Suite struct CommandTests {
    @Test("commands are written as RFC 5321 has them") func commands() throws {
        let sender = try EmailAddress("a@example.org")
        let lines: [(Command, String)] = [
            (.ehlo("host.example.org"), "EHLO host.example.org"), (.helo("[192.0.2.1]"), "HELO [192.0.2.1]"),
            (.startTLS, "STARTTLS"), (.mail(nil, parameters: []), "MAIL FROM:<>"),
            (
                .mail(sender, parameters: ["SIZE=12", "BODY=8BITMIME"]),
                "MAIL FROM:<a@example.org> SIZE=12 BODY=8BITMIME"
            ),
            (.rcpt(sender, parameters: ["NOTIFY=NEVER"]), "RCPT TO:<a@example.org> NOTIFY=NEVER"),
            (.data, "DATA"), (.rset, "RSET"), (.quit, "QUIT"), (.auth(.login), "AUTH LOGIN"),
        ]
        for (command, line) in lines { #expect(try command.rendered() == Array("\(line)\r\n".utf8)) }
    }

    @Test("row 90: CR, LF, NUL and controls in a name are refused", arguments: ["\r", "\n", "\0", "\u{1b}", "\u{7f}"])
    func controls(_ character: String) {
        #expect(throws: CommandError.self) { try Command.ehlo("a\(character)MAIL FROM:<x@y>").rendered() }
        #expect(throws: CommandError.self) { try Command.mail(nil, parameters: ["X=\(character)"]).rendered() }
    }

    @Test("a line has 512 octets at most, its end included") func length() throws {
        #expect(try Command.ehlo(String(repeating: "a", count: 505)).rendered().count == 512)
        #expect(throws: CommandError.tooLong(513)) {
            try Command.ehlo(String(repeating: "a", count: 506)).rendered()
        }
    }

    @Test("row 91: an address that holds > is quoted") func quoting() throws {
        let address = try EmailAddress("\"a> ORCPT=x\"@example.org")
        #expect(
            try Command.rcpt(address, parameters: []).rendered()
                == Array("RCPT TO:<\"a> ORCPT=x\"@example.org>\r\n".utf8))
    }

    @Test("xtext escapes what it must") func xtext() {
        #expect(Command.xtext("a+b=c d\u{0}é".utf8) == "a+2Bb+3Dc+20d+00+C3+A9")
    }
}

@Suite struct DotStuffingTests {
    /// What a server would have received: the blocks put together, unstuffed.
    private func received(_ message: [UInt8], blockSize: Int) -> (message: [UInt8], rest: Int)? {
        var wire: [UInt8] = []
        var blocks = DotStuffing(message, blockSize: blockSize)
        while let block = blocks.next() { wire += block.bytes }
        var server = DotUnstuffing(limit: .max)
        guard let used = server.append(wire[...]) else { return nil }
        return (server.message, wire.count - used)
    }

    @Test(
        "row 89: whatever a message holds, it ends where we end it",
        arguments: [
            "", ".", "..", "\n", "\r", "\r\n", "\n.\n", "\r.\r", "\r\n.\r\n", "a\r\n.\r\nQUIT\r\n", "\n.\r\n",
            "\r\n.\n",
            "\r.\n", "a\n\r.\r\r\n.", "\r\r\n.\r\r\n", ".\r", "a\r\n..\r\nb", "\u{0}\n.\u{0}",
        ]) func oneMessage(_ text: String)
    {
        let message = Array(text.utf8)
        var expected = ""
        var rest = Array(text.unicodeScalars)[...]
        while let scalar = rest.first {
            rest = rest.dropFirst()
            if scalar == "\r" || scalar == "\n" {
                if scalar == "\r", rest.first == "\n" { rest = rest.dropFirst() }
                expected += "\r\n"
            } else {
                expected.unicodeScalars.append(scalar)
            }
        }
        if let last = expected.utf8.last, last != 0x0a { expected += "\r\n" }
        for size in [1, 2, 3, 5, 1000] {
            let got = received(message, blockSize: size)
            #expect(got?.message == Array(expected.utf8), "block size \(size)")
            #expect(got?.rest == 0)
        }
        #expect(DotStuffing.size(of: message) == expected.utf8.count)
        // No bare CR or LF on the wire.
        let wire = DotStuffing.framed(message)
        for (i, byte) in wire.enumerated() {
            if byte == 0x0a { #expect(i > 0 && wire[i - 1] == 0x0d) }
            if byte == 0x0d { #expect(i + 1 < wire.count && wire[i + 1] == 0x0a) }
        }
    }

    @Test("the last block is the one with the dot, and there is one") func blocks() {
        let message = Array(String(repeating: "0123456789\r\n", count: 1000).utf8)
        var blocks = DotStuffing(message, blockSize: 1024)
        var lasts: [Bool] = []
        while let block = blocks.next() {
            lasts.append(block.isLast)
            #expect(block.bytes.count <= 1024 + 8)
            if block.isLast { #expect(block.bytes.suffix(5) == [0x0d, 0x0a, 0x2e, 0x0d, 0x0a]) }
        }
        #expect(lasts.filter { $0 }.count == 1)
        #expect(lasts.last == true)
    }

    @Test(
        "a server takes only CR LF . CR LF for the end, at every split",
        arguments: [
            "a\n.\n", "a\r\n.\n", "a\n.\r\n", "a\r.\r", "a\r\n.\rb",
        ]) func smuggling(_ text: String)
    {
        let wire = Array((text + "MAIL\r\n.\r\nNEXT").utf8)
        for size in [1, 2, 3, 100] {
            var server = DotUnstuffing(limit: .max)
            var used = 0
            var at = 0
            while at < wire.count {
                let end = min(wire.count, at + size)
                if let count = server.append(wire[at..<end]) {
                    used = at + count
                    break
                }
                at = end
            }
            #expect(used == wire.count - 4)
            #expect(String(decoding: server.message, as: UTF8.self).hasSuffix("MAIL\r\n"))
        }
    }

    @Test("a message beyond the limit is not kept") func limit() {
        var server = DotUnstuffing(limit: 4)
        #expect(server.append(Array("123456\r\n.\r\n".utf8)[...]) == 11)
        #expect(server.isTooLong)
        #expect(server.message.count == 4)
    }
}
