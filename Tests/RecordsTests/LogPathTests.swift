import Formats
import Records
import Testing

@Suite struct LogPathTests {
    @Test("no two paths are one text, each is read back, and nothing joins the slashes beside it")
    func oneToOne() {
        var texts: Set<String> = []
        var count = 0
        for value in UInt32(0x80)...0x2fa1f {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let bytes = Array("/\(Character(scalar))/".utf8)
            let text = LogPath.text(bytes)
            guard LogPath.bytes(text) == bytes, text.first == "/", text.last == "/", text.dropFirst().first != "/"
            else {
                Issue.record("U+\(String(value, radix: 16)) is not read back, or joins a slash")
                return
            }
            texts.insert(text)
            count += 1
        }
        #expect(texts.count == count)
    }

    @Test(
        "names that look alike are two texts, and what stands alone stays as it is",
        arguments: [
            ("caf\u{e9}", "cafe\u{301}"), ("\u{ac00}", "\u{1100}\u{1161}"), ("\u{ac01}", "\u{ac00}\u{11a8}"),
            ("K", "\u{212a}"), ("\u{958}", "\u{915}\u{93c}"), ("a\u{327}\u{301}", "a\u{301}\u{327}"),
        ])
    func twins(one: String, other: String) {
        #expect(one == other)
        #expect(LogPath.text(Array(one.utf8)) != LogPath.text(Array(other.utf8)))
        for path in [one, other] {
            let text = LogPath.text(Array(path.utf8))
            #expect(LogPath.bytes(text) == Array(path.utf8))
            #expect(LogPath.text(ofPath: text) == text && LogPath.text(ofPath: path) == text)
        }
        #expect(
            LogPath.text(Array("/caf\u{e9}/\u{43b}\u{43e}\u{433}/\u{65e5}".utf8))
                == "/caf\u{e9}/\u{43b}\u{43e}\u{433}/\u{65e5}")
    }

    @Test("a rule's `file` is asked of the file's own name")
    func file() {
        let path = "/var/log/cafe\u{301}.log"
        let source = Source.file(LogPath.text(Array(path.utf8)))
        #expect(Record(source: source, message: []).values(of: "file") == [Array(path.utf8)])
        #expect(Array(source.name.utf8) == Array(path.utf8))
        #expect(Source(key: "file:" + path) == source)
        #expect(Source(key: source.key) == source)
    }

    @Test("a checkpoint that was stored with a path as it was written has its form when it is read")
    func stored() throws {
        let file = FileCheckpoint(path: "/var/log/cafe\u{301}.log", device: 1, inode: 2)
        let read = try #require(SourceCheckpoint(text: SourceCheckpoint.file(file).text))
        var expected = file
        expected.path = LogPath.text(Array(file.path.utf8))
        #expect(read == .file(expected))
        #expect(read.key == "file:1:2:" + expected.path)
    }
}
