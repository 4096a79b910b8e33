import Formats
import Platform
import Testing

@testable import Mail

@Suite struct DraftTests {
    private func draft(_ text: String = "Hello\n") throws -> Draft {
        Draft(
            from: try Mailbox("Herald", EmailAddress("herald@host.example")),
            to: [try Mailbox("Jane Doe", EmailAddress("jane@example.com"))], subject: "Disk full",
            messageID: "<1.2@host.example>", date: Timestamp(seconds: 1_795_264_874), utcOffset: 3600, text: text,
            boundarySeed: "seed")
    }

    private func rendered(_ draft: Draft) throws -> String { String(decoding: try draft.rendered(), as: UTF8.self) }

    @Test("who needs SMTPUTF8 is not named in To where others are, who may be where it is lacking")
    func needsUTF8() throws {
        func to(_ people: String...) throws -> String {
            var draft = try self.draft()
            draft.to = try people.map { Mailbox(nil, try EmailAddress($0)) }
            return ParsedMessage(try draft.rendered()).header("To") ?? ""
        }
        #expect(
            try to("a@example.org", "jörg@example.org", "b@bücher.example") == "a@example.org, b@xn--bcher-kva.example")
        #expect(try to("jörg@example.org") == "jörg@example.org")
    }

    @Test("a plain letter has exactly these bytes") func plain() throws {
        var draft = try draft("One\ntwo\r\n.\n")
        draft.replyTo = try Mailbox(nil, EmailAddress("ops@example.com"))
        draft.mailer = "Herald 1.0"
        draft.inReplyTo = ["<q@example.com>"]
        draft.references = ["<p@example.com>", "<q@example.com>"]
        draft.headers = [("Auto-Submitted", "auto-generated"), ("X-Host", "der Wirt höst")]
        #expect(
            try rendered(draft) == """
                Date: Sat, 21 Nov 2026 13:41:14 +0100\r
                From: Herald <herald@host.example>\r
                Reply-To: ops@example.com\r
                To: Jane Doe <jane@example.com>\r
                Subject: Disk full\r
                Message-ID: <1.2@host.example>\r
                In-Reply-To: <q@example.com>\r
                References: <p@example.com> <q@example.com>\r
                Auto-Submitted: auto-generated\r
                X-Host: =?UTF-8?Q?der_Wirt_h=C3=B6st?=\r
                X-Mailer: Herald 1.0\r
                MIME-Version: 1.0\r
                Content-Type: text/plain; charset=utf-8\r
                Content-Transfer-Encoding: 7bit\r
                \r
                One\r
                two\r
                .\r

                """)
    }

    @Test("a letter with HTML and a file has exactly this structure") func structured() throws {
        var draft = try draft("Die Grüße stehen hier.\n")
        draft.html = "<p>Gr&uuml;&szlig;e</p>"
        draft.attachments = [Attachment(name: "a b.bin", type: "Application/X-Thing", bytes: [0, 1, 2, 255])]
        let text = try rendered(draft)
        let body = text.split(separator: "MIME-Version: 1.0\r\n", maxSplits: 1)[1]
        let mixed = "=_" + Hex.encode(SHA256.digest("seed/mixed/0".utf8).prefix(16))
        let alternative = "=_" + Hex.encode(SHA256.digest("seed/alternative/0".utf8).prefix(16))
        #expect(
            String(body) == """
                Content-Type: multipart/mixed; boundary="\(mixed)"\r
                \r
                --\(mixed)\r
                Content-Type: multipart/alternative;\r
                 boundary="\(alternative)"\r
                \r
                --\(alternative)\r
                Content-Type: text/plain; charset=utf-8\r
                Content-Transfer-Encoding: quoted-printable\r
                \r
                Die Gr=C3=BC=C3=9Fe stehen hier.\r
                \r
                --\(alternative)\r
                Content-Type: text/html; charset=utf-8\r
                Content-Transfer-Encoding: 7bit\r
                \r
                <p>Gr&uuml;&szlig;e</p>\r
                \r
                --\(alternative)--\r
                \r
                --\(mixed)\r
                Content-Type: application/x-thing\r
                Content-Transfer-Encoding: base64\r
                Content-Disposition: attachment; filename="a b.bin"\r
                \r
                AAEC/w==\r
                \r
                --\(mixed)--\r

                """)
    }

    @Test("a boundary that stands in a part is not taken") func boundary() throws {
        var draft = try draft()
        let first = "=_" + Hex.encode(SHA256.digest("seed/alternative/0".utf8).prefix(16))
        draft.text = "--\(first)\n"
        draft.html = "<p>x</p>"
        let message = ParsedMessage(try draft.rendered())
        #expect(message.root.children.map(\.type.value) == ["text/plain", "text/html"])
        #expect(message.text == draft.text)
    }

    @Test(
        "CR, LF and NUL in values begin no field",
        arguments: [
            "a\r\nBcc: x@y", "a\nBcc: x@y", "a\rBcc: x@y", "a\0\r\n\r\nbody", "\r\nBcc: x@y", "é\r\nBcc: x@y",
            "a\u{85}Bcc: x@y",
        ])
    func injection(value: String) throws {
        var draft = try draft()
        draft.subject = value
        draft.mailer = value
        draft.from.name = value
        draft.to[0].name = value
        draft.headers = [("X-Thing", value)]
        draft.attachments = [Attachment(name: value, type: "text/x", bytes: [])]
        let bytes = try draft.rendered()
        let message = ParsedMessage(bytes)
        let names = message.headers.fields.map(\.name)
        #expect(
            names == [
                "Date", "From", "To", "Subject", "Message-ID", "X-Thing", "X-Mailer", "MIME-Version", "Content-Type",
            ])
        #expect(!bytes.contains(0))
        #expect(message.from.map(\.address.text) == ["herald@host.example"])
    }

    @Test(
        "a field that is no name, or that the draft has a place for, is refused",
        arguments: [
            "", "A B", "A:", "A\r\nB", "é", "Bcc", "bcc", "Subject", "CONTENT-TYPE", "Content-X", "Resent-Bcc",
            String(repeating: "x", count: 77),
        ])
    func names(name: String) throws {
        var draft = try draft()
        draft.headers = [(name, "x")]
        #expect(throws: MailError.headerName(name)) { try draft.rendered() }
    }

    @Test(
        "a Message-ID that is none is refused, and in References left out",
        arguments: ["", "<>", "<a@b", "a@b", "<a b@c>", "<a@b>\r\n", "<@b>", "<a@>", "<é@b>", "<a><b@c>"])
    func identifiers(id: String) throws {
        var draft = try draft()
        draft.references = ["<x@y>", id]
        #expect(ParsedMessage(try draft.rendered()).references == ["<x@y>"])
        draft.messageID = id
        #expect(throws: MailError.messageID(id)) { try draft.rendered() }
    }

    @Test("of many References the first and the last 19 stay") func references() throws {
        var draft = try draft()
        draft.references = (0..<100).map { "<\($0)@x>" }
        #expect(ParsedMessage(try draft.rendered()).references == ["<0@x>"] + (81..<100).map { "<\($0)@x>" })
    }

    @Test("a media type that is none is refused", arguments: ["", "text", "a/b/c", "a/b; c=d", "é/b", "a /b"])
    func mediaTypes(type: String) throws {
        var draft = try draft()
        draft.attachments = [Attachment(name: "x", type: type, bytes: [])]
        #expect(throws: MailError.mediaType(type)) { try draft.rendered() }
    }

    /// Drafts with something difficult in each.
    private func difficult() throws -> [Draft] {
        var drafts: [Draft] = []
        func add(_ change: (inout Draft) throws -> Void) rethrows {
            var draft = drafts[0]
            try change(&draft)
            draft.messageID = "<\(drafts.count)@host.example>"
            drafts.append(draft)
        }
        drafts.append(try draft())
        add { $0.subject = "Überlauf: " + String(repeating: "Žluťoučký kůň ", count: 20) + "!" }
        add { $0.subject = String(repeating: "日本語", count: 100) }
        add { $0.subject = String(repeating: "word ", count: 60) + "end" }
        add { $0.subject = String(repeating: "x", count: 2000) }
        add { $0.subject = "two  spaces and =?utf-8?q?no?= word" }
        add { $0.subject = "" }
        try add { draft in
            draft.to = try (0..<40).map { try Mailbox("Döe, Jane \($0)", EmailAddress("jane\($0)@example.com")) }
            draft.to.append(try Mailbox("\"q\" \\ <x>", EmailAddress("\"a> b\"@example.com")))
        }
        add { $0.text = ".\n..\nFrom x\n\t tab \n\u{1b}[31mred\u{0}\u{7f}\n" }
        add { $0.text = String(repeating: "long line ", count: 5000) + "\nend\n" }
        add { $0.text = String(repeating: "日本語テキスト\n", count: 300) }
        add { $0.text = "Ein paar Umlaute: äöü, sonst ASCII.\n" }
        add { $0.text = "" }
        add { $0.html = "<html><body><p>" + String(repeating: "日本", count: 900) + "</p></body></html>\n" }
        add { draft in
            draft.html = "<p>x</p>\n"
            draft.attachments = [
                Attachment(name: "report.txt", type: "text/plain", bytes: Array("a\nb\r\nc".utf8)),
                Attachment(
                    name: "Lebenslauf Jürgen Groß.pdf", type: "application/pdf",
                    bytes: (0..<5000).map { UInt8(truncatingIfNeeded: $0) }),
                Attachment(
                    name: String(repeating: "長い", count: 60) + ".bin", type: "application/octet-stream", bytes: []),
                Attachment(name: "quote\"back\\slash.txt", type: "text/x-y", bytes: [10]),
            ]
        }
        add { $0.references = (0..<30).map { "<" + String(repeating: "r", count: 60) + "\($0)@example.com>" } }
        add {
            $0.headers = [
                ("X-Loop", "jobs@example.com"), ("List-Id", "Grüße <x.example>"), ("X-Empty", ""),
                ("X-Long", String(repeating: "y", count: 1200)),
            ]
        }
        add { $0.from.name = String(repeating: "Very Long Name ", count: 12) + "é" }
        return drafts
    }

    @Test("whatever is in it, a letter is 7-bit, folded, within lines, and reads back as it was written")
    func roundTrip() throws {
        for draft in try difficult() {
            let bytes = try draft.rendered()
            #expect(EncodedBody.isSevenBit(bytes))
            #expect(bytes.suffix(2).elementsEqual([0x0d, 0x0a]))
            let text = String(decoding: bytes, as: UTF8.self)
            let header = text.prefix(upTo: try #require(text.firstRange(of: "\r\n\r\n")).lowerBound)
            for line in header.split(separator: "\r\n") where line.utf8.count > 78 {
                #expect(line.utf8.count <= 998 && line.drop { $0 != ":" }.dropFirst(2).firstIndex(of: " ") == nil)
            }
            expectSame(ParsedMessage(bytes), draft)
        }
    }

    private func expectSame(_ message: ParsedMessage, _ draft: Draft) {
        #expect(message.subject == draft.subject)
        #expect(message.from == [draft.from])
        #expect(message.to == draft.to)
        #expect(message.messageID == draft.messageID)
        #expect(message.date == draft.date)
        for (name, value) in draft.headers { #expect(message.header(name) == value) }
        #expect(message.text == (draft.text.isEmpty || draft.text.hasSuffix("\n") ? draft.text : draft.text + "\n"))
        #expect(message.html == draft.html)
        #expect(message.attachments == draft.attachments)
    }

    @Test("Python's strict reader finds no fault in letters, and reads what was written") func python() throws {
        let drafts = try difficult()
        let input = JSON.array(try drafts.map { .string(Base64.encode(try $0.rendered())) })
        let child = ChildProcess(["/usr/bin/python3", "-c", Self.reader], deadline: .seconds(60))
        let result = try child.run(input: Array(input.text.utf8))
        #expect(result.ending == .exited(0), "\(String(decoding: result.errors, as: UTF8.self))")
        let answers = try #require(try JSON.parse(result.output).array)
        #expect(answers.count == drafts.count)
        for (answer, draft) in zip(answers, drafts) {
            #expect(answer["defects"]?.array == [], "\(draft.messageID)")
            #expect(answer["subject"]?.string == draft.subject)
            // Python before 3.13 keeps the spaces between the encoded words of a phrase.
            let name = answer["from"]?.array?.first?.string
            #expect(name?.filter { $0 != " " } == draft.from.name?.filter { $0 != " " })
            #expect(answer["from"]?.array?.last?.string == draft.from.address.text)
            let people = draft.to.map { JSON.array([.string($0.name ?? ""), .string($0.address.text)]) }
            #expect(answer["to"]?.array == people)
            #expect(answer["text"]?.string == draft.text)
            #expect(answer["html"]?.string == draft.html)
            let files = draft.attachments.map {
                JSON.array([.string($0.name), .string($0.type), .string(Base64.encode($0.bytes))])
            }
            #expect(answer["files"]?.array == files)
        }
    }

    private static let reader = #"""
        import base64, email, email.policy, json, sys
        policy = email.policy.SMTP.clone(raise_on_defect=True)
        answers = []
        for encoded in json.load(sys.stdin):
            message = email.message_from_bytes(base64.b64decode(encoded), policy=policy)
            defects = [str(d) for part in message.walk() for d in part.defects]
            defects += [name + ': ' + str(d) for part in message.walk() for name, value in part.items() for d in value.defects]
            body = lambda kind: message.get_body((kind,))
            text = lambda part: part and part.get_content().replace('\r\n', '\n')
            person = lambda a: [a.display_name, a.addr_spec]
            answers.append({
                'defects': defects, 'subject': message['subject'], 'from': person(message['from'].addresses[0]),
                'to': [person(a) for a in message['to'].addresses], 'text': text(body('plain')), 'html': text(body('html')),
                'files': [[part.get_filename(), part.get_content_type(),
                           base64.b64encode(part.get_payload(decode=True)).decode()] for part in message.iter_attachments()]})
        json.dump(answers, sys.stdout)
        """#
}
