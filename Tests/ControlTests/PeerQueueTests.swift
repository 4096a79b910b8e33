import Testing

@testable import Control

@Suite struct PeerQueueTests {
    private static let owner: UInt32 = 100

    @Test("silent peers of other users never keep root or the daemon's own user out", arguments: [0, owner])
    func roomForRoot(uid: UInt32) {
        var queue = PeerQueue<Int>(owner: Self.owner)
        var taken = 0
        for other in 0..<400 where queue.add(other, of: 1000 + UInt32(other) % 40) { taken += 1 }
        #expect(taken == 48)
        var served: [Int] = []
        while let next = queue.next() { served.append(next.connection) }
        #expect(served == [0, 1, 2] && !queue.hasNext)
        let isAdded = queue.add(-1, of: uid)
        #expect(isAdded && queue.hasNext)
        let next = queue.next()?.connection
        #expect(next == -1)
    }

    @Test("one user has two served at a time, and the next waits its turn") func turns() {
        var queue = PeerQueue<String>(owner: Self.owner)
        let all: [(String, UInt32)] = [("a1", 1), ("a2", 1), ("a3", 1), ("b1", 2)]
        for (name, uid) in all {
            let isAdded = queue.add(name, of: uid)
            #expect(isAdded)
        }
        var served: [String] = []
        while let next = queue.next() { served.append(next.connection) }
        #expect(served == ["a1", "a2", "b1"])
        queue.end(2)
        #expect(!queue.hasNext)
        queue.end(1)
        let last = queue.next()?.connection
        #expect(last == "a3")
    }

    @Test("one user cannot fill the place where others wait") func waiting() {
        var queue = PeerQueue<Int>(owner: Self.owner)
        var taken = 0
        for index in 0..<100 where queue.add(index, of: 1) { taken += 1 }
        #expect(taken == PeerQueue<Int>.waitingLimitOfOne)
        let isAdded = queue.add(0, of: 2)
        #expect(isAdded)
    }
}
