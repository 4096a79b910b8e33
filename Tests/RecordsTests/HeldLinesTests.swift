// What is held comes back as it was, whatever the lines say of themselves.

import Formats
import Testing

@testable import Records

@Suite struct HeldLinesTests {
    @Test(arguments: [0, -1, 1_795_262_400_000_000, 1_000_000_000_000_000_000, .max, .min])
    func `An entry's time may be any number of 64 bits`(microseconds: Int64) throws {
        var held = HeldLines()
        held.lines = [
            HeldLines.Line(
                text: Array("a 1 b".utf8), time: Timestamp(microseconds: microseconds), fields: [[0x20], []]),
            HeldLines.Line(text: [], time: Timestamp(microseconds: microseconds), fields: []),
        ]
        #expect(try #require(HeldLines(bytes: held.bytes)) == held)
    }

    @Test(arguments: ["1 0 -1 x", "1 -1 1 x", "1 0 9 x", "x 0 1 x", "12345678901234567890123 0 1 x", "1 0 1", ""])
    func `What is none is none, and does no harm`(body: String) {
        let head = #"{"version":1,"format":"auto","read_at":0,"utc_offset":0,"lines":1}"#
        #expect(HeldLines(bytes: Array("\(head)\n\(body)".utf8)) == nil)
        #expect(HeldLines(bytes: Array("\(head)\n1 0 1 x".utf8)) != nil)
    }
}
