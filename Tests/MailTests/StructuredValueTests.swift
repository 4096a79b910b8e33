import Testing

@testable import Mail

@Suite struct StructuredValueTests {
    private func text(_ raw: String) -> String {
        let value = StructuredValue(parsing: Array(raw.utf8))
        return ([value.value] + value.parameters.map { "\($0.name)=\($0.value)" }).joined(separator: "|")
    }

    @Test(
        "a value and its parameters are read without comments",
        arguments: [
            ("no (a person)", "no"), ("auto-replied; owner-email=\"a@b\"", "auto-replied|owner-email=a@b"),
            ("(x) Auto-Generated (y);", "auto-generated"),
            ("no; x=y", "no|x=y"), ("", ""), (";", ""), ("text/plain; charset=UTF-8", "text/plain|charset=UTF-8"),
            ("text/plain; charset=us-ascii (Plain text)", "text/plain|charset=us-ascii"),
            ("text/plain ; charset = \"x y\" ; b=c", "text/plain|charset=x y|b=c"),
            ("a;b", "a"), ("a;b;c=d", "a|c=d"), ("a;=x;c=d", "a|c=d"), ("a; b=\"q;\\\"r\"; c=d", "a|b=q;\"r|c=d"),
            ("a; b=\"no end", "a|b=no end"),
            ("attachment; filename=My resume (1).pdf", "attachment|filename=My resume (1).pdf"),
            ("a; filename=\"C:\\Temp\\x.doc\"", "a|filename=C:\\Temp\\x.doc"),
            ("a; filename*=UTF-8''r%C3%A9sum%C3%A9.pdf", "a|filename=résumé.pdf"),
            ("a; filename*=iso-8859-1'fr'r%E9.pdf", "a|filename=ré.pdf"),
            ("a; filename*0=\"one \"; filename*1=\"two\"", "a|filename=one two"),
            ("a; filename*1*=%20b; filename*0*=utf-8''a; filename*2=c", "a|filename=a bc"),
            ("a; filename=\"plain\"; filename*=utf-8''ext", "a|filename=ext"),
            ("a; filename*=utf-8''%zz%", "a|filename=%zz%"),
            ("a; filename*=noquotes", "a|filename=noquotes"), ("a; filename*99999999999999999999=x", "a"),
            ("a; filename*-1=x", "a"),
            ("a; filename=\"=?UTF-8?Q?r=C3=A9?=\"", "a|filename=ré"),
            ("a; filename==?UTF-8?Q?r=C3=A9?=", "a|filename=ré"), ("a; x=1; x=2", "a|x=1"),
            ("a; filename*=utf-8''a%0D%0Ab", "a|filename=a b"),
            ("multipart/mixed; boundary=\"a;b=c\"", "multipart/mixed|boundary=a;b=c"),
            ("a (unclosed; b=c", "a"), ("TEXT / HTML; CHARSET=x", "text / html|charset=x"), ("a; b=(c)d", "a|b=d"),
        ]) func parsing(raw: String, expected: String)
    {
        #expect(text(raw) == expected)
    }

    @Test("a value is as long as a media type may be, whatever is sent") func longValue() {
        let marks = String(repeating: "\u{591}\u{5b0}", count: 2000)
        let value = StructuredValue(parsing: Array("text/\(marks); charset=x".utf8))
        #expect(value.value.utf8.count == 255 && value["charset"] == "x")
    }

    @Test("thousands of parameters are read in a bounded way") func huge() {
        let raw = "a" + (0..<5000).map { "; filename*\($0)*=%41" }.joined()
        #expect(StructuredValue(parsing: Array(raw.utf8))["filename"] == String(repeating: "A", count: 200))
    }

    @Test(
        "file names go there and back, in lines that fold",
        arguments: [
            "resume.pdf", "my resume.pdf", "résumé.pdf", "a\"b\\c.txt", String(repeating: "長い名前", count: 50) + ".docx",
            "100%'*.txt", "",
        ])
    func composing(name: String) {
        let header = HeaderLine.folded("Content-Disposition", "attachment" + HeaderParameter.text("filename", name))
        let lines = String(decoding: header, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { $0.utf8.count <= 78 })
        let raw = lines.joined().dropFirst("Content-Disposition:".count)
        #expect(StructuredValue(parsing: Array(raw.utf8))["filename"] == name)
    }
}
