// inotify is a hint: with it news is read at once, without it by the timers; and what it cannot tell of is never believed
// to be unchanged.

import Formats
import Glibc
import Platform
import Records
import Testing

@testable import LogSources

@Suite struct FileHintTests {
    @Test("what inotify tells is read at once, without any timer")
    func watched() throws {
        let bench = try TailingBench()
        try bench.follow("1\n", to: "a.log")
        try bench.append("2\n", to: "a.log")
        bench.read()
        #expect(bench.lines == ["1", "2"])
        // A new file: the look at the names may wait for those that come with it.
        try bench.append("3\n", to: "b.log")
        for _ in 0..<4 {
            bench.clock += .milliseconds(50)
            bench.read()
        }
        #expect(bench.lines == ["1", "2", "3"])
    }

    @Test("a file that inotify cannot watch is looked at each second, and names by the timer")
    func unwatched() throws {
        let bench = try TailingBench()
        let tailer = try #require(bench.tailer)
        tailer.watches = FileWatches(nil)
        try bench.follow("1\n", to: "a.log")
        bench.clock = .seconds(3000)
        bench.read()
        for number in 2...9 {
            try bench.append("\(number)\n", to: "a.log")
            bench.read()
            #expect(bench.lines.count == number - 1, "told without a timer")
            #expect(tailer.nextDeadline <= bench.clock + .seconds(1))
            bench.clock += .seconds(1)
            bench.read()
            #expect(bench.lines.count == number)
            while !tailer.isIdle { bench.read() }
        }
        try bench.append("new\n", to: "b.log")
        bench.read()
        #expect(!bench.lines.contains("new"), "told without a timer")
        #expect(tailer.nextDeadline <= bench.clock + .seconds(1))
        bench.clock = .seconds(3015)
        while bench.lines.last != "new" || !tailer.isIdle, bench.clock < .seconds(3016) {
            bench.read()
            bench.clock += .milliseconds(10)
        }
        #expect(bench.lines.last == "new")
    }

    @Test("folders are believed to be unchanged only while they are, where they tell, and when their times are past")
    func folders() throws {
        let folder = try TemporaryFolder()
        let wall = SystemClock.now()
        var times = FolderTimes()
        func take(_ paths: Set<String>, _ wall: Timestamp) -> Bool {
            times.take(paths, SourceTime(monotonic: .zero, wall: wall))
            return times.areUnchanged
        }
        #expect(take([folder.path], wall + .seconds(1)))
        try Descriptor.open(folder.path + "/a", O_WRONLY | O_CREAT).write([0x0a])
        #expect(!times.areUnchanged)
        #expect(take([folder.path], wall + .seconds(3)))
        // Another name may come within the tick of the last.
        #expect(!take([folder.path], wall))
        #expect(!take([], wall + .seconds(3)))
        // Nobody is told of what changes there.
        #expect(!FolderTimes.hasHints("/proc"))
        #expect(!take([folder.path, "/proc"], wall + .seconds(86_400)))
        #expect(!take([folder.path, folder.path + "/none"], wall + .seconds(3)))
    }
}
