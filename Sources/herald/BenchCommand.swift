// `herald bench`: times from the log line to the server's final 250. Hidden: for those who build it.

import ArgumentParser
import Formats
import Glibc
import Platform

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure the time from the log line to the accepted letter.",
        shouldDisplay: false)

    @Option(help: "How many lines, one after the other.") var lines = 200
    @Option(help: "Where state lies; its disk is what is measured.") var folder: String?
    @Option(help: "A folder of rules in place of the installed ones.") var rules: String?

    func run() throws {
        let site = try DemoSite(rules: rules, lettersPerHour: 1000, parent: folder)
        defer {
            site.stop()
            site.remove()
        }
        try site.start()
        var times: [Int64] = []
        for number in 0..<lines {
            let message =
                "Out of memory: Killed process \(1000 + number) (worker\(number)) total-vm:5234512kB, "
                + "anon-rss:3918220kB, file-rss:0kB, shmem-rss:0kB, UID:112 pgtables:8412kB oom_score_adj:0"
            let line = DemoMaterial.Fault(identifier: "kernel", message: message).line(SystemClock.now())
            let start = SystemClock.monotonic()
            try site.append([line])
            guard let letter = try site.mailbox.next(within: .seconds(20)) else {
                throw Failure.notWell("letter \(number + 1) did not arrive within 20 s\n\(site.logs())")
            }
            times.append((letter.arrived - start).microseconds)
        }
        times.sort()
        let sync = try Self.syncTime(in: site.folder)
        Terminal.say(
            "line to the server's 250, \(lines) lines: median \(Self.ms(times[times.count / 2])), "
                + "90 % \(Self.ms(times[times.count * 9 / 10])), longest \(Self.ms(times[times.count - 1]))")
        Terminal.say("one write and fsync of 4 KiB on the same disk: median \(Self.ms(sync))")
        try site.stopGently()
    }

    /// The disk's own limit, measured in the same minute.
    private static func syncTime(in folder: String) throws -> Int64 {
        let file = try Descriptor.open(folder + "/sync", O_WRONLY | O_CREAT)
        var times: [Int64] = []
        for _ in 0..<50 {
            let start = SystemClock.monotonic()
            try file.write(Array(repeating: 0x41, count: 4096))
            try file.sync()
            times.append((SystemClock.monotonic() - start).microseconds)
        }
        return times.sorted()[times.count / 2]
    }

    private static func ms(_ microseconds: Int64) -> String { "\(microseconds / 1000).\(microseconds / 100 % 10) ms" }
}
