import Formats
import Platform
import Testing

@testable import Mailing

@Suite struct EventQueueTests {
    private func isReady(_ queue: EventQueue<Int>, _ timeout: Duration) throws -> Bool {
        !(try Poller.wait(queue.descriptors.map { ($0.number, .readable) }, timeout: timeout)).isEmpty
    }

    @Test("what wakes nobody is looked at all the same, once it has waited long enough; and nobody wakes for nothing")
    func quiet() throws {
        let queue = try EventQueue<Int>(delay: .milliseconds(1))
        #expect(try !isReady(queue, .zero))
        queue.post(1, wakes: false)
        queue.post(2, wakes: false)
        #expect(try isReady(queue, .seconds(20)))
        #expect(queue.takeAll() == [1, 2])
        #expect(try !isReady(queue, .milliseconds(5)))
        queue.post(3, wakes: false)
        #expect(try isReady(queue, .seconds(20)))
    }

    @Test("what came with something that woke the receiver wakes it no second time")
    func together() throws {
        let queue = try EventQueue<Int>(delay: .milliseconds(5))
        queue.post(1, wakes: false)
        queue.post(2)
        #expect(queue.urgent == 1)
        #expect(queue.takeAll() == [1, 2])
        #expect(try !isReady(queue, .milliseconds(10)))
    }
}
