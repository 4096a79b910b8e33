import Platform
import Records
import Testing

@testable import LogSources

@Suite struct TurnQueueTests {
    private func key(_ inode: UInt64) -> FileKey { FileKey(FileCheckpoint(path: "/a", device: 1, inode: inode)) }

    @Test("each file waits once, and comes behind all that waited before it")
    func order() {
        var queue = TurnQueue()
        for inode: UInt64 in [1, 2, 1, 3] { queue.add(key(inode)) }
        #expect(queue.count == 3)
        #expect(queue.next() == key(1))
        #expect(!queue.contains(key(1)) && queue.contains(key(2)))
        queue.add(key(1))
        #expect([queue.next(), queue.next(), queue.next(), queue.next()] == [key(2), key(3), key(1), nil])
        #expect(queue.isEmpty && queue.count == 0)
    }

    @Test("a queue that is never empty keeps its order over thousands of turns")
    func long() {
        var queue = TurnQueue()
        for inode in 0..<10 { queue.add(key(UInt64(inode))) }
        for turn in 0..<10_000 {
            #expect(queue.next() == key(UInt64(turn)))
            queue.add(key(UInt64(turn + 10)))
        }
        #expect(queue.count == 10)
    }
}
