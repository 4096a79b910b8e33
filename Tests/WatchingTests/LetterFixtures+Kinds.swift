// A report of every kind, with what an administrator would really find in it: for the snapshots, and for the tests that
// must hold for any letter.

import Formats
import Incidents
import Mail
import Records
import Rules

@testable import Watching

extension LetterFixtures {
    static let kinds = [
        "out-of-memory", "trace", "digest", "recovered", "further", "reminder", "quiet", "late", "gap", "pattern-limit",
        "set-aside", "service", "returned", "noisy",
    ]

    static func report(_ kind: String) -> Report? {
        switch kind {
        case "out-of-memory": outOfMemory()
        case "trace": trace()
        case "digest": digest()
        case "recovered": course()[3]
        case "further": course()[1]
        case "reminder": course()[2]
        case "returned": course().last
        case "quiet": quiet()
        case "noisy": noisy()
        case "late": late()
        case "gap": gap()
        case "pattern-limit": patternLimit()
        case "set-aside":
            report([
                OwnNotice.setAside("/var/lib/herald/watcher/watcher.db: made by version 9", localHost: "web1", at: noon)
            ])
        default: service()
        }
    }

    private static func degraded(_ time: Timestamp, _ disk: String) -> Occurrence {
        occurrence(
            "md-array-degraded", "RAID array md0 runs without a disk", at: time,
            text: "md/raid1:md0: Disk failure on \(disk), disabling device.",
            captures: [CapturedValue(name: "array", value: "md0"), CapturedValue(name: "disk", value: disk)],
            advice: "The array still works, without its safety. See which disk failed with `mdadm --detail /dev/md0`, "
                + "replace it, and add the new one with `mdadm /dev/md0 --add`.", ending: .recovery)
    }

    /// The letters of one incident, in order, each with the Message-ID that the letter of `tell` got.
    static func course(tell: (Report) -> String = { "<\($0.kind.rawValue)@web1.example.org>" }) -> [Report] {
        var policy = ReportPolicy()
        policy.groupWait = .zero
        var book = IncidentBook(policy: policy)
        var reports: [Report] = []
        func due(_ time: Timestamp) {
            for report in book.due(time) {
                reports.append(report)
                let messageID = tell(report)
                book.tellMessageIDs(
                    Dictionary(uniqueKeysWithValues: report.entries.map { ($0.incident.id, [messageID]) }))
            }
        }
        book.join(degraded(noon, "sdb1"), at: noon)
        due(noon)
        book.join(degraded(noon + .seconds(700), "sdb1"), at: noon + .seconds(700))
        due(noon + .seconds(700))
        due(noon + .seconds(700 + 4 * 3600))
        var sign = RecoverySign(
            ruleID: "md-array-degraded",
            record: .init(source: .journal(""), message: Array("md: md0: recovery done.".utf8)),
            captures: [], localHost: "web1", at: noon + .seconds(20_000))
        sign.origin = origin()
        book.recover(sign, at: noon + .seconds(20_000))
        due(noon + .seconds(20_000))
        book.join(degraded(noon + .seconds(20_300), "sdb1"), at: noon + .seconds(20_300))
        due(noon + .seconds(20_300))
        return reports
    }

    /// One rule with very many incidents, and two with few: what an emergency's digest of five minutes looks like.
    static func noisy() -> Report? {
        var policy = ReportPolicy()
        (policy.groupWait, policy.urgentPerHour) = (.zero, 0)
        var book = IncidentBook(policy: policy)
        let log = origin(file: "/var/log/app/shop.log", identifier: "shop")
        for number in 7...201 {
            for second in 0..<(number % 3 == 0 ? 2 : 1) {
                let time = noon + .seconds(Int64(number + second))
                book.join(
                    occurrence(
                        "shop-payment-lost", "Payment e\(number) is lost", severity: .emergency, at: time, origin: log,
                        text: "FATAL payment e\(number): written nowhere, gateway answered 200",
                        advice: "A payment was taken and is in no book. Stop the shop and look at the gateway's log."),
                    at: time)
            }
        }
        for (index, array) in ["md0", "md1"].enumerated() {
            let time = noon + .seconds(Int64(240 + index))
            book.join(
                occurrence(
                    "md-array-failed", "RAID array \(array) has failed", severity: .emergency, at: time,
                    text: "md/raid1:\(array): Disk failure on sdb1, no disk is left.",
                    advice: "See `mdadm --detail /dev/\(array)` before anything else is written."), at: time)
        }
        book.join(
            occurrence(
                "ups-battery-low", "The UPS has power for three minutes", severity: .alert, at: noon + .seconds(250),
                origin: origin(unit: "nut-monitor.service", identifier: "upsmon"),
                text: "UPS rack1@localhost battery is low",
                advice: "Shut down what can be shut down now."), at: noon + .seconds(250))
        _ = book.due(noon + .seconds(251))
        return book.due(noon + .seconds(600)).first
    }

