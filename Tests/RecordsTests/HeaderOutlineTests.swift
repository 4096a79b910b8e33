// What is read of a header where it stands is what the parser reads of it.

import Formats
import Testing

@testable import Records

struct HeaderOutlineTests {
    private static let readAt = CivilTime(year: 2026, month: 11, day: 21, hour: 12, minute: 41, second: 15).timestamp()

    private static func batch(_ lines: [[UInt8]], utcOffset: Int = 3600) -> RecordBatch {
        RecordBatch(
            lines: Array(lines.joined(separator: [0x0a])), source: .file("/x"),
            context: LineContext(readAt: readAt, utcOffset: utcOffset))
    }

    /// Of each line, in order.
    private static func outlines(_ batch: RecordBatch) throws -> [HeaderOutline?] {
        var reader = try #require(OutlineReader(batch))
        return batch.bytes.withUnsafeBytes { bytes in batch.ranges.map { reader.outline(of: $0, in: bytes) } }
    }

    @Test("the common headers of syslog are outlined")
    func common() throws {
        let lines = [
            "Nov 21 12:41:14 web1 sshd[812]: m", "Nov  3 12:41:14 web1 kernel: [12345.678901] m",
            "Nov 21 12:41:14 cron: m", "Nov 21 12:41:14 web1 no tag",
            "2026-11-21T12:41:14.5+01:00 web1 systemd[1]: m", "2026-11-21T12:41:14Z h a: m",
        ]
        let batch = Self.batch(lines.map { Array($0.utf8) })
        let outlines = try Self.outlines(batch).map { try #require($0) }
        func text(_ range: Range<Int>) -> String { String(decoding: batch.bytes[range], as: UTF8.self) }
        #expect(outlines.map { text($0.host) } == ["web1", "web1", "", "web1", "web1", "h"])
        #expect(outlines.map { text($0.identifier) } == ["sshd", "kernel", "cron", "", "systemd", "a"])
        #expect(outlines.map(\.pid) == [812, nil, nil, nil, 1, nil])
        #expect(outlines.map(\.uptime) == [nil, 12_345_678_901, nil, nil, nil, nil])
        let noon = Self.readAt.seconds - 1
        #expect(
            outlines.map(\.time.microseconds) == [
                (noon - 3600) * 1_000_000, (noon - 3600 - 18 * 86400) * 1_000_000, (noon - 3600) * 1_000_000,
                (noon - 3600) * 1_000_000, (noon - 3600) * 1_000_000 + 500_000, noon * 1_000_000,
            ])
    }

    @Test(
        "what has more in its header is left to the parser",
        arguments: [
            "<34>Nov 21 12:41:14 h a: m", "2026/11/21 12:41:14 [error] 812#812: *1 m", "{\"msg\":\"a\"}", "no header",
            " ",
            "2026-11-21 12:41:14.123 UTC [812] FATAL:  m", "Nov 21 12:41:14 h kernel: [ 1.000000][T1] m",
        ])
    func others(line: String) throws { #expect(try Self.outlines(Self.batch([Array(line.utf8)])) == [nil]) }

    private static let pieces: [String] = [
        "Nov", "Feb", " ", " ", " ", "  ", "\t", "1", "21", "31", "2026", "2026-11-21", "T", "12:41:14", "12:41:15",
        ".123456", ",1234567", "Z", "+01:00", "-0100", "web1", "[::1]", "error", "sshd", "kernel", "[812]",
        "Exception", "Caused by: ", "Odd::Error", "[be[x]]", "]", "[99999999999]", "[-1]", ": ", ":", "[", "]",
        "[ 12.345678] ", "[1.000]", "[12345678901.000000]", "[T12]",
        "\u{e9}", "\u{0}", "\r", "x", "message",
    ]
    private static let openings = [
        "", "Nov 21 12:41:14 ", "Nov  3 12:41:14 web1 ", "Dec 24 23:59:59 h ", "Nov 21 12:41:14 web1 kernel: ",
        "2026-11-21T12:41:14Z ", "2026-11-21T12:41:14.123456+01:00 web1 ", "1970-01-01T00:00:00,5-11:30 web1 ",
    ]

    /// All that the joiner asks of a line.
    private static func parts(of line: StreamLine) -> [String] {
        [
            "\(line.order)", "\(line.raw)", "\(line.text)", "\(line.message)", "\(line.key)", "\(line.isKernel)",
            "\(line.isEntry)", "\(line.isGrave)", "\(line.tag?.offset ?? -1)", "\(line.tag?.bytes ?? [])",
            "\(line.container)", "\(line.isPartial)", "\(line.uptime ?? -1)", line.caller ?? "-",
        ]
    }

    @Test("no line is outlined otherwise than it is parsed", arguments: UInt64(1)...20)
    func agrees(seed: UInt64) throws {
        var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        func pick(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        var lines: [[UInt8]] = []
        var opening = ""
        for _ in 0..<2000 {
            // Lines in a row begin alike: what the reader remembers of one must be right for the next.
            if pick(3) == 0 { opening = Self.openings[pick(Self.openings.count)] }
            var line = Array(opening.utf8)
            for _ in 0..<pick(7) { line += Array(Self.pieces[pick(Self.pieces.count)].utf8) }
            if pick(4) == 0, !line.isEmpty { line[pick(line.count)] = UInt8(pick(256)) }
            lines.append(line.map { $0 == 0x0a ? 0x0b : $0 })
        }
        let batch = Self.batch(lines, utcOffset: [0, 3600, -34_200][Int(seed % 3)])
        guard case .lines(let context) = batch.origin else { return }
        var count = 0
        for (index, (outline, range)) in zip(try Self.outlines(batch), batch.ranges).enumerated() {
            guard let outline else { continue }
            count += 1
            let line = Array(batch.bytes[range])
            let header = LineHeader.parse(line, context: context)
            func text(_ range: Range<Int>) -> String? {
                range.isEmpty ? nil : String(decoding: batch.bytes[range], as: UTF8.self)
            }
            var said = LineHeader()
            (said.time, said.host, said.identifier) = (outline.time, text(outline.host), text(outline.identifier))
            (said.pid, said.uptime, said.isTagged) = (outline.pid, outline.uptime, said.identifier != nil)
            said.messageStart = outline.messageStart - range.lowerBound
            #expect(said == header, "seed \(seed): \(Printable.text(line))")
            let (one, other) = (
                StreamLine(index, of: batch, order: index, outline), StreamLine(index, of: batch, order: index)
            )
            #expect(Self.parts(of: one) == Self.parts(of: other), "seed \(seed): \(Printable.text(line))")
        }
        #expect(count > 300, "seed \(seed)")
    }
}
