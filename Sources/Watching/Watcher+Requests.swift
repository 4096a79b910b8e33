// What people ask the watcher by its control socket: its status, and silences.

import Control
import Formats
import Glibc
import Incidents
import LogSources
import Platform
import Records
import Rules

extension Watcher {
    func answer(to command: String, _ arguments: JSON, from peer: ControlPeer) -> ControlResponse {
        if command == "status" { return .success(peer.isPrivileged ? status : Self.heads(of: status)) }
        guard IncidentDesk.changes.contains(command) || IncidentDesk.questions.contains(command) else {
            return .failure("unknown command '\(Printable.text(command, limit: 40))'")
        }
        return incidentDesk.answer(to: command, arguments, &book, from: peer)
    }

    private var incidentDesk: IncidentDesk {
        IncidentDesk(store: store, now: clock().wall, command: settings.command) {
            KnownRules(self.matcher.rules, others: OwnNotice.rules)
        }
    }

    // MARK: Status

    /// One object for `herald status`.
    var status: JSON {
        let open = book.openIncidents
        let last = (try? store.lastLetter()).flatMap { $0 }
        return [
            "daemon": "herald-watcher", "version": .string(Product.version), "pid": .int(Int64(getpid())),
            "since": .string(started.rfc3339(fraction: 3)),
            "rules": JSON(matcher.rules.rules.count),
            "standstill": standstill.map {
                $0.shown(reason: storeFault ?? "", letters: pending.letters.count)
            } ?? .null,
            "sources": .array(
                sources.status(isStandstill: standstill != nil).sorted { Self.order($0) < Self.order($1) }
                    .map(Self.shown)),
            "open_incidents": JSON(open.count),
            "open_by_severity": .object(book.openBySeverity.map { JSON.Member($0.severity.name, JSON($0.count)) }),
            "unaddressed": JSON(book.unaddressedCount),
            "digests": .array(book.held(at: clock().wall).map(Self.shown)),
            "incidents": .array(
                open.sorted { ($0.severity, $0.lastSeen) > ($1.severity, $1.lastSeen) }.prefix(50).map {
                    incidentDesk.shown($0, book)
                }),
            "silences": .array(
                book.silences.map { silence in
                    IncidentDesk.shown(silence, covering: open.count { silence.covers($0, at: clock().wall) })
                }),
            "outbox_waits": JSON(store.waitingCount),
            "hits": JSON(book.tally.hits), "records": JSON(book.tally.records),
            "since_start": [
                "records": JSON(book.run.records), "hits": JSON(book.run.hits), "incidents": JSON(book.run.incidents),
                "reports": JSON(book.run.reports),
            ],
            "heartbeat": JSON(heartbeatDue?.rfc3339()),
            "last_letter": last.map {
                ["subject": .string($0.subject), "at": .string($0.time.rfc3339(fraction: 3))]
            } ?? .null,
            "problems": .array(problems.map { .string($0) }),
        ]
    }

    /// What anyone may know: that the watcher is at work, and counts. Titles hold what log lines say, silences what
    /// people wrote, sources and problems the names of files.
    private static func heads(of status: JSON) -> JSON {
        let open: Set<String> = ["daemon", "version", "pid", "since", "rules", "open_incidents"]
        let heads = (status.members ?? []).filter { open.contains($0.name) }
        return .object(
            heads + [
                JSON.Member("problem_count", JSON(status["problems"]?.array?.count ?? 0)),
                JSON.Member("limited", true),
            ])
    }

    /// What wants a look comes first.
    private static func order(_ source: SourceStatus) -> Int {
        source.fault != nil ? 0 : source.isThere && source.copyOf == nil ? 2 : 1
    }

    private static func state(_ source: SourceStatus) -> String {
        if source.fault != nil { return "unreadable" }
        if source.copyOf != nil { return "held back" }
        return source.isThere ? "well" : "not there"
    }

    private static func shown(_ source: SourceStatus) -> JSON {
        [
            "name": .string(source.source.name),
            "state": .string(state(source)), "copy_of": JSON(source.copyOf.map { LogPath.shown($0) }),
            "behind_bytes": source.behind.map { .int($0) } ?? .null,
            "behind_entries": source.entriesBehind.map { .int($0) } ?? .null,
            "at_end": .bool(source.isAtEnd), "fault": JSON(source.fault),
            "rotated": .array(source.rotated.prefix(100).map { .string(LogPath.shown($0)) }),
        ]
    }

    private static func shown(_ held: IncidentBook.Held) -> JSON {
        [
            "incidents": JSON(held.count), "at": .string(held.until.rfc3339()),
            "limit": .string(held.isUrgent ? "letters of emergency and alert" : "report.max_per_hour"),
        ]
    }

    /// What needs a person, in sentences.
    var problems: [String] {
        var problems = [stateFault, storeFault, outbox.fault, lettersThatFailed, heartbeatFault, reloadFault].compactMap
        { $0 }
        problems += busyRules.problems(book, settings.command)
        if matcher.rules.rules.isEmpty { problems.append("there are no rules: nothing is looked for (watch.rules)") }
        if settings.report.enabled, !settings.report.recipients.contains(where: \.enabled) {
            problems.append(
                settings.report.recipients.isEmpty
                    ? "nobody is told: report.to_email names no one"
                    : "nobody is told: none of the recipients in report.to is enabled")
        }
        for source in sources.status.prefix(1000) {
            if let fault = source.fault { problems.append(fault) }
        }
        return problems
    }

    /// Of the last day; it goes by itself, since what was refused then may long be mended.
    private var lettersThatFailed: String? {
        guard let failed = (try? store.lettersThatFailed(since: clock().wall - .seconds(86400))) ?? nil else {
            return nil
        }
        let reports = counted(failed.count, "report of the last day was", "reports of the last day were")
        return
            "\(reports) not sent, the last because \(failed.fault) (\(settings.command.line("incidents list --all")))"
    }
}
