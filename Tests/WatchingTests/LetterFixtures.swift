// Reports as the book gives them, for the tests of the letter.

import Formats
import Incidents
import Mail
import Rules

@testable import Watching

enum LetterFixtures {
    /// 2026-11-21 12:41:14 UTC.
    static let noon = Timestamp(seconds: 1_795_264_874)

    static func letter(host: String = "web1", subject: String = "[{severity}] {host}: {title}") throws -> ReportLetter {
        ReportLetter(
            from: Mailbox("Herald on web1", try EmailAddress("herald@example.org")), subject: Template(subject),
            mailerName: "REM mailer", mailName: "web1.example.org", host: host, utcOffset: 3600)
    }

    static func admin() throws -> [Mailbox] { [Mailbox("Administrator", try EmailAddress("admin@example.org"))] }

    static func origin(
        _ host: String = "web1", unit: String? = nil, file: String? = nil, identifier: String? = "kernel"
    ) -> Origin {
        var origin = Origin(host: host, source: file ?? "journal")
        origin.isJournal = file == nil
        origin.transport = file == nil ? "kernel" : nil
        origin.unit = unit
        origin.identifier = identifier
        return origin
    }

    static func occurrence(
        _ rule: String, _ title: String, severity: Severity = .critical, at time: Timestamp = noon,
        origin: Origin = origin(), text: String? = nil, before: [String] = [], after: [String] = [],
        captures: [CapturedValue] = [], advice: String? = nil, url: String? = nil, ending: RuleFacts.Ending = .quiet
    ) -> Occurrence {
        Occurrence(
            rule: RuleFacts(id: rule, severity: severity, url: url, ending: ending),
            groups: [GroupValue("title", title)], title: title,
            advice: advice, time: time, origin: origin, captures: captures,
            sample: text.map { Sample(time: time, origin: origin, text: $0, before: before, after: after) })
    }

    /// The report of one incident with these hits.
    static func report(_ occurrences: [Occurrence]) -> Report? {
        var policy = ReportPolicy()
        policy.groupWait = .zero
        var book = IncidentBook(policy: policy)
        let last = occurrences.map(\.time).max() ?? noon
        for occurrence in occurrences { book.join(occurrence, at: occurrence.time) }
        return book.due(last).first
    }

    static func outOfMemory() -> Report? {
        let times: [Int64] = [0, 4, 5, 5, 6, 9, 12, 31, 32, 33, 33, 34, 60, 61]
        return report(
            times.map { second in
                occurrence(
                    "kernel-out-of-memory", "Out of memory: mysqld was killed", at: noon + .seconds(second),
                    origin: origin(unit: nil),
                    text: "Out of memory: Killed process \(812 + second) (mysqld) total-vm:8123456kB, "
                        + "anon-rss:6291456kB, file-rss:0kB, shmem-rss:0kB, UID:110 pgtables:12904kB oom_score_adj:0",
                    before: [
                        "mysqld invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0",
                        "Mem-Info: active_anon:1584210 inactive_anon:202331 isolated_anon:0",
                    ],
                    after: ["oom_reaper: reaped process \(812 + second) (mysqld), now anon-rss:0kB, file-rss:0kB"],
                    captures: [
                        CapturedValue(name: "process", value: "mysqld"),
                        CapturedValue(name: "pid", value: "\(812 + second)"),
                    ],
                    advice:
                        "The machine had no memory left and the kernel chose this process to die. Look at what grew: "
                        + "`ps aux --sort=-rss | head`, and whether the service came back: `systemctl status mysql`.",
                    url: "https://docs.kernel.org/admin-guide/mm/concepts.html")
            })
    }

    static func trace() -> Report? {
        report([
            occurrence(
                "jvm-uncaught-exception", "Uncaught exception in thread \"http-nio-8080-exec-7\"", severity: .error,
                origin: origin(file: "/var/log/app/orders.log", identifier: nil),
                text: """
                    Exception in thread "http-nio-8080-exec-7" java.lang.IllegalStateException: order 48213 has no lines
                    \tat org.example.orders.Checkout.total(Checkout.java:118)
                    \tat org.example.orders.Checkout.submit(Checkout.java:74)
                    \tat java.base/java.lang.Thread.run(Thread.java:840)
                    Caused by: java.sql.SQLTransientConnectionException: pool - Connection is not available
                    \t... 22 more
                    """,
                before: ["2026-11-21 13:41:13,902 INFO  Checkout order 48213 received"],
                after: ["2026-11-21 13:41:14,377 INFO  Checkout order 48214 received"],
                advice: "A thread of the program died of an exception that nothing caught. The first line of its own "
                    + "package in the trace is the place to look at.")
        ])
    }

    static func digest() -> Report? {
        var policy = ReportPolicy()
        policy.groupWait = .zero
        policy.maxPerHour = 1
        var book = IncidentBook(policy: policy)
        let disks = ["sda", "sdb", "sdc", "nvme0n1"]
        book.join(occurrence("first", "The one that takes the place"), at: noon)
        _ = book.due(noon)
        for (index, disk) in disks.enumerated() {
            for step in 0...index {
                book.join(
                    occurrence(
                        "ata-media-error", "Unreadable sectors on \(disk)",
                        severity: index % 2 == 0 ? .critical : .error, at: noon + .seconds(Int64(step * 40)),
                        text: "blk_update_request: critical medium error, dev \(disk), sector 1953\(step)0",
                        advice: "The drive could not read what it had stored. Check `smartctl -a /dev/\(disk)` and the "
                            + "backup, then plan its replacement."),
                    at: noon + .seconds(Int64(step * 40)))
            }
        }
        book.join(occurrence("first", "The one that takes the place"), at: noon + .seconds(200))
        _ = book.due(noon + .seconds(200))
        return book.due(noon + .seconds(3700)).first
    }
}
