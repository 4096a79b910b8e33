// The histogram of an incident's hits: bounded, and nothing is lost in it.

import Formats
import Testing

@testable import Incidents

@Suite struct TimelineTests {
    @Test(arguments: [
        [0, 1, 2], [0, 31], [0, 32], [100, 0], [0, 86_400 * 400], [0, -5, 7, 1_000_000, -1_000_000],
    ])
    func `All hits are counted in at most 32 slots`(seconds: [Int64]) {
        var timeline = Timeline()
        for second in seconds { timeline.add(Timestamp(seconds: 1_795_264_874 + second)) }
        #expect(timeline.counts.reduce(0, +) == seconds.count)
        #expect(timeline.counts.count <= Timeline.slots)
        #expect(timeline.counts.first != 0 && timeline.counts.last != 0)
        for second in seconds {
            let time = Timestamp(seconds: 1_795_264_874 + second)
            #expect(timeline.startTime <= time && time < timeline.endTime)
        }
    }

    @Test(arguments: [Int64.min, .max, 0])
    func `No time makes it fail`(microseconds: Int64) {
        var timeline = Timeline()
        timeline.add(Timestamp(seconds: 1_795_264_874))
        timeline.add(Timestamp(microseconds: microseconds))
        #expect(timeline.counts.reduce(0, +) == 2)
    }

    @Test func `It comes back from its stored form`() throws {
        var timeline = Timeline()
        for second in [3, 9, 400] { timeline.add(Timestamp(seconds: Int64(second))) }
        #expect(Timeline(json: try JSON.parse(timeline.json.text)) == timeline)
        #expect(Timeline(json: ["start": 0, "width": 0, "counts": []]) == nil)
    }
}
