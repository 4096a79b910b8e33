// Whole programs for a time: watcher and mailer under logs that are written and rotated at random and a journal, killed,
// stopped and reloaded meanwhile. In the end every line was read once, every fault told once, and nothing has grown.
// HERALD_SOAK_SECONDS asks for more than a test run wants (`make soak`), HERALD_SOAK_SEED for a certain course of things.

import Formats
import Glibc
import Platform
import TestSupport
import Testing

@Suite(.serialized) struct SoakTests {
    private static let seconds = getenv("HERALD_SOAK_SECONDS").flatMap { Int64(String(cString: $0)) } ?? 4
    private static let seed =
        getenv("HERALD_SOAK_SEED").flatMap { UInt64(String(cString: $0)) } ?? UInt64.random(in: 0...UInt64.max)

    /// Letters stay below the half of the cap that is a rule's share, however long it goes on.
    private static let settings = """
        report: {to_email: admin@example.org, group_wait: 0s, group_interval: \(max(1, seconds / 5))s, max_per_hour: 1000}
        watch:
          start: boot
          journal: {enabled: false, directories: [JOURNAL]}
          files: [{path: FOLDER/log/*.log}]
          rules: [FOLDER/rules]
        """
    /// A line is counted, a fault told.
    private static let rules = """
        rules:
          - {id: line, title: "Line of {log}", severity: warning, match: 'LINE (?<log>\\w+) ', group_by: [log]}
          - {id: fault, title: "Fault {number}", severity: critical, match: 'FAULT (?<number>[nj]\\d+) ', group_by: [number]}
        """

    @Test("for as long as it lasts every line is read once, every fault told once, and nothing grows")
    func soak() throws {
        print("soak: \(Self.seconds) s, HERALD_SOAK_SEED=\(Self.seed)")
        let journal = try Self.journal()
        let settings = Self.settings.replacing("JOURNAL", with: journal?.journals ?? "")
        let site = try TestSite(settings: settings, rules: Self.rules)
        var course = SoakCourse(site: site, journal: journal, random: Xorshift(seed: Self.seed))
        for name in SoakCourse.daemons {
            try site.start(name)
            try site.awaitReady(name)
        }
        // First with kills; then, from a state of rest to the next, without, so that what is held can be compared.
        try course.run(for: .seconds(Self.seconds) / 2, kills: true)
        try course.settle()
        let before = try SoakCourse.daemons.map { try site.holdings($0) }
        try course.run(for: .seconds(Self.seconds) / 2, kills: false)
        try course.settle()
        // Connections are closed some time after the last letter.
        func isAtRest() throws -> Bool {
            try zip(SoakCourse.daemons, before).allSatisfy { try site.holdings($0).others.count <= $1.others.count }
        }
        _ = try site.eventually(within: .seconds(60), isAtRest)
        let after = try SoakCourse.daemons.map { try site.holdings($0) }
        print("soak: \(course.account), \(site.letters.all.count) letters")
        for (name, (before, after)) in zip(SoakCourse.daemons, zip(before, after)) {
            print("soak: \(name) holds \(before), then \(after)")
            #expect(after.resident < before.resident + 6000, "\(name) grows, seed \(Self.seed)")
            #expect(after.twice.isEmpty, "\(name) has files open twice, seed \(Self.seed)")
            #expect(
                after.others.count <= before.others.count + 2,
                "\(name) leaks descriptors, seed \(Self.seed): \(after.others)")
        }
        try course.expectTold()
        for name in SoakCourse.daemons { #expect(site.stop(name) == 0, "\(site.log(name))") }
    }

    /// Nil where no journald can be started.
    private static func journal() throws -> JournaldPeer? {
        do {
            return try JournaldPeer(settings: "SystemMaxUse=200M\nRateLimitBurst=0")
        } catch let fault as JournaldPeer.Fault where fault.isUnavailable {
            print("soak: without a journal, \(fault)")
            return nil
        }
    }
}

/// What a process holds at one time.
private struct Holdings: CustomStringConvertible {
    /// kB of its own: what it reads is mapped, and stays resident while nobody else needs the room.
    var resident = 0
    /// Open log files that are open more than once.
    var twice: [String] = []
    /// Descriptors of anything but log and journal files.
    var others: [String] = []

    var description: String { "\(resident) kB, \(others.count) descriptors besides logs" }
}

