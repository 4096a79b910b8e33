import Testing

@testable import Formats

private struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
}

@Suite struct ByteSearchTests {
    @Test(
        "bytes are found where they stand first",
        arguments: [
            ("", "", 0), ("abc", "", 0), ("", "a", nil), ("abc", "abc", 0), ("abc", "abcd", nil), ("abcabc", "bc", 1),
            ("aaab", "aab", 1), ("ababac", "abac", 2), ("abc", "c", 2), ("abc", "d", nil), ("a\r\nb", "\n", 2),
        ] as [(String, String, Int?)])
    func first(bytes: String, sought: String, offset: Int?) {
        let expected = offset.map { $0..<$0 + sought.utf8.count }
        #expect(Array(bytes.utf8).firstRange(ofBytes: Array(sought.utf8)) == expected)
        // A slice keeps the indices of what it is of, and a collection that lies in no memory is searched too.
        let slice = Array("++\(bytes)++".utf8)[2..<2 + bytes.utf8.count]
        #expect(slice.firstRange(ofBytes: sought.utf8) == expected.map { $0.lowerBound + 2..<$0.upperBound + 2 })
        let scattered = bytes.utf8.lazy.map { $0 }
        #expect(
            scattered.firstRange(ofBytes: sought.utf8).map {
                bytes.utf8.distance(from: bytes.startIndex, to: $0.lowerBound)
            }
                == offset)
    }

    @Test("what is found agrees with a search at every offset")
    func agreement() {
        var generator = Seeded(state: 7)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                UInt8.random(in: 0...2, using: &generator)
            }
            let sought = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                UInt8.random(in: 0...2, using: &generator)
            }
            let plain = (0...bytes.count).first { bytes[$0...].starts(with: sought) }
            #expect(bytes.firstRange(ofBytes: sought)?.lowerBound == plain, "seed 7: \(sought) in \(bytes)")
        }
    }

    @Test(
        "a text stands in another byte for byte",
        arguments: [
            ("Out of memory", "of", true), ("Out of memory", "Of", false), ("", "", true), ("a\r\nb", "\n", true),
            ("caf\u{e9}", "\u{e9}", true), ("cafe\u{301}", "\u{e9}", false),
            ("\u{1f468}\u{200d}\u{1f469}", "\u{1f469}", true),
        ])
    func contained(text: String, part: String, stands: Bool) {
        #expect(text.contains(part) == stands)
        #expect("<\(text)>".dropFirst().dropLast().contains(part) == stands)
    }

    @Test(
        "each is replaced once, from left to right",
        arguments: [
            ("it's", "'", "''", "it''s"), ("'", "'", "'\\''", "'\\''"), ("aaa", "aa", "b", "ba"),
            ("abc", "x", "y", "abc"),
            ("abc", "", "y", "abc"), ("", "a", "b", ""), ("a--b--", "--", "", "ab"), ("a\r\nb", "\n", "|", "a\r|b"),
        ])
    func replaced(text: String, sought: String, other: String, result: String) {
        #expect(text.replacing(sought, with: other) == result)
    }
}
