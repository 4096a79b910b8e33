import Formats
import TestSupport
import Testing

@testable import Mail

/// A torture message, and what must come of it. `\n` stands for CRLF unless `raw`.
struct TortureCase: Sendable, CustomTestStringConvertible {
    var name: String
    var message: [UInt8]
    var text: String
    /// `type:name` of every attachment.
    var files: [String]
    var subject: String?

    init(
        _ name: String, _ message: String, text: String = "", files: [String] = [], subject: String? = nil,
        raw: Bool = false
    ) {
        self.name = name
        self.message = raw ? Array(message.utf8) : Array(message.utf8).withCRLF
        self.text = text
        self.files = files
        self.subject = subject
    }

    init(_ name: String, octets: [UInt8], text: String = "", files: [String] = [], subject: String? = nil) {
        self.init(name, "", text: text, files: files, subject: subject)
        message = octets
    }

    var testDescription: String { name }
}

@Suite struct ParsedMessageTests {
    static let structure: [TortureCase] = [
        TortureCase("nothing", ""),
        TortureCase("one octet", "a", text: "a"),
        TortureCase("only line ends", "\n\n\n"),
        TortureCase("only a header", "Subject: x", subject: "x"),
        TortureCase("a header and no body", "Subject: x\n\n", subject: "x"),
        TortureCase("no header, an empty line first", "\nHello", text: "Hello"),
        TortureCase("text alone", "Dear Sir or Madam,\nhello\n", text: "Dear Sir or Madam,\nhello\n"),
        TortureCase("empty lines before the header", "\n\nSubject: x\n\nb\n", text: "b\n", subject: "x"),
        TortureCase(
            "a mailbox file's From line", "From a@b Sat Nov 21 12:41:14 2026\nSubject: x\n\nb\n", text: "b\n",
            subject: "x"),
        TortureCase(
            "a quoted From line amid", "A: b\n>From a@b Sat Nov 21\nSubject: x\n\nb\n", text: "b\n", subject: "x"),
        TortureCase("LF alone", "Subject: x\n y\n\nb\nc\n", text: "b\nc\n", subject: "x y", raw: true),
        TortureCase("CR alone", "Subject: x\r\rb\rc\r", text: "b\nc\n", subject: "x", raw: true),
        TortureCase("CR CR LF", "Subject: x\r\r\n\r\r\nb\r\r\n", text: "b\n\n", subject: "x", raw: true),
        TortureCase(
            "mixed line ends", "Subject: x\nTo: y\r\n\nb\r\nc\nd\re", text: "b\nc\nd\ne", subject: "x", raw: true),
        TortureCase("a bare CR in a field", "Subject: a\rBcc: b\r\n\r\nc", text: "c", subject: "a Bcc: b", raw: true),
        TortureCase("NUL in field and body", "Subject: a\0b\n\nc\0d", text: "c\0d", subject: "a b"),
        TortureCase(
            "the empty line is missing", "Subject: x\nThis is the body\nof it\n", text: "This is the body\nof it\n",
            subject: "x"),
        TortureCase(
            "a continuation without its blank", "Subject: one\ntwo\nFrom: a@b\n\nbody", text: "body", subject: "one two"
        ),
        TortureCase("a line of blanks in a field", "Subject: a\n \n b\n\nc", text: "c", subject: "a  b"),
        TortureCase("a continuation before any field", " lost\nSubject: x\n\nb", text: "b", subject: "x"),
        TortureCase("a blank before the colon", "Subject : x\n\nb", text: "b", subject: "x"),
        TortureCase("no space after the colon", "Subject:x\n\nb", text: "b", subject: "x"),
        TortureCase("a name in other case", "sUbJeCt: x\n\nb", text: "b", subject: "x"),
        TortureCase("an empty field", "Subject:\n\nb", text: "b", subject: ""),
        TortureCase("a colon alone", ": x\nSubject: y\n\nb", text: ": x\nSubject: y\n\nb"),
        TortureCase(
            "a byte order mark", octets: [0xef, 0xbb, 0xbf] + Array("Subject: x\r\n\r\nb".utf8), text: "b", subject: "x"
        ),
        TortureCase("8-bit UTF-8 in a field", "Subject: Grüße\n\nb", text: "b", subject: "Grüße"),
        TortureCase(
            "8-bit Latin-1 in field and body",
            octets: Array("Subject: J".utf8) + [0xfc] + Array("rg\r\n\r\n".utf8) + [0xe9], text: "é", subject: "Jürg"),
        TortureCase("two Subjects", "Subject: 1\nSubject: 2\n\nb", text: "b", subject: "1"),
    ]

