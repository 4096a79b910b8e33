// Until when the watcher sleeps, and what it stores before it does.

import Formats
import Glibc
import LogSources
import Platform
import Testing

@testable import Watching

@Suite struct WatcherWaitingTests {
    enum Reason: String, CaseIterable {
        case letter, heartbeat, checkpoint, housekeeping, state, outbox, watchdog, trace
    }

    /// To where nothing is due for more than five seconds, the timer of the sources included.
    private func rest(_ watcher: Watcher, _ folder: WatcherFolder) {
        for _ in 0..<60 {
            watcher.settle(folder)
            if watcher.timeout(nil).map({ $0 > .seconds(5) }) ?? true { return }
            folder.pass(.seconds(1))
        }
        Issue.record("something is always due")
    }

    @Test(arguments: Reason.allCases)
    func `It sleeps until the first of what is due of itself`(reason: Reason) throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher(try folder.settings("group_wait: 2s"))
        rest(watcher, folder)
        let now = folder.time
        var watchdog: Duration?
        switch reason {
        case .letter:
            try folder.append(WatcherTests.oom)
            watcher.settle(folder)
        case .heartbeat: watcher.heartbeatDue = now.wall + .seconds(2)
        case .checkpoint: watcher.checkpointDue = now.monotonic + .seconds(2)
        case .housekeeping: watcher.pruneDue = now.monotonic + .seconds(2)
        case .state: watcher.commitRetryAt = now.monotonic + .seconds(2)
        case .outbox: watcher.outbox.wake(at: now.monotonic + .seconds(2))
        case .watchdog: watchdog = .seconds(2)
        case .trace:
            try folder.append("Traceback (most recent call last):")
            watcher.settle(folder)
            let deadline = try #require(watcher.joining.deadline) - now.monotonic
            #expect(deadline > .zero && deadline <= .seconds(5))
            #expect(watcher.timeout(nil) == deadline)
            return
        }
        #expect(watcher.timeout(watchdog) == .seconds(2))
        folder.pass(.seconds(3))
        if watchdog == nil { #expect(watcher.timeout(nil) == .zero) }
    }

    @Test func `It sleeps no longer than until the next look at the sources`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher()
        rest(watcher, folder)
        watcher.pruneDue = folder.time.monotonic + .seconds(3600)
        let look = try #require(watcher.sources.nextDeadline) - folder.time.monotonic
        let wait = try #require(watcher.timeout(nil))
        #expect(look > .zero && wait > .zero && wait <= look)
    }

    // MARK: Positions alone

    private func stored(_ watcher: Watcher) throws -> Set<String> { Set(try watcher.store.checkpoints().map(\.text)) }

    @Test func `Positions without a hit are stored after thirty seconds, not at each line`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher()
        watcher.begin()
        rest(watcher, folder)
        folder.pass(.seconds(60))
        rest(watcher, folder)
        let before = try stored(watcher)
        try folder.append("nothing of note")
        watcher.settle(folder)
        folder.pass(.seconds(29))
        watcher.settle(folder)
        #expect(try stored(watcher) == before)
        folder.pass(.seconds(2))
        watcher.settle(folder)
        #expect(try stored(watcher) != before)
    }

    @Test func `Positions without a hit are stored when it stops`() throws {
        let folder = try WatcherFolder()
        try folder.watcher(untilIdle: true).run()
        let before = try stored(try folder.watcher())
        try folder.append("nothing of note")
        try folder.watcher(untilIdle: true).run()
        #expect(try stored(try folder.watcher()) != before)
    }
}
