import Testing
import YAML

@Suite struct YAMLReaderTests {
    private func read(_ text: String) throws -> YAMLNode { try YAMLReader.read(Array(text.utf8), file: "f.yaml") }

    @Test("nodes carry their place") func places() throws {
        let node = try read("a:\n  - x\n  - {b: 'y'}\n")
        let list = try #require(node["a"]?.sequence)
        #expect(list.map { [$0.line, $0.column] } == [[2, 5], [3, 5]])
        #expect(list[1]["b"]?.string == "y")
    }

    @Test("only plain scalars are numbers, booleans and null") func types() throws {
        let node = try read("a: true\nb: 'true'\nc: 12\nd: '12'\ne: ~\nf: 'null'\ng: yes\n")
        #expect(node["a"]?.bool == true && node["b"]?.bool == nil)
        #expect(node["c"]?.int == 12 && node["d"]?.int == nil)
        #expect(node["e"]?.isNull == true && node["f"]?.string == "null")
        #expect(node["g"]?.bool == nil)
    }

    @Test("anchors are followed; a bomb of them is refused") func anchors() throws {
        #expect(try read("a: &x [1, 2]\nb: *x")["b"]?.sequence?.count == 2)
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<12 {
            let aliases = repeatElement("*a\(level - 1)", count: 10).joined(separator: ", ")
            bomb += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(throws: Diagnostic.self) { try read(bomb) }
        #expect(throws: Diagnostic.self) { try read(String(repeating: "[", count: 1000)) }
    }

    @Test(
        "two documents, a key twice and unknown aliases are refused",
        arguments: ["a: 1\n---\nb: 2\n", "a: 1\na: 2\n", "a: *b\n"])
    func refused(text: String) {
        #expect(throws: Diagnostic.self) { try read(text) }
    }
}
