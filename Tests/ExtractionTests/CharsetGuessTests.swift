import Testing

@testable import Extraction

@Suite("The charset of a text")
struct CharsetGuessTests {
    @Test("is found by mark, by validity, else Windows-1252")
    func guesses() {
        #expect(CharsetGuess.decode([0xef, 0xbb, 0xbf, 0x61]) == "a")
        #expect(CharsetGuess.decode([0xff, 0xfe, 0x61, 0x00, 0xe9, 0x00]) == "aé")
        #expect(CharsetGuess.decode([0xfe, 0xff, 0x00, 0x61, 0x00]) == "a")
        #expect(CharsetGuess.decode(Array("José".utf8)) == "José")
        #expect(CharsetGuess.decode([0x4a, 0x6f, 0x73, 0xe9, 0x20, 0x80]) == "José €")
        #expect(CharsetGuess.decode(Array("a\r\nb\rc\0".utf8)) == "a\nb\nc ")
        #expect(CharsetGuess.decode([]) == "")
        #expect(CharsetGuess.decode((0...255).map { UInt8($0) }).unicodeScalars.count > 200)
    }
}

@Suite("HTML and JSON")
struct StructuredTextTests {
    @Test("HTML gives lines, references and links, and no scripts")
    func html() throws {
        let page =
            "<html><head><style>x{}</style><script>var a='b@c.example'</script></head><body><h1>Jos&eacute;</h1>"
            + "<!-- x@y.example --><p>A&#38;B<br>C</p><a href=\"mailto:jose&#64;a.example?subject=x\">mail</a></body>"
        let text = try Extractor.extract(Array(page.utf8), as: .html)
        #expect(text.text.contains("José") && text.text.contains("A&B\nC"))
        #expect(!text.text.contains("@"))
        #expect(text.links == ["mailto:jose@a.example?subject=x"])
    }

    @Test(
        "hostile HTML ends",
        arguments: ["<", "<a", "<!--", "&", "&#x110000;", "&#xd800;", "<script>", "<a href=mailto:", "a < b & c"])
    func hostile(_ page: String) throws {
        _ = try Extractor.extract(Array(page.utf8), as: .html)
        _ = try Extractor.extract(Array(String(repeating: page, count: 2000).utf8), as: .html)
    }

    @Test("JSON Resume and FRESH give the person's data")
    func json() throws {
        let resume = try Extractor.extract(
            Array(#"{"basics":{"name":"José","email":"j@a.example"},"work":[{"name":"Firm"}]}"#.utf8), as: .json)
        #expect(resume.format == "JSON Resume" && resume.email == "j@a.example" && resume.personName == "José")
        #expect(resume.text.contains("name: Firm"))
        let fresh = try Extractor.extract(
            Array(#"{"name":"Ana","meta":{"format":"FRESH@0.6.0"},"contact":{"email":"a@b.example"}}"#.utf8), as: .json)
        #expect(fresh.format == "FRESH" && fresh.email == "a@b.example")
        let odd = try Extractor.extract(Array(#"{"basics":{"email":5}}"#.utf8), as: .json)
        #expect(odd.email == nil)
        #expect(try Extractor.extract(Array("[1]".utf8), as: .json).format == nil)
        #expect(throws: ExtractionFault.self) { try Extractor.extract(Array("{".utf8), as: .json) }
    }
}