    static let bodies: [TortureCase] = [
        TortureCase("base64", "Content-Transfer-Encoding: base64\n\naGVs\nbG8=\n", text: "hello"),
        TortureCase(
            "base64 with junk and no padding", "Content-Transfer-Encoding: BASE64\n\na G!V*s\n\nbG8\n", text: "hello"),
        TortureCase("quoted-printable", "Content-Transfer-Encoding: quoted-printable\n\n=C3=A9=\n!\n", text: "é!\n"),
        TortureCase("an encoding with a comment", "Content-Transfer-Encoding: (x) base64 (y)\n\naGk=\n", text: "hi"),
        TortureCase("an unknown encoding", "Content-Transfer-Encoding: rot13\n\nhi", text: "hi"),
        TortureCase(
            "uuencode", "Content-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n%:&5L;&\\\n`\nend\n", text: "hello"),
        TortureCase(
            "an unknown charset", octets: Array("Content-Type: text/plain; charset=nonsense\r\n\r\n".utf8) + [0xe9],
            text: "é"),
        TortureCase("an ill-formed Content-Type", "Content-Type: nonsense\n\nhi", text: "hi"),
        TortureCase("an empty Content-Type", "Content-Type:\n\nhi", text: "hi"),
        TortureCase("HTML alone", "Content-Type: text/html\n\n<p>Hi <b>you</b></p>", text: "Hi you"),
        TortureCase(
            "HTML that names its charset itself",
            octets: Array("Content-Type: text/html\r\n\r\n<meta charset=koi8-r>".utf8) + [0xf0, 0xd2], text: "Пр"),
        TortureCase(
            "a PDF alone", "Content-Type: application/pdf; name=cv.pdf\n\n%PDF", files: ["application/pdf:cv.pdf"]),
        TortureCase(
            "TNEF is opaque", "Content-Type: application/ms-tnef; name=winmail.dat\n\nx",
            files: ["application/ms-tnef:winmail.dat"]),
        TortureCase(
            "text as an attachment alone",
            "Content-Type: text/plain; name=cv.txt\nContent-Disposition: attachment\n\nJane",
            files: ["text/plain:cv.txt"]),
        TortureCase(
            "text inline with a name alone", "Content-Type: text/plain; name=cv.txt\n\nJane", text: "Jane",
            files: ["text/plain:cv.txt"]),
        TortureCase(
            "UTF-16",
            octets: Array(
                "Content-Type: text/plain; charset=utf-16le\r\nContent-Transfer-Encoding: base64\r\n\r\naADpAA==".utf8),
            text: "hé"),
    ]

    private static let mixed = "Content-Type: multipart/mixed; boundary=b\n\n"

