import Formats
import Testing

@testable import Mail

@Suite struct RedirectedMessageTests {
    private func redirected(_ text: String, to recipients: String...) throws -> ParsedMessage {
        let message = Array(text.replacing("\n", with: "\r\n").utf8)
        let bytes = RedirectedMessage(
            message, recipients: try recipients.map { try EmailAddress($0) }, host: "web1"
        ).bytes
        #expect(!zip(bytes, bytes.dropFirst()).contains { $1 == 0x0a && $0 != 0x0d })
        #expect(
            bytes
                == RedirectedMessage(
                    message, recipients: try recipients.map { try EmailAddress($0) }, host: "web1"
                ).bytes)
        return ParsedMessage(bytes)
    }

    @Test("its recipients stand in a field and in a text before it; its own fields and octets stay")
    func plain() throws {
        let body = "Hello.\n\n.\n--=_x\nFrom the end.\n"
        let parsed = try redirected(
            "From: A <a@example.org>\nTo: B <b@example.net>\nSubject: =?utf-8?Q?K=C3=A4se?=\nMIME-Version: 1.0\n"
                + "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n\(body)",
            to: "b@example.net", "c@example.net")
        #expect(parsed.header("X-Herald-Redirected-From") == "b@example.net, c@example.net")
        #expect(parsed.header("Subject") == "Käse" && parsed.header("To") == "B <b@example.net>")
        #expect(parsed.headers.raw("MIME-Version").count == 1 && parsed.headers.raw("Content-Type").count == 1)
        let parts = parsed.root.children
        #expect(parts.count == 2)
        let note = String(decoding: parts.first?.bytes ?? [], as: UTF8.self)
        #expect(note.contains("    b@example.net\r\n    c@example.net\r\n") && note.contains("smtp.redirect on web1"))
        #expect(String(decoding: parts.last?.rawBytes ?? [], as: UTF8.self) == body.replacing("\n", with: "\r\n"))
        #expect(parts.last?.headers.first("Content-Transfer-Encoding") == "quoted-printable")
    }

    @Test("a message of several parts is one part of it; one without any fields of content is text") func shapes()
        throws
    {
        let mixed =
            "Subject: s\nContent-Type: multipart/mixed;\n\tboundary=b\nMIME-Version: 1.0\n\n"
            + "--b\n\none\n--b\nContent-Type: text/html\n\n<p>two\n--b--\n"
        let parsed = try redirected(mixed, to: "b@example.net")
        #expect(parsed.root.children.map(\.children.count) == [0, 2])
        let bare = try redirected("Subject: s\n\nText.\n", to: "b@example.net")
        #expect(bare.headers.raw("MIME-Version").count == 1)
        #expect(bare.root.children.count == 2)
        #expect(String(decoding: bare.root.children.last?.bytes ?? [], as: UTF8.self) == "Text.\r\n")
    }

    @Test("people whose addresses are not ASCII, and a thousand of them") func recipients() throws {
        let odd = try redirected("Subject: s\n\nText.\n", to: "jörg@bücher.example", "anna@bücher.example")
        #expect(odd.header("X-Herald-Redirected-From")?.contains("jörg@bücher.example") == true)
        #expect(odd.header("X-Herald-Redirected-From")?.contains("anna@xn--bcher-kva.example") == true)
        let all = try (0..<1000).map { try EmailAddress("recipient-number-\($0)@example.net") }
        let bytes = RedirectedMessage(Array("Subject: s\r\n\r\nx\r\n".utf8), recipients: all, host: "h").bytes
        #expect(bytes.split(separator: 0x0a).allSatisfy { $0.count <= 999 })
        #expect(ParsedMessage(bytes).headers.raw("X-Herald-Redirected-From").count == 1)
    }
}
