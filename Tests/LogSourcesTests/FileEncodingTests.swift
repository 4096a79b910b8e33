// Logs in UTF-16 without a byte order mark: known by their NULs, said, and taken back when they go on in ASCII.

import Formats
import LogSources
import Testing

@Suite struct FileEncodingTests {
    /// So often, in UTF-16 without a mark.
    private static func wide(_ text: String, _ count: Int, isBig: Bool = false) -> [UInt8] {
        let one = text.utf16.flatMap { unit in
            let (low, high) = (UInt8(truncatingIfNeeded: unit), UInt8(truncatingIfNeeded: unit >> 8))
            return isBig ? [high, low] : [low, high]
        }
        return (0..<count).flatMap { _ in one }
    }

    @Test("a log in UTF-16 without a mark is known by its NULs, at the next start too", arguments: [false, true])
    func wideWithoutMark(isBig: Bool) throws {
        let bench = try TailingBench { $0.command = HeraldCommand(config: "/srv/a b.yaml") }
        try bench.follow(FileEncodingTests.wide("ROT one \u{444}\n", 20, isBig: isBig), to: "a.log")
        #expect(bench.notices.map(\.kind) == [.unreadable])
        let path = bench.path("a.log")
        let words =
            "a.log: it is UTF-16: `iconv -f UTF-16\(isBig ? "BE" : "LE") -t UTF-8 < \(path) | "
            + "herald --config '/srv/a b.yaml' scan -` looks at what is there"
        #expect(bench.tailer?.status.first?.fault?.contains(words) == true, "\(bench.notices.map(\.text))")
        bench.restart()
        bench.settle()
        #expect(bench.tailer?.status.first?.fault?.contains(words) == true)
    }

    @Test("a log that goes on in UTF-16 is said until it goes on in ASCII; a single such line is not")
    func wideFromNowOn() throws {
        let bench = try TailingBench()
        let ascii = Array(String(repeating: "all is well here\n", count: 300).utf8)
        try bench.follow(ascii, to: "a.log")
        try bench.follow(FileEncodingTests.wide("ROT one\n", 1), to: "a.log")
        try bench.follow("[\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0]\n", to: "a.log")
        #expect(bench.notices.isEmpty, "\(bench.notices.map(\.text))")
        // Line by line, as a program writes.
        for _ in 0..<30 {
            try bench.follow(FileEncodingTests.wide("it is ROT one more time, and it is wide\n", 2), to: "a.log")
        }
        #expect(bench.notices.map(\.kind) == [.unreadable])
        let words = "it is UTF-16 in part: `tr -d '\\000' < \(bench.path("a.log")) | herald scan -`"
        #expect(bench.tailer?.status.first?.fault?.contains(words) == true, "\(bench.notices.map(\.text))")
        bench.restart()
        bench.settle()
        #expect(bench.tailer?.status.first?.fault?.contains(words) == true)
        try bench.follow(ascii, to: "a.log")
        #expect(bench.notices.last?.kind == .readable && bench.tailer?.status.first?.fault == nil)
    }

    @Test(
        "what is UTF-16 is told from what only holds NULs",
        arguments: [
            (FileEncodingTests.wide("a log\n", 3), .littleEndian),
            (FileEncodingTests.wide("a log\n", 3, isBig: true), .bigEndian),
            (Array("ok\n".utf8) + FileEncodingTests.wide("a log\n", 3), .mixed), ([0xff, 0xfe, 0x61, 0], .marked),
            (FileEncodingTests.wide("\u{43e}\u{448}\u{438}\u{431}\u{43a}\u{430}\n", 90), nil), ([], nil),
            ([0x61, 0], nil),
            ([UInt8](repeating: 0, count: 4096), nil), (Array("one\0two\0six\0ten\0".utf8) + [0, 0], nil),
            (Array("a line of text\n".utf8) + [UInt8](repeating: 0, count: 300), nil),
            (Array("a line of text, and nothing besides\n".utf8), nil),
        ] as [([UInt8], WideEncoding?)])
    func encodings(bytes: [UInt8], encoding: WideEncoding?) { #expect(WideEncoding(head: bytes) == encoding) }
}
