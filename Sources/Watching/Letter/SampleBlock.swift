// Samples that stand close together in the log show each other's lines as what was around them: such are one stretch of
// the log, each line once and each hit marked.

import Formats
import Incidents

struct SampleBlock {
    struct Line {
        var text: String
        var isHit: Bool
        /// By which it is known again: context is kept shorter than hits are.
        var key: String { String(String.UnicodeScalarView(text.oneLine.unicodeScalars.prefix(300))) }
    }

    private(set) var samples: [Sample]
    private(set) var lines: [Line]

    init(_ sample: Sample, context: Int) {
        samples = [sample]
        lines = Self.lines(of: sample, context: context)
    }

    /// The samples as blocks, in their order. `context`: lines around each hit that are shown.
    static func blocks(_ samples: some Sequence<Sample>, context: Int) -> [SampleBlock] {
        var blocks: [SampleBlock] = []
        for sample in samples {
            if let last = blocks.indices.last, blocks[last].join(sample, context: context) { continue }
            blocks.append(SampleBlock(sample, context: context))
        }
        return blocks
    }

    private static func lines(of sample: Sample, context: Int) -> [Line] {
        sample.before.suffix(context).map { Line(text: $0, isHit: false) } + [Line(text: sample.text, isHit: true)]
            + sample.after.prefix(context).map { Line(text: $0, isHit: false) }
    }

    /// Takes a sample in whose first lines are the last ones here.
    private mutating func join(_ next: Sample, context: Int) -> Bool {
        guard let last = samples.last, last.isOfWriter(of: next), let lastHit = lines.lastIndex(where: \.isHit) else {
            return false
        }
        let more = Self.lines(of: next, context: context)
        let hit = min(context, next.before.count)
        for length in stride(from: min(lines.count, more.count), to: 0, by: -1) {
            let start = lines.count - length
            // One line that is alike may be another, but for a hit that was shown as what is around the other.
            guard start + hit > lastHit, length > 1 || hit < length || lastHit >= start,
                lines[start...].map(\.key) == more[..<length].map(\.key)
            else { continue }
            lines += more[length...]
            lines[start + hit] = more[hit]
            samples.append(next)
            return true
        }
        return false
    }
}

extension Sample {
    /// Whether the caption of both is the same but for the time. A file's lines say themselves whose they are.
    fileprivate func isOfWriter(of other: Sample) -> Bool {
        origin.host == other.origin.host && origin.source == other.origin.source && origin.unit == other.origin.unit
            && origin.identifier == other.origin.identifier && (!origin.isJournal || origin.pid == other.origin.pid)
    }
}
