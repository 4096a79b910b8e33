import Testing

@testable import SMTPTransport

@Suite struct FolderNameTests {
    @Test(
        "names are modified UTF-7 (RFC 3501 section 5.1.3)",
        arguments: [
            ("Sent", "Sent"), ("Gesendet & Mehr", "Gesendet &- Mehr"), ("Entwürfe", "Entw&APw-rfe"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"), ("&&", "&-&-"), ("ü", "&APw-"), ("", ""),
            ("a\u{1f4e4}b", "a&2D3c5A-b"), ("tab\there", "tab&AAk-here"),
        ])
    func encoded(_ name: String, _ wire: String) { #expect(FolderName.encoded(name) == Array(wire.utf8)) }

    @Test(
        "the folder that LIST marks is found, whatever stands beside it",
        arguments: [
            (#"* LIST (\HasNoChildren \Sent) "/" Sent"#, "Sent"),
            (#"* LIST (\sent) "." "Gesendet &- Mehr""#, "Gesendet &- Mehr"),
            (#"* LIST (\Sent) NIL "a \"b\" \\c""#, #"a "b" \c"#), (#"* LIST (\Drafts) "/" Sent"#, nil),
            (#"* LIST (\Sent \Noselect) "/" Sent"#, nil), (#"* LIST (\Sent) "/" {4}"#, nil),
            (#"* LIST (\Sent) "/" "{4}""#, "{4}"),
            (#"* LIST (\Sent) "/" "open"#, nil),
            (#"* LIST (\Sent"#, nil), (#"* LIST (\Sent) "/""#, nil), (#"* LIST (\Sent) "/" """#, nil), ("", nil),
            ("* LIST (", nil), ("* LIST (\\Sent \u{301}x) \"/\" Sent", "Sent"),
            (#"* LSUB (\Sent) "/" Sent"#, nil),
        ] as [(String, String?)])
    func list(_ line: String, _ name: String?) {
        let answer = "* LIST (\\HasChildren) \"/\" INBOX\r\n" + line + "\r\n* LIST () \"/\" Sent2\r\n"
        #expect(FolderName.sent(in: Array(answer.utf8)) == name.map { Array($0.utf8) })
    }

    @Test("no bytes trap") func hostile() {
        let seed: UInt64 = 7
        var state = seed
        for _ in 0..<20_000 {
            var bytes = Array("* LIST (\\Sent) ".utf8)
            for _ in 0..<12 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let choices = Array("\"\\ {}()\r\n\0a".utf8) + [0xff]
                bytes.append(choices[Int(state >> 33) % choices.count])
            }
            _ = FolderName.sent(in: bytes)
        }
    }
}
