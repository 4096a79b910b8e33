// Hits that stand close together in the log: one stretch of it, each line once.

import Formats
import Incidents
import Testing

@testable import Watching

@Suite struct SampleBlockTests {
    /// Hits at these lines of a log, each with the lines around it that are named; `!` marks hits in what is expected.
    private func samples(_ log: [String], hits: [Int], around: Int, pid: Int32? = nil) -> [Sample] {
        hits.map { hit in
            var origin = LetterFixtures.origin(file: pid == nil ? "/var/log/app.log" : nil)
            origin.pid = pid.map { $0 + Int32(hit) }
            return Sample(
                time: LetterFixtures.noon + .seconds(Int64(hit)), origin: origin, text: log[hit],
                before: Array(log[max(0, hit - around)..<hit]),
                after: Array(log[(hit + 1)..<min(log.count, hit + 1 + around)]))
        }
    }

    private func shown(_ samples: [Sample], context: Int = 20) -> [String] {
        SampleBlock.blocks(samples, context: context).map { block in
            block.lines.map { ($0.isHit ? "!" : "") + $0.text }.joined(separator: " ")
        }
    }

    private static let log = (0..<12).map { "l\($0)" }

    @Test(
        arguments: [
            ([3], 2, ["l1 l2 !l3 l4 l5"]), ([3, 4], 2, ["l1 l2 !l3 !l4 l5 l6"]),
            ([2, 4, 6], 2, ["l0 l1 !l2 l3 !l4 l5 !l6 l7 l8"]), ([2, 7], 2, ["l0 l1 !l2 l3 l4", "l5 l6 !l7 l8 l9"]),
            ([2, 5], 2, ["l0 l1 !l2 l3 l4 !l5 l6 l7"]), ([2, 6], 2, ["l0 l1 !l2 l3 l4", "l4 l5 !l6 l7 l8"]),
            ([2, 3], 0, ["!l2", "!l3"]), ([0, 11], 3, ["!l0 l1 l2 l3", "l8 l9 l10 !l11"]),
        ] as [([Int], Int, [String])])
    func `Each line stands there once, and each hit is marked`(hits: [Int], around: Int, expected: [String]) {
        #expect(shown(samples(Self.log, hits: hits, around: around)) == expected)
    }

    @Test func `Of lines that are alike no hit is taken for another`() {
        let log = ["a", "F", "F", "F", "F", "b"]
        #expect(shown(samples(log, hits: [1, 2, 3, 4], around: 0)) == ["!F", "!F", "!F", "!F"])
        let hits = shown(samples(log, hits: [1, 2, 3, 4], around: 2)).joined(separator: " ").split(separator: " ")
        #expect(hits.count { $0 == "!F" } == 4)
    }

    @Test func `Lines of two processes in the journal, whose captions tell them apart, stay apart`() {
        #expect(shown(samples(Self.log, hits: [3, 4], around: 1, pid: 800)).count == 2)
    }

    @Test func `A letter counts the hits that it shows, not the stretches`() throws {
        let occurrences = samples(Self.log, hits: [2, 3, 9], around: 2).map { sample in
            LetterFixtures.occurrence(
                "app", "The app failed", at: sample.time, origin: sample.origin, text: sample.text,
                before: sample.before, after: sample.after)
        }
        let report = try #require(LetterFixtures.report(occurrences))
        let text = try LetterFixtures.letter().draft(report, to: LetterFixtures.admin(), id: "1").text
        #expect(text.contains("The first 2 lines\n"), "\(text)")
        #expect(text.contains("    l1\n  > l2\n  > l3\n    l4\n"), "\(text)")
        #expect(text.contains("The other lines\n"), "\(text)")
        #expect(text.contains("13:41:16 to 13:41:17"), "\(text)")
    }
}
