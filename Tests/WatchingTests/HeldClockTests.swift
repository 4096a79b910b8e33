// The clock is set, by a year either way, while half of a record is held: it is told once, when it is whole, and at once.

import Formats
import Mail
import Platform
import Testing

@testable import Watching

@Suite struct HeldClockTests {
    private static let year = Duration.seconds(365 * 86_400)
    static let jumps = [year, .zero - year]

    private let folder: WatcherFolder

    init() throws {
        folder = try WatcherFolder(rules: TraceTests.rules)
        try folder.watcher().settle(folder)
    }

    /// Each line of it with the time that the host's clock says.
    private func append(_ lines: ArraySlice<String>, stamped: Bool) throws {
        for line in lines {
            try folder.append(stamped ? "\(folder.time.wall.rfc3339()) web1 app[7]: \(line)" : line)
        }
    }

    private func told() throws -> [String] {
        try folder.letters().compactMap { ParsedMessage($0.message).header("Subject") }
    }

    private func isToldOnce() throws {
        let told = try told()
        #expect(told.count == 1, "\(told)")
        #expect(try folder.newHits() == 1)
    }

    @Test(arguments: jumps, [false, true])
    func `Half a record before the clock is set and half behind it are one hit, told at once`(
        jump: Duration, stamped: Bool
    ) throws {
        let watcher = try folder.watcher()
        try append(TraceTests.trace.prefix(3), stamped: stamped)
        watcher.settle(folder)
        folder.pass(.milliseconds(500))
        folder.setClock(by: jump)
        watcher.settle(folder)
        #expect(try folder.letters().isEmpty)
        try append(TraceTests.trace.dropFirst(3), stamped: stamped)
        watcher.settle(folder)
        folder.pass(.milliseconds(1100))
        watcher.settle(folder)
        try isToldOnce()
        #expect(try told().first?.contains("java.lang.IllegalStateException") == true)
        try isAtRest(watcher)
    }

    @Test(arguments: jumps)
    func `A record that is held when the clock is set, and ends, is given out at its time`(jump: Duration) throws {
        let watcher = try folder.watcher()
        try append(TraceTests.trace[...], stamped: true)
        watcher.settle(folder)
        folder.setClock(by: jump)
        watcher.settle(folder)
        #expect(try folder.letters().isEmpty)
        folder.pass(.milliseconds(1100))
        watcher.settle(folder)
        try isToldOnce()
        try isAtRest(watcher)
    }

    @Test(arguments: jumps)
    func `A record that was stored half is taken up by a watcher that starts a year off`(jump: Duration) throws {
        do {
            let before = try folder.watcher()
            try append(TraceTests.trace.prefix(3), stamped: true)
            before.settle(folder)
            before.keep(at: folder.time, evenCheckpointsAlone: true)
        }
        folder.setClock(by: jump)
        let watcher = try folder.watcher()
        try append(TraceTests.trace.dropFirst(3), stamped: true)
        watcher.settle(folder)
        folder.pass(.milliseconds(1100))
        watcher.settle(folder)
        // What began a year ago, for all that is known, waits for what else is late.
        folder.pass(.seconds(60))
        watcher.settle(folder)
        try isToldOnce()
        try isAtRest(watcher)
    }

    @Test(arguments: jumps)
    func `Steps of the clock below a minute, again and again, hold nothing up`(jump: Duration) throws {
        let watcher = try folder.watcher()
        let step = jump > .zero ? Duration.seconds(59) : .seconds(-59)
        for line in TraceTests.trace {
            try append([line], stamped: true)
            watcher.settle(folder)
            folder.pass(.milliseconds(200))
            folder.setClock(by: step)
        }
        folder.pass(.milliseconds(1100))
        watcher.settle(folder)
        try isToldOnce()
        try isAtRest(watcher)
    }

    /// Nothing is held, and nothing more is told, but perhaps that it is over.
    private func isAtRest(_ watcher: Watcher) throws {
        watcher.keep(at: folder.time, evenCheckpointsAlone: true)
        try folder.append("Out of memory")
        folder.pass(.seconds(1))
        watcher.settle(folder)
        #expect(try folder.newHits() == 2)
    }
}
