import Glibc
import Platform
import Records
import Rules
import Testing

@testable import RuleMatching

/// A file of the test's own, gone with it.
final class TemporaryFile {
    let path: String

    init(_ bytes: [UInt8]) throws {
        var name = Array("/tmp/herald-test-XXXXXX".utf8CString)
        let descriptor = Descriptor(owning: mkstemp(&name))
        path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try descriptor.write(bytes)
    }

    deinit { unlink(path) }

    func open() throws -> Descriptor { try Descriptor.open(path, O_RDONLY) }
}

@Suite struct LineCountTests {
    private func matcher() throws -> Matcher {
        try Matcher(
            rules(
                """
                rules:
                  - {id: a, title: t, severity: error, match: 'broke'}
                  - {id: b, title: t, severity: error, match: 'broke in (?<n>\\w+)', unless: 'test', where: {identifier: app}}
                  - {id: c, title: t, severity: error, match: 'gone', where: {identifier: app}}
                """))
    }

    private func count(_ bytes: [UInt8]) throws -> Int {
        try matcher().count(try TemporaryFile(bytes).open(), source: .file("x"), context: readAt).lines
    }

    @Test(
        "a line counts once, however many rules hit it",
        arguments: [
            ("", 0), ("broke", 1), ("broke\n", 1), ("broke broke\nbroke in two\n\n", 2), ("fine\nfine\n", 0),
            ("\n\nbroke\r\n", 1),
            ("Nov 21 12:41:14 h app: gone\nNov 21 12:41:14 h other: gone\ngone\n", 1),
            ("Nov 21 12:41:14 broke app: all is well\n", 0),
        ])
    func lines(text: String, expected: Int) throws {
        #expect(try count(Array(text.utf8)) == expected)
    }

    /// A text above the size from which two threads share the work, with lines of all lengths across its parts.
    private func large(_ seed: UInt64) -> (bytes: [UInt8], hits: Int) {
        var generator = Generator(seed: seed)
        var bytes: [UInt8] = []
        var hits = 0
        while bytes.count < 3 << 20 {
            let length = generator.pick([0, 1, 10, 80, 80, 80, 300, 5000, 200_000])
            if Int.random(in: 0..<10, using: &generator) == 0 {
                bytes += Array("it broke ".utf8)
                hits += 1
            }
            bytes +=
                [UInt8](repeating: UInt8(ascii: "x"), count: Int.random(in: 0...length, using: &generator)) + [0x0a]
        }
        return (bytes, hits)
    }

    @Test("parts of a large file add up to the whole", arguments: UInt64(1)...6)
    func parts(seed: UInt64) throws {
        var (bytes, hits) = large(seed)
        if seed % 2 == 0 { bytes.removeLast() }
        #expect(try count(bytes) == hits)
        // The same through a pipe's way of reading.
        let file = try TemporaryFile(bytes).open()
        var reader = BlockReader(file)
        var lines = 0
        let matcher = try matcher()
        let scan = RecordScan(matcher, try TraceFinder(), joiner: RecordJoiner(source: .file("x")), context: readAt)
        while let block = try reader.next() {
            scan.take(block) { _, found in lines += found.hits.isEmpty ? 0 : 1 }
        }
        scan.finish { _, found in lines += found.hits.isEmpty ? 0 : 1 }
        #expect(lines == hits)
    }

    @Test("a trace is one record wherever the blocks end, with the number of its first line", arguments: UInt64(1)...4)
    func traces(seed: UInt64) throws {
        var generator = Generator(seed: seed)
        var (text, number, expected) = ([UInt8](), 0, [Int]())
        func add(_ line: String) {
            text += Array("\(line)\n".utf8)
            number += 1
        }
        while text.count < 2 << 20 {
            for _ in 0..<Int.random(in: 0..<40, using: &generator) {
                add("2026-11-21 12:41:14,123 INFO an ordinary line")
            }
            add("java.lang.IllegalStateException: broke")
            expected.append(number)
            for line in 0..<Int.random(in: 0..<60, using: &generator) {
                add("\tat org.example.broke.C.m(C.java:\(line))")
            }
            add("Caused by: java.io.IOException: broke")
            add("\tat org.example.D.m(D.java:1)")
            add("2026-11-21 12:41:14,123 INFO a line behind")
        }
        var reader = BlockReader(try TemporaryFile(text).open())
        let scan = RecordScan(
            try matcher(), try TraceFinder(), joiner: RecordJoiner(source: .file("x")), context: readAt)
        var found: [Int] = []
        while let block = try reader.next() { scan.take(block) { line, _ in found.append(line) } }
        scan.finish { line, _ in found.append(line) }
        #expect(found == expected, "seed \(seed)")
        #expect(scan.lines == number)
    }

    @Test("a line over the limit is matched as far as it, and nothing after it is lost")
    func longLine() throws {
        let filler = [UInt8](repeating: UInt8(ascii: "y"), count: 10 << 20)
        let text = Array("broke ".utf8) + filler + Array(" broke\nbroke\n".utf8) + filler + Array("broke\nbroke".utf8)
        #expect(try count(text) == 3)
        var reader = BlockReader(try TemporaryFile(text).open())
        var lines = 0
        while let block = try reader.next() {
            lines += block.split(separator: 0x0a).filter { $0.starts(with: Array("broke".utf8)) }.count
        }
        #expect(lines == 3)
    }

    @Test("invalid UTF-8 and NUL are data")
    func bytes() throws {
        #expect(try count([0, 0xff, 0x0a] + Array("broke".utf8) + [0, 0xff, 0x0a, 0xc3]) == 1)
    }
}
