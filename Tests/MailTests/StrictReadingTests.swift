// What people hand to `herald send` becomes a message that another's parser reads without a complaint: Python's email
// package under its strict policy (Tests/Peers/messages-strict).

import Formats
import Glibc
import Platform
import TestSupport
import Testing

@testable import Mail

@Suite struct StrictReadingTests {
    private static let heads: [String] = [
        "", "Subject: plain\n", "Subject: Grüße, 你好 und 🎉\n", "Subject: a\0b\u{1b}[2J\u{7f}c\n",
        "Subject: \(String(repeating: "long ", count: 400))\n", "Subject: \(String(repeating: "ü", count: 1200))\n",
        "Subject: \(String(repeating: "x", count: 2000))\n",
        "Subject: one\nSubject: two\nFrom: a@b.example\nFrom: c@d.example\n",
        "Subject: a\n \n b\n", "Subject:\n", "Subject: a\rBcc: evil@x.example\n",
        "Bcc: secret@x.example\nTo: bob@example.net\nSubject: x\n", "To: José <jose@example.org>, b@example.org\n",
        "To: undisclosed-recipients:;\nCc: Bücher: anna@example.org;\n", "Date: yesterday\nSubject: x\n",
        "Message-ID: nonsense\nSubject: x\n", "Message-ID: <a@b>\nMessage-ID: <c@d>\n", "MIME-Version: 2.0\n",
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n",
        "Content-Type: text/plain; charset=nonsense\n", "Content-Transfer-Encoding: what\n",
        "Content-Type: text/html\n", "X-Own: ü\u{202e}\nX-Own: two\n",
        "From x@y Sat Nov 21 12:41:14 2026\nSubject: x\n",
        " folded first\nSubject: x\n", "no colon here\nSubject: x\n", "Sübject: x\nSubject: y\n",
        "Content-Type: multipart/mixed; boundary=b\n",
    ]

    private static let bodies: [[UInt8]] = [
        [], Array("plain\n".utf8), Array("no line end".utf8), Array("a\r\nb\nc\rd".utf8), Array(".\n..\n.\n".utf8),
        Array("Grüße\n".utf8), [0x4a, 0xfc, 0x72, 0x67], [0, 1, 2, 0x1b, 0x7f, 0xff, 0xfe],
        Array(String(repeating: "x", count: 5000).utf8), Array(String(repeating: "ü", count: 3000).utf8),
        Array("From here\n--\nsignature  \t\n".utf8), [0xff, 0xfe, 0x41, 0], Array("\u{feff}mark\n".utf8),
        Array("--b\nContent-Type: text/plain; charset=utf-8\n\nGrüße\n--b\n\nplain\n--b--\n".utf8),
    ]

    @Test("whatever is handed to `send` reads under Python's strict policy") func hostile() throws {
        let folder = try TemporaryFolder()
        let normalizer = MessageNormalizer(
            date: Timestamp(seconds: 1_795_264_874), utcOffset: 7200, messageID: "<new@host.example>",
            from: Mailbox("Herald on web1", try EmailAddress("herald@host.example")))
        var random = SplitMix(seed: 7)
        var count = 0
        func write(_ bytes: [UInt8]) throws {
            guard let message = try? normalizer.normalize(bytes).message else { return }
            try Files.write(message, to: folder("\(1000 + count).eml"))
            count += 1
        }
        for head in Self.heads {
            for body in Self.bodies {
                // What says that it has parts and has none is as it was handed in: broken.
                if head.contains("multipart"), !body.starts(with: Array("--b".utf8)) { continue }
                try write(Array(head.utf8) + [0x0a] + body)
            }
        }
        // Several of these at random, and bytes in the body. What continues a field, or is one of two that would be one
        // list, is as it was handed in.
        let heads = Self.heads.dropLast().filter { !$0.hasPrefix(" ") && !$0.contains("To: ") }
        for _ in 0..<300 {
            let head = (0..<random.below(4)).map { _ in heads[random.below(heads.count)] }.joined()
            var body = Self.bodies[random.below(Self.bodies.count - 1)] + [0x0a]
            for _ in 0..<random.below(6) { body[random.below(body.count)] = UInt8(truncatingIfNeeded: random.next()) }
            try write(Array(head.utf8) + [0x0a] + body)
        }
        #expect(count > 500)
        let script = Files.split(Files.split(#filePath).directory).directory + "/Peers/messages-strict"
        let result = try ChildProcess(["/usr/bin/python3", script, folder.path], deadline: .seconds(120)).run()
        let words = String(decoding: result.output + result.errors, as: UTF8.self)
        #expect(result.ending == .exited(0), "\(words)")
        #expect(words.contains("\(count) messages"), "\(words)")
    }
}