    private static func quiet() -> Report? {
        var policy = ReportPolicy()
        policy.groupWait = .zero
        var book = IncidentBook(policy: policy)
        for second in [0, 4, 9, 200, 210] as [Int64] {
            let time = noon + .seconds(second)
            book.join(
                occurrence(
                    "nginx-upstream-down", "No upstream answers for shop.example.org", severity: .error, at: time,
                    origin: origin(file: "/var/log/nginx/error.log", identifier: "nginx"), text: "no live upstreams"),
                at: time)
            _ = book.due(time)
        }
        // What went on, beyond its first letter.
        _ = book.due(noon + .seconds(310))
        return book.due(noon + .seconds(4000)).last
    }

    private static func late() -> Report? {
        var book = IncidentBook(policy: ReportPolicy())
        for (index, unit) in ["postgresql", "cron", "nginx"].enumerated() {
            book.join(
                occurrence(
                    "systemd-unit-failed", "Service \(unit) failed", severity: .error,
                    at: noon + .seconds(Int64(index) * 1000),
                    origin: origin(unit: "\(unit).service", identifier: "systemd"),
                    text: "\(unit).service: Failed with result 'exit-code'."), at: noon + .seconds(9000))
        }
        return book.due(noon + .seconds(9100)).first
    }

    private static func gap() -> Report? {
        let notice = SourceNotice(
            .file("/var/log/syslog"), .gap,
            "/var/log/syslog: 812 kB before offset 0 were not there any more when Herald came to read them")
        return OwnNotice.occurrence(of: notice, localHost: "web1", at: noon).flatMap { report([$0]) }
    }

    private static func patternLimit() -> Report? {
        report([
            occurrence(
                "herald-pattern-limit", "A pattern of the rule my-own ran into its limit",
                origin: origin(file: "/var/log/app.log", identifier: "app"),
                text: "my-own: match limit on a line of 60 kB",
                advice: "The pattern could not be decided on this line, so a hit may be missing. Make it simpler.")
        ])
    }

    /// A unit's failure as the journal has it, with all that the journal knows.
    private static func service() -> Report? {
        var from = origin(unit: "postgresql@15-main.service", identifier: "systemd")
        (from.transport, from.executable, from.pid, from.uid) = ("journal", "/usr/lib/systemd/systemd", 1, 0)
        from.bootID = "6c8f3b0a52d14f6e9a3c7b1e2d4f5a6b"
        var hit = occurrence(
            "systemd-unit-failed", "Service postgresql@15-main failed: out of space", severity: .alert, origin: from,
            text: "postgresql@15-main.service: Main process exited, code=exited, status=1/FAILURE",
            before: [
                "2026-11-21 13:41:12.118 CET [812] FATAL:  could not write lock file \"postmaster.pid\": "
                    + "No space left on device",
                "pg_ctl: could not start server",
            ], after: ["postgresql@15-main.service: Failed with result 'exit-code'."],
            captures: [CapturedValue(name: "unit", value: "postgresql@15-main")],
            advice:
                "The database does not run. See `systemctl status postgresql@15-main` and `df -h /var/lib/postgresql`.")
        hit.explanation =
            "A unit failed.\n\nSubject: a unit of the system has entered the failed state, and nothing will start "
            + "it again by itself. See its own log for the reason."
        return report([hit])
    }
}
