// Hits of one open incident, counted. In a storm hits come by the million and are all alike to the book: a batch's are
// counted here and joined at once. Must stay true: joining them is joining the hits one by one at the same time.

import Formats

/// Some hits of one incident that were read at one time and want no sample.
package struct CountedHits: Sendable {
    package let incident: Int64
    /// Of their rule as it is now: it may have changed since the incident was opened.
    package let rule: RuleFacts
    /// Whether all of them were old when they were read; else none was.
    package let isLate: Bool
    package private(set) var count = 0
    package private(set) var firstSeen = Timestamp.distantFuture
    package private(set) var lastSeen = Timestamp.distantPast
    /// The hits of a second come together: they are added to the timeline once.
    private var timeline = Timeline()
    private var second = Int64.min
    private var countOfSecond = 0

    package init(incident: Int64, rule: RuleFacts, isLate: Bool) {
        self.incident = incident
        self.rule = rule
        self.isLate = isLate
    }

    /// Counts a hit; `time` as the record says.
    package mutating func add(_ time: Timestamp) {
        count += 1
        firstSeen = min(firstSeen, time)
        lastSeen = max(lastSeen, time)
        let second = time.seconds
        if second != self.second {
            flush()
            self.second = second
        }
        countOfSecond += 1
    }

    private mutating func flush() {
        if countOfSecond > 0 { timeline.add(Timestamp(seconds: second), count: countOfSecond) }
        countOfSecond = 0
    }

    /// Adds when they came.
    func addTimes(to other: inout Timeline) {
        // Hits of one second, as those of a batch mostly are, never needed a timeline of their own.
        if !timeline.isEmpty { other.add(timeline) }
        if countOfSecond > 0 { other.add(Timestamp(seconds: second), count: countOfSecond) }
    }
}
