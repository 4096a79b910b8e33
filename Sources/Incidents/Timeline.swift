// When the hits of an incident came, in a few numbers: the bars of the letter's chart.

import Formats

/// A histogram of times that widens its slots as the span grows: never more than `slots` counts, however long it runs.
package struct Timeline: Hashable, Sendable {
    package static let slots = 32

    /// Start of the first slot, in seconds since the epoch; a multiple of `width`.
    package private(set) var start: Int64 = 0
    /// Of a slot, in seconds: a power of two.
    package private(set) var width: Int64 = 1
    /// At most `slots`, the first and the last not zero.
    package private(set) var counts: [Int] = []

    package init() {}

    package var isEmpty: Bool { counts.isEmpty }
    package var startTime: Timestamp { Timestamp(seconds: start) }
    /// The end of the last slot.
    package var endTime: Timestamp { Timestamp(seconds: start + width * Int64(counts.count)) }

    package mutating func add(_ time: Timestamp, count: Int = 1) {
        // Within ±10,000 years, so that no arithmetic below can overflow.
        let second = min(max(time.seconds, -300_000_000_000), 300_000_000_000)
        if counts.isEmpty { start = second.flooredDivision(by: width) * width }
        while !fits(second) { widen() }
        while second < start {
            counts.insert(0, at: 0)
            start -= width
        }
        let index = Int((second - start) / width)
        while counts.count <= index { counts.append(0) }
        counts[index] += count
    }

    /// Adds what another one counted, as if its times had been added here one by one: slots of both begin at multiples of
    /// their widths, so a slot of the narrower falls into one of the wider.
    package mutating func add(_ other: Timeline) {
        if counts.isEmpty {
            self = other
            return
        }
        while width < other.width { widen() }
        for (index, count) in other.counts.enumerated() where count > 0 {
            add(Timestamp(seconds: other.start + Int64(index) * other.width), count: count)
        }
    }

    private func fits(_ second: Int64) -> Bool {
        let first = min(start, second.flooredDivision(by: width) * width)
        let last = max(start + width * Int64(max(0, counts.count - 1)), second)
        return (last - first) / width < Int64(Self.slots)
    }

    private mutating func widen() {
        let doubled = width * 2
        let aligned = start.flooredDivision(by: doubled) * doubled
        if aligned != start { counts.insert(0, at: 0) }
        counts = stride(from: 0, to: counts.count, by: 2).map {
            counts[$0] + ($0 + 1 < counts.count ? counts[$0 + 1] : 0)
        }
        (start, width) = (aligned, doubled)
    }

    package var json: JSON {
        ["start": .int(start), "width": .int(width), "counts": .array(counts.map { .int(Int64($0)) })]
    }

    /// Nil when `json` is no timeline; foreign numbers are refused, not trusted.
    package init?(json: JSON?) {
        guard let json, let start = json["start"]?.int, let width = json["width"]?.int,
            let counts = json["counts"]?.array,
            width > 0, width < 1 << 40, abs(start) < 1 << 40, counts.count <= Self.slots
        else { return nil }
        self.start = start
        self.width = width
        self.counts = counts.map { Int(clamping: max(0, $0.int ?? 0)) }
    }
}
