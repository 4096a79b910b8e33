import Formats
import Testing

@testable import Mail

@Suite struct MessageNormalizerTests {
    private func normalize(_ bytes: [UInt8]) throws -> SubmittedMessage {
        let normalizer = MessageNormalizer(
            date: Timestamp(seconds: 1_795_264_874), utcOffset: 0, messageID: "<new@host.example>",
            from: try Mailbox("Me", EmailAddress("me@host.example")))
        return try normalizer.normalize(bytes)
    }

    @Test("several To fields are one, as RFC 5322 wants it, and so are several Cc and Reply-To; nobody is in it twice")
    func joined() throws {
        let message = ParsedMessage(
            try normalize(
                Array(
                    "To: a@example.org\nCc: c@example.org\nto: B <b@example.org>, a@example.org\nCc: d@example.org\n\nx\n"
                        .utf8)
            ).message)
        #expect(
            message.headers.raw("To").map { String(decoding: $0, as: UTF8.self) } == [
                "a@example.org, B <b@example.org>"
            ])
        #expect(message.headers.raw("Cc").count == 1 && message.cc.map(\.address.local) == ["c", "d"])
    }

    private func normalize(_ text: String) throws -> String {
        String(decoding: try normalize(Array(text.utf8)).message, as: UTF8.self)
    }

    private static let complete =
        "Date: Sat, 21 Nov 2026 12:41:14 +0000\r\nFrom: a@b\r\nMessage-ID: <1@b>\r\nMIME-Version: 1.0\r\n"
    private static let added =
        "Date: Sat, 21 Nov 2026 12:41:14 +0000\r\nFrom: Me <me@host.example>\r\nMessage-ID: <new@host.example>\r\n"
        + "MIME-Version: 1.0\r\n"

    @Test("a message that is fit stays as it is, octet for octet") func unchanged() throws {
        let message =
            Self.complete
            + "Subject:  odd   spaces\r\n\tfolded\r\nX-Y:z\r\nContent-Type: multipart/signed; boundary=b\r\n\r\npreamble\r\n--b\r\n\r\n"
            + "From here\r\n.\r\n--b--\r\nepilogue\r\n"
        #expect(try normalize(message) == message)
    }

    @Test(
        "line ends become CRLF, what is missing is added, Bcc goes",
        arguments: [
            ("Subject: x\n\nbody\n", added + "Subject: x\r\n\r\nbody\r\n"),
            ("Subject: x\r\rbody\r", added + "Subject: x\r\n\r\nbody\r\n"),
            ("\nNo: header\n", added + "\r\nNo: header\r\n"), ("just text", added + "\r\njust text\r\n"),
            ("", added + "\r\n"),
            ("Bcc: x@y,\n z@y\nSubject: x\n\nb\n", added + "Subject: x\r\n\r\nb\r\n"),
            (complete + "\r\na\rb\nc\r\n", complete + "\r\na\r\nb\r\nc\r\n"),
            ("From x@y Sat Nov 21 12:41:14 2026\nSubject: x\n\nb\n", added + "Subject: x\r\n\r\nb\r\n"),
            ("Subject: a\rBcc: evil@x\n\nb\n", added + "Subject: a Bcc: evil@x\r\n\r\nb\r\n"),
            ("Subject: a\0b\n\nb\n", added + "Subject: a b\r\n\r\nb\r\n"),
            ("Subject: a\n \n b\n\nb\n", added + "Subject: =?UTF-8?Q?a__b?=\r\n\r\nb\r\n"),
            (complete + "Subject: é\r\n\r\nb\r\n", complete + "Subject: =?UTF-8?B?w6k=?=\r\n\r\nb\r\n"),
            (
                complete + "To: José da Silva <x@y>, z@y\r\n\r\nb\r\n",
                complete + "To: =?UTF-8?Q?Jos=C3=A9_da_Silva?= <x@y>, z@y\r\n\r\nb\r\n"
            ),
            (complete + "Subject: 1\r\nSubject: 2\r\n\r\nb", complete + "Subject: 1\r\n\r\nb\r\n"),
            (complete + "Subject: end", complete + "Subject: end\r\n\r\n"),
            ("Message-ID: nonsense id\nSubject: x\n\nb\n", added + "Subject: x\r\n\r\nb\r\n"),
            ("Date: yesterday\nSubject: x\n\nb\n", added + "Subject: x\r\n\r\nb\r\n"),
            ("Message-ID: -\nMessage-ID: <1@b>\nFrom: me\nFrom: a@b\n\nb\n", added + "\r\nb\r\n"),
        ]) func headers(original: String, normalized: String) throws
    {
        #expect(try normalize(original) == normalized)
    }

    @Test("8-bit text is encoded and its charset named") func eightBit() throws {
        #expect(
            try normalize(Self.complete + "\r\nDie Grüße stehen hier.\r\n") == Self.complete
                + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
                + "Die Gr=C3=BC=C3=9Fe stehen hier.\r\n")
        let latin =
            Array((Self.complete + "Content-Type: text/plain; charset=us-ascii; format=flowed\r\n\r\nJ").utf8) + [
                0xfc, 0x72, 0x67,
            ]
        #expect(
            String(decoding: try normalize(latin).message, as: UTF8.self) == Self.complete
                + "Content-Type: text/plain; charset=windows-1252; format=flowed\r\n"
                + "Content-Transfer-Encoding: quoted-printable\r\n\r\nJ=FCrg\r\n")
        let named =
            Self.complete + "Content-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: 8bit\r\n\r\nx"
        let cyrillic = ParsedMessage(try normalize(Array(named.utf8) + [0xf0, 0xd2]).message)
        #expect(cyrillic.text == "xПр\n")
        #expect(cyrillic.root.type["charset"] == "koi8-r")
    }

    @Test("each part of a multipart is encoded by itself, and the others stay") func parts() throws {
        let long = String(repeating: "x", count: 1500)
        let original =
            Self.complete
            + "Content-Type: multipart/mixed; boundary=\"b b\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\nprä\r\n--b b\r\n\r\n"
            + "plain ASCII\r\n--b b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nDie Grüße stehen hier\r\n--b b\r\n"
            + "Content-Type: application/x-y; name=\"ö.bin\"\r\n\r\nÿ\0\n\r\r\n--b b\r\nContent-Type: message/rfc822\r\n\r\n"
            + "Subject: ü\r\n\r\n\(long)\r\n--b b--\r\nepilög\r\n"
        let before = ParsedMessage(Array(original.utf8))
        let bytes = try normalize(Array(original.utf8)).message
        #expect(EncodedBody.isSevenBit(bytes))
        let after = ParsedMessage(bytes)
        #expect(after.root.encoding == "7bit")
        try #require(after.root.children.map(\.encoding) == ["7bit", "quoted-printable", "base64", "7bit"])
        #expect(after.root.children[0].rawBytes == Array("plain ASCII".utf8))
        #expect(after.root.children[1].text == "Die Grüße stehen hier")
        #expect(after.root.children[2].bytes == before.root.children[2].bytes)
        #expect(after.root.children[2].fileName == "ö.bin")
        let nested = after.root.children[3].children[0]
        #expect(nested.headers.first("Subject") == "ü")
        #expect(nested.text.trimmingSuffix == long)
    }

    @Test("a line of more than 998 octets is encoded") func longLines() throws {
        for length in [998, 999, 5000] {
            let text = String(repeating: "y", count: length)
            let bytes = try normalize(Array((Self.complete + "\r\n" + text + "\r\n").utf8)).message
            #expect(EncodedBody.isSevenBit(bytes))
            #expect(ParsedMessage(bytes).text == text + "\n")
            #expect(
                ParsedMessage(bytes).header("Content-Transfer-Encoding") == (length > 998 ? "quoted-printable" : nil))
        }
    }

    @Test("recipients are those of To, Cc and Bcc, or the Resent ones") func recipients() throws {
        let message =
            "To: A <a@x>, g: b@x;\nCc: a@x\nBcc: C <c@x>\nSubject: =?utf-8?q?=C3=A9?=\nMessage-ID: <own@x>\nFrom: \"Q\" <q@x>\n\nb"
        let submitted = try normalize(Array(message.utf8))
        #expect(submitted.recipients.map(\.text) == ["a@x", "b@x", "c@x"])
        #expect(submitted.subject == "é")
        #expect(submitted.messageID == "<own@x>")
        #expect(submitted.from.map(\.address.text) == ["q@x"])
        #expect(!String(decoding: submitted.message, as: UTF8.self).contains("c@x"))
        let resent = try normalize(Array(("Resent-To: r@x\nResent-Bcc: s@x\n" + message).utf8))
        #expect(resent.recipients.map(\.text) == ["r@x", "s@x"])
    }

    @Test("a message of more parts than are read is refused when it must be changed, never cut") func limits() throws {
        let parts = String(repeating: "--b\r\n\r\nx\r\n", count: 3000)
        let plain = Self.complete + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts + "--b--\r\n"
        #expect(try normalize(plain) == plain)
        #expect(throws: MailError.tooManyParts) { try normalize(plain.replacing("--b--", with: "é\r\n--b--")) }
    }

    @Test("a Date with what no header may hold keeps its instant") func date() throws {
        let rest = "From: a@b\r\nMessage-ID: <1@b>\r\nMIME-Version: 1.0\r\n\r\nb\r\n"
        let once = try normalize("Date: Sat, 21 Nov 2026 12:41:14 +0200 (Été)\r\n" + rest)
        #expect(once == "Date: Sat, 21 Nov 2026 10:41:14 +0000\r\n" + rest)
        #expect(try normalize(once) == once)
    }

    @Test("a content type that is none is written the same each time") func noType() throws {
        let once = try normalize(Self.complete + "Content-Type: text/a\u{0}\u{0}\u{0} b\r\n\r\né\r\n")
        #expect(once.contains("Content-Type: text/ab; charset=utf-8\r\n"))
        #expect(try normalize(once) == once)
    }

    @Test("a multipart without a boundary becomes text") func noBoundary() throws {
        let message = ParsedMessage(
            Array(try normalize(Self.complete + "Content-Type: multipart/mixed\r\n\r\né é\r\n").utf8))
        #expect(message.root.type.value == "text/plain")
        #expect(message.text == "é é\n")
    }
}

extension String {
    fileprivate var trimmingSuffix: String { String(self.reversed().drop { $0.isWhitespace }.reversed()) }
}