extension TestSite {
    fileprivate func holdings(_ name: String) throws -> Holdings {
        let pid = try ask(name, "status").result["pid"]?.int ?? 0
        let status = String(decoding: try Files.read("/proc/\(pid)/status"), as: UTF8.self)
        let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") } ?? ""
        var holdings = Holdings(resident: Int(line.filter(\.isNumber)) ?? 0)
        var logs: [String: Int] = [:]
        // The mailer's are root's alone to look at.
        let numbers = geteuid() == 0 || name != "mailer" ? try Files.list("/proc/\(pid)/fd") : []
        for number in numbers {
            var buffer = [CChar](repeating: 0, count: 4096)
            let count = readlink("/proc/\(pid)/fd/\(number)", &buffer, buffer.count)
            let target = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if target.hasPrefix(folder + "/log/") {
                // A name that was deleted may be that of several files.
                var status = stat()
                stat("/proc/\(pid)/fd/\(number)", &status)
                logs["\(target) \(status.st_ino)", default: 0] += 1
            } else if !target.hasSuffix(".journal") {
                holdings.others.append(target)
            }
        }
        holdings.twice = logs.filter { $0.value > 1 }.keys.sorted()
        return holdings
    }
}

/// What happens to the programs, and what they must have told of it.
private struct SoakCourse {
    static let daemons = ["mailer", "watcher"]
    private static let faults = 20

    let site: TestSite
    let journal: JournaldPeer?
    var random: Xorshift
    private var logs: [SoakLog] = []
    /// Written lines of each log, and faults of each number.
    private var lines: [String: Int] = [:]
    private var told: [String: Int] = [:]
    private var counts: [String: Int] = [:]

    init(site: TestSite, journal: JournaldPeer?, random: Xorshift) {
        (self.site, self.journal, self.random) = (site, journal, random)
        let kinds = SoakLog.Rotation.allCases
        logs = (0..<8).map { SoakLog(path: "\(site.folder)/log/app\($0).log", rotation: kinds[$0 % kinds.count]) }
    }

    var account: String {
        let happened = counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        return "\(lines.values.reduce(0, +)) lines, \(told.values.reduce(0, +)) faults, "
            + happened.joined(separator: ", ")
    }

    mutating func run(for length: Duration, kills: Bool) throws {
        let end = SystemClock.monotonic() + length
        while SystemClock.monotonic() < end {
            for _ in 0...random.below(3) { try write() }
            let pick = random.below(logs.count)
            if random.below(30) == 0, try logs[pick].rotate() { counts["rotations", default: 0] += 1 }
            if let journal, random.below(300) == 0 { try journal.journalctl("--rotate") }
            if random.below(150) == 0 { try disturb(kills: kills) }
            _ = try Poller.wait([], timeout: .milliseconds(Int64(random.below(12))))
        }
    }

    private mutating func write() throws {
        let number = random.below(logs.count + 1)
        let name = number < logs.count ? "app\(number)" : "journal"
        if name == "journal", journal == nil { return }
        for _ in 0...random.below(20) {
            var text = "LINE \(name) with \(random.next()) in it"
            lines[name, default: 0] += 1
            if random.below(60) == 0 {
                // An incident is of one user, and a file's line of none that is known: the journal has faults of its own.
                let fault = "\(number < logs.count ? "n" : "j")\(random.below(Self.faults))"
                told[fault, default: 0] += 1
                text = "LINE \(name) FAULT \(fault) here"
            }
            if number < logs.count {
                try logs[number].write("\(SystemClock.now().rfc3339()) web1 app[1]: \(text)", &random)
            } else {
                try journal?.send(text, ["SYSLOG_IDENTIFIER=app", "PRIORITY=6"])
            }
        }
    }

    private mutating func disturb(kills: Bool) throws {
        let name = Self.daemons[random.below(2)]
        let kind = kills ? random.below(3) : 2
        counts[["kills", "stops", "reloads"][kind], default: 0] += 1
        switch kind {
        case 0: site.kill(name)
        case 1: #expect(site.stop(name) == 0, "\(site.log(name))")
        default: return site.signal(name, SIGHUP)
        }
        try site.start(name)
        // A signal before the daemon listens for it would end it.
        try site.awaitReady(name)
    }

