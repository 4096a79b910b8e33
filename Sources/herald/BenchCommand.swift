// `herald bench`: times from the log line to the server's final 250. Hidden: for those who build it.

import ArgumentParser
import Formats
import Glibc
import Platform

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure the time from the log line to the accepted letter.",
        shouldDisplay: false)

    @Option(help: "How many lines, one after the other; at least one.") var lines = 200
    @Option(help: "Where state lies; its disk is what is measured.") var folder: String?
    @Option(help: "A folder of rules in place of the installed ones.") var rules: String?
    @Option(help: "A script that sends a letter for each line, measured in place of the daemons.") var peer: String?
    @Flag(help: "One JSON object: median_us, p90_us, longest_us, sync_us.") var json = false

    func validate() throws {
        if lines < 1 { throw ValidationError("--lines wants at least 1.") }
    }

    func run() throws {
        let site = try DemoSite(rules: rules, lettersPerHour: 1000, parent: folder)
        defer {
            site.stop()
            site.remove()
        }
        if let peer {
            try site.startServer()
            try site.startPeer(peer)
            try awaken(site)
        } else {
            try site.start()
        }
        var times: [Int64] = []
        for number in 0..<lines {
            let start = SystemClock.monotonic()
            try append(number, to: site)
            guard let letter = try site.mailbox.next(within: .seconds(20)) else {
                throw Failure.notWell("letter \(number + 1) did not arrive within 20 s\n\(site.logs())")
            }
            times.append((letter.arrived - start).microseconds)
        }
        times.sort()
        tell(times, sync: try Self.syncTime(in: site.folder))
        if peer == nil { try site.stopGently() }
    }

    /// A line of its own incident: the process that was killed is named.
    private func append(_ number: Int, to site: DemoSite) throws {
        let message =
            "Out of memory: Killed process \(1000 + number) (worker\(number)) total-vm:5234512kB, "
            + "anon-rss:3918220kB, file-rss:0kB, shmem-rss:0kB, UID:112 pgtables:8412kB oom_score_adj:0"
        try site.append([DemoMaterial.Fault(identifier: "kernel", message: message).line(SystemClock.now())])
    }

    /// A script cannot say when it is ready: lines until the first letter, then until no more letters come.
    private func awaken(_ site: DemoSite) throws {
        for number in 0..<50 {
            try append(number, to: site)
            guard try site.mailbox.next(within: .milliseconds(400)) != nil else { continue }
            while try site.mailbox.next(within: .seconds(1)) != nil {}
            return
        }
        throw Failure.notWell("no letter of the script's arrived within 20 s\n\(site.logs())")
    }

    private func tell(_ times: [Int64], sync: Int64) {
        let (median, most, longest) = (times[times.count / 2], times[times.count * 9 / 10], times[times.count - 1])
        if json {
            let object: JSON = [
                "lines": JSON(times.count), "median_us": .int(median), "p90_us": .int(most),
                "longest_us": .int(longest), "sync_us": .int(sync),
            ]
            return Terminal.say(object.text)
        }
        Terminal.say(
            "line to the server's 250, \(times.count) lines: median \(Self.ms(median)), "
                + "90 % \(Self.ms(most)), longest \(Self.ms(longest))")
        Terminal.say("one write and fsync of 4 KiB on the same disk: median \(Self.ms(sync))")
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