    static let multiparts: [TortureCase] = [
        TortureCase("preamble, parts, epilogue", mixed + "pre\n--b\n\none\n--b\n\ntwo\n--b--\nepi\n", text: "one\ntwo"),
        TortureCase("no closing boundary", mixed + "--b\n\none\n--b\n\ntwo\n", text: "one\ntwo\n"),
        TortureCase("no boundary in the body", mixed + "just text\n", text: "just text\n"),
        TortureCase(
            "no boundary parameter", "Content-Type: multipart/mixed\n\n--bound1\n\none\n--bound1--\n", text: "one"),
        TortureCase(
            "no boundary parameter and none to guess", "Content-Type: multipart/mixed\n\ntext\n", text: "text\n"),
        TortureCase("an empty boundary", "Content-Type: multipart/mixed; boundary=\"\"\n\ntext\n", text: "text\n"),
        TortureCase("a boundary that begins another", mixed + "--bb\n\nno\n--b\n\nyes\n--b--\n", text: "yes"),
        TortureCase("blanks after boundaries", mixed + "--b \t\n\none\n--b-- \n", text: "one"),
        TortureCase(
            "a boundary with odd characters",
            "Content-Type: multipart/mixed; boundary=\"=_(x) :?\"\n\n--=_(x) :?\n\none\n--=_(x) :?--", text: "one"),
        TortureCase(
            "a boundary by RFC 2231",
            "Content-Type: multipart/mixed; boundary*0=b; boundary*1=c\n\n--bc\n\none\n--bc--", text: "one"),
        TortureCase("only a closing boundary", mixed + "--b--\n", text: ""),
        TortureCase("parts without a header", mixed + "--b\none\n--b--\n", text: "one"),
        TortureCase("empty parts", mixed + "--b\n--b\n\n--b--\n", text: ""),
        TortureCase(
            "LF alone", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n", text: "one", raw: true),
        TortureCase(
            "a bare CR before a boundary", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\r--b--\nx",
            text: "one\n--b--\nx", raw: true),
        TortureCase(
            "alternative takes the plain text",
            "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>h</p>\n--b\n\nplain\n--b--\n",
            text: "plain"),
        TortureCase(
            "alternative with empty plain text takes the HTML",
            "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n \n--b\nContent-Type: text/html\n\n<p>h</p>\n--b--\n",
            text: "h"),
        TortureCase(
            "inner boundary missing, outer there",
            mixed
                + "--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\none\n--b\nContent-Type: application/pdf\n\nx\n--b--\n",
            text: "one", files: ["application/pdf:"]),
        TortureCase(
            "the same boundary within", mixed + "--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n",
            text: "one"),
        TortureCase(
            "a nested message",
            mixed + "--b\n\nsee\n--b\nContent-Type: message/rfc822\n\nSubject: inner\n\ninner text\n--b--\n",
            text: "see",
            files: ["message/rfc822:"]),
        TortureCase(
            "a nested message in base64",
            mixed
                + "--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogaQoKeA==\n--b--\n",
            files: ["message/rfc822:"]),
        TortureCase(
            "a digest", "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: 1\n\none\n--b--\n",
            files: ["message/rfc822:"]),
        TortureCase(
            "a report",
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nFailed.\n--b\nContent-Type: message/delivery-status\n\n"
                + "Action: failed\n--b--\n", text: "Failed.", files: ["message/delivery-status:"]),
        TortureCase(
            "text after a file",
            mixed
                + "--b\n\none\n--b\nContent-Type: image/png\nContent-Disposition: inline; filename=\"i.png\"\n\nx\n--b\n\ntwo\n--b--\n",
            text: "one\ntwo", files: ["image/png:i.png"]),
        TortureCase(
            "file names in every form",
            mixed
                + "--b\nContent-Type: a/b; name==?utf-8?q?=C3=A9.pdf?=\n\n\n--b\nContent-Type: a/c\nContent-Disposition: attachment; filename*=utf-8''%C3%A9.doc\n\n\n"
                + "--b\nContent-Type: a/d\nContent-Disposition: attachment; filename=\"../../etc/passwd\"\n\n\n--b\nContent-Type: a/e; name=\"n\"\nContent-Disposition: attachment; "
                + "filename=\"f\"\n\n\n--b--\n", files: ["a/b:é.pdf", "a/c:é.doc", "a/d:../../etc/passwd", "a/e:f"]),
        TortureCase(
            "a type in capitals", "CONTENT-TYPE: MULTIPART/MIXED; BOUNDARY=\"B\"\n\n--B\n\none\n--B--", text: "one"),
    ]

    @Test("messages are read as they are meant", arguments: structure + bodies + multiparts)
    func torture(_ test: TortureCase) {
        let message = ParsedMessage(test.message)
        #expect(message.text == test.text)
        #expect(message.attachments.map { "\($0.type):\($0.name)" } == test.files)
        #expect(message.header("Subject") == test.subject)
    }

    @Test("header fields are there raw, decoded, repeated and as values") func fields() {
        let message = ParsedMessage(
            Array(
                """
                Return-Path: <>
                Received: one
                RECEIVED: two
                From: =?utf-8?q?Jos=C3=A9?= <jose@example.com>, b@c
                To: team: x@y;
                Cc: <z@y>
                Reply-To: r@y
                Sender: s@y
                Message-ID:  <m@y>
                In-Reply-To: Your message <a@b> of today
                References: <a@b>
                 <c@d>
                Date: Sat, 21 Nov 2026 12:41:14 +0000
                Auto-Submitted: auto-replied; owner-email="o@y"
                Auto-Submitted: no (comment)

                body
                """.utf8))
        #expect(message.all("Received") == ["one", "two"])
        #expect(message.headers.raw("from") == [Array("=?utf-8?q?Jos=C3=A9?= <jose@example.com>, b@c".utf8)])
        #expect(message.from.map(\.name) == ["José", nil])
        #expect(message.to.map(\.address.text) == ["x@y"])
        #expect(message.cc.map(\.address.text) == ["z@y"])
        #expect(message.replyTo.map(\.address.text) == ["r@y"])
        #expect(message.sender.map(\.address.text) == ["s@y"])
        #expect(message.messageID == "<m@y>")
        #expect(message.inReplyTo == ["<a@b>"])
        #expect(message.references == ["<a@b>", "<c@d>"])
        #expect(message.date == Timestamp(seconds: 1_795_264_874))
        #expect(message.headers.structured("auto-submitted").map(\.value) == ["auto-replied", "no"])
        #expect(message.headers.structured("Auto-Submitted").first?["owner-email"] == "o@y")
        #expect(message.returnPath == .null)
        #expect(message.header("X-None") == nil)
    }

    @Test(
        "Return-Path is the null path, an address or something else",
        arguments: [
            ("Return-Path: <>", ReturnPath.null), ("Return-Path: < >", .null),
            ("Return-Path: MAILER-DAEMON", .other("MAILER-DAEMON")),
            ("Return-Path:", .other("")), ("X: y", nil),
        ]) func returnPath(header: String, path: ReturnPath?) throws
    {
        #expect(ParsedMessage(Array((header + "\n\n").utf8)).returnPath == path)
        #expect(ParsedMessage(Array("Return-Path: <a@B>\n\n".utf8)).returnPath == .address(try EmailAddress("a@b")))
    }

    @Test("depth, parts and fields are bounded, and nothing hangs") func bounds() {
        var deep: [UInt8] = []
        for level in 0..<2000 {
            deep += Array("Content-Type: multipart/mixed; boundary=b\(level)\n\n--b\(level)\n".utf8)
        }
        #expect(depth(ParsedMessage(deep).root) <= PartReader.depthLimit + 1)
        let rfc822 = [UInt8](String(repeating: "Content-Type: message/rfc822\n\n", count: 5000).utf8)
        #expect(depth(ParsedMessage(rfc822).root) <= PartReader.depthLimit + 1)

        let many = ParsedMessage(
            Array(
                ("Content-Type: multipart/mixed; boundary=b\n\n" + String(repeating: "--b\n\nx\n", count: 20_000)).utf8)
        )
        #expect(many.root.children.count < PartReader.partLimit)
        #expect(many.root.isTruncated)

        let fields = ParsedMessage(Array((String(repeating: "X: y\n", count: 50_000) + "\nbody").utf8))
        #expect(fields.headers.fields.count == HeaderFields.fieldLimit)
        #expect(fields.text == "body")

        let huge = ParsedMessage(
            Array("Subject: ".utf8) + [UInt8](repeating: 0x61, count: 2 << 20) + Array("\n\nbody".utf8))
        #expect(huge.subject.utf8.count == HeaderFields.valueLimit - 1)
        #expect(huge.text == "body")
    }

    private func depth(_ part: MessagePart) -> Int { 1 + (part.children.map(depth).max() ?? 0) }

    /// Everything that can be asked of a message.
    private func exercise(_ bytes: [UInt8]) -> Int {
        let message = ParsedMessage(bytes)
        var size = message.text.utf8.count + message.subject.utf8.count + message.references.count
        size += (message.from + message.to + message.cc + message.replyTo + message.sender).count
        size += message.attachments.reduce(0) { $0 + $1.bytes.count } + (message.html?.utf8.count ?? 0)
        if message.date == nil, message.returnPath == nil { size += 1 }
        for field in message.headers.fields { size += message.headers.structured(field.name).count }
        return size
    }

    @Test(
        "messages encoded within messages are decoded to twice the size of the whole at most",
        arguments: ["base64", "quoted-printable"])
    func nestedEncodings(encoding: String) throws {
        var bytes = Array("Subject: core\r\n\r\n".utf8) + [UInt8](repeating: 0x61, count: 1 << 18)
        for _ in 0..<12 {
            let body = encoding == "base64" ? Array(Base64.encode(bytes).utf8) : QuotedPrintable.encode(bytes)
            bytes = Array("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: \(encoding)\r\n\r\n".utf8) + body
        }
        var decoded = 0
        var depth = 0
        var part = ParsedMessage(bytes).root
        while let child = part.children.first {
            decoded += child.storage.count
            depth += 1
            part = child
        }
        #expect(decoded <= 2 * bytes.count)
        #expect((1..<12).contains(depth))
        #expect(part.isTruncated)
        #expect(!part.rawBytes.isEmpty)
    }

    @Test("small messages are read through several encoded levels") func fewNestedEncodings() throws {
        var bytes = Array("Subject: core\r\n\r\nHello".utf8)
        for _ in 0..<8 {
            bytes =
                Array("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n".utf8)
                + Array(Base64.encode(bytes).utf8)
        }
        var part = ParsedMessage(bytes).root
        while let child = part.children.first { part = child }
        #expect(part.headers.first("Subject") == "core")
    }

    @Test("a field whose continuations lost their blanks is cut like any other") func longContinuation() throws {
        let line = String(repeating: "x", count: 1 << 18)
        let message = ParsedMessage(Array("Subject: \(line)\n\(line)\nFrom: a@b\n\n".utf8))
        #expect(try #require(message.headers.raw("Subject").first).count <= HeaderFields.valueLimit)
        #expect(message.from.count == 1)
    }

    @Test("20,000 mutated messages neither crash nor grow, and can be made fit for sending") func mutations() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed of the mutations: \(seed)")
        var random = SplitMix(seed: seed)
        let bases = (Self.structure + Self.bodies + Self.multiparts).map(\.message).filter { $0.count > 3 }
        let normalizer = MessageNormalizer(
            date: Timestamp(seconds: 0), utcOffset: 0, messageID: "<1@x>", from: try Mailbox(nil, EmailAddress("a@b")))
        for round in 0..<20_000 {
            var bytes = bases[Int(random.next() % UInt64(bases.count))]
            for _ in 0...random.next() % 4 { mutate(&bytes, bases, &random) }
            #expect(exercise(bytes) < bytes.count * 64 + 4096, "seed \(seed), round \(round)")
            if let fit = try? normalizer.normalize(bytes).message {
                let ascii = EncodedBody.isSevenBit(fit)
                let named = ParsedMessage(bytes).headers.fields.contains { $0.raw.contains { $0 >= 0x80 } }
                #expect(
                    ascii || named, "seed \(seed), round \(round), \(Printable.text(bytes)) gave \(Printable.text(fit))"
                )
            }
        }
    }

    private func mutate(_ bytes: inout [UInt8], _ bases: [[UInt8]], _ random: inout SplitMix) {
        let place = bytes.isEmpty ? 0 : Int(random.next() % UInt64(bytes.count))
        switch random.next() % 7 {
        case 0 where !bytes.isEmpty: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int(random.next() % 12)))
        case 3: bytes.removeSubrange(place...)
        case 4: bytes.insert(contentsOf: bases[Int(random.next() % UInt64(bases.count))].prefix(200), at: place)
        case 5:
            let pieces = [
                "=?utf-8?q?", "?=", "\r", "\n", "\r\n\r\n", "--b", "\"", "(", "<", "@", ";", "=", "*0*=", "\\", "\0",
                "é", ": ",
            ]
            bytes.insert(contentsOf: Array(pieces[Int(random.next() % UInt64(pieces.count))].utf8), at: place)
        default:
            let end = min(bytes.count, place + Int(random.next() % 40))
            bytes.insert(contentsOf: bytes[place..<end], at: place)
        }
    }
}