    private func incidents(_ rule: String) throws -> [JSON] {
        try site.ask("watcher", "incident-list", ["all": true, "rule": .string(rule)]).result.array ?? []
    }

    /// Until everything is read and told; at most some minutes.
    mutating func settle() throws {
        for index in logs.indices { try logs[index].finishLine() }
        let (all, faults) = (lines.values.reduce(0, +), told.values.reduce(0, +))
        _ = try site.eventually(within: .seconds(180)) {
            guard site.letters.newHits >= faults else { return false }
            return try incidents("line").reduce(0) { $0 + Int($1["hits"]?.int ?? 0) } >= all
        }
    }

    /// Each line and fault once, in one incident for each name; and nothing is told that did not happen.
    func expectTold() throws {
        for (rule, expected) in [("line", lines), ("fault", told)] {
            var found: [String: Int] = [:]
            for incident in try incidents(rule) {
                let name = String(incident["title"]?.string?.split(separator: " ").last ?? "")
                #expect(found[name] == nil, "two incidents of \(name)")
                found[name] = Int(incident["hits"]?.int ?? 0)
            }
            for name in Set(expected.keys).union(found.keys).sorted() {
                #expect(found[name] == expected[name], "\(rule) of \(name): \(site.log("watcher").suffix(4000))")
            }
        }
        let waiting = try incidents("fault").filter { $0["not_told"]?.int != 0 }
        #expect(
            site.letters.newHits == told.values.reduce(0, +),
            "\(waiting.first?.text ?? "")\n\(site.log("watcher").suffix(4000))")
        let others = try incidents("*").compactMap { $0["rule"]?.string }.filter { $0 != "line" && $0 != "fault" }
        #expect(others.isEmpty, "\(others)")
    }
}

/// One log file, its writer, and its rotation.
private struct SoakLog {
    enum Rotation: CaseIterable {
        /// a.log.1 and so on. Here and in the two that follow the program writes on to the renamed file until it is told.
        case renamed
        case compressed
        case dated
        case copied
    }

    let path: String
    let rotation: Rotation
    private var writer: Descriptor?
    private var pending = ""
    private var generation = 0
    /// It was renamed, and the program has not been told yet.
    private var isRenamed = false

    init(path: String, rotation: Rotation) { (self.path, self.rotation) = (path, rotation) }

    private mutating func open() throws -> Descriptor {
        if let writer { return writer }
        let opened = try Descriptor.open(path, O_WRONLY | O_APPEND | O_CREAT)
        writer = opened
        return opened
    }

    /// The line, or a part of it whose rest comes later.
    mutating func write(_ line: String, _ random: inout Xorshift) throws {
        try finishLine()
        if isRenamed, random.below(10) == 0 { (writer, isRenamed) = (nil, false) }
        let cut = random.below(8) == 0 ? random.below(line.utf8.count) : line.utf8.count
        pending = String(line.dropFirst(cut)) + "\n"
        try open().write(line.utf8.prefix(cut))
        if cut == line.utf8.count { try finishLine() }
    }

    mutating func finishLine() throws {
        if !pending.isEmpty { try open().write(pending.utf8) }
        pending = ""
    }

    /// Returns whether it did.
    mutating func rotate() throws -> Bool {
        guard !isRenamed, access(path, F_OK) == 0 else { return false }
        generation += 1
        switch rotation {
        case .dated:
            try retrying("rotate") { rename(path, "\(path)-\(20_260_000 + generation)") }
            isRenamed = true
        case .renamed, .compressed:
            try shift()
            try retrying("rotate") { rename(path, path + ".1") }
            isRenamed = true
        case .copied:
            try finishLine()
            try shift()
            try Files.write(try Files.read(path), to: path + ".1", mode: 0o644)
            try retrying("truncate") { truncate(path, 0) }
        }
        return true
    }

    /// Nothing is overwritten that may be unread.
    private func shift() throws {
        for number in (1...100).reversed() {
            for suffix in ["", ".gz"] { rename("\(path).\(number)\(suffix)", "\(path).\(number + 1)\(suffix)") }
        }
        guard rotation == .compressed, access(path + ".2", F_OK) == 0 else { return }
        #expect(try ChildProcess(["/usr/bin/gzip", path + ".2"], deadline: .seconds(60)).run().ending == .exited(0))
    }
}
