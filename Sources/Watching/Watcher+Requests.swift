// What people ask the watcher by its control socket: its status, and silences.

import Control
import Formats
import Glibc
import Incidents
import LogSources
import Platform
import Records

extension Watcher {
    /// The commands that change the book.
    static let changes: Set<String> = ["silence-add", "silence-remove", "incident-resolve"]

    func answer(to command: String, _ arguments: JSON, from peer: ControlPeer) -> ControlResponse {
        switch command {
        case "status": return .success(status)
        case "silence-list": return .success(.array(book.silences.map(Self.shown)))
        case _ where Self.changes.contains(command):
            guard peer.isPrivileged else {
                return .failure("only root and the group herald may do this", .denied)
            }
            return change(command, arguments)
        default: return .failure("unknown command '\(Printable.text(command, limit: 40))'")
        }
    }

    private func change(_ command: String, _ arguments: JSON) -> ControlResponse {
        switch command {
        case "silence-add": return addSilence(arguments)
        case "silence-remove":
            guard let id = arguments["id"]?.int, book.removeSilence(id) else { return .failure("no such silence") }
            return .success(["id": .int(id)])
        default:
            guard let id = arguments["id"]?.int, book.resolve(id) else { return .failure("no such open incident") }
            return .success(["id": .int(id)])
        }
    }

    /// `{incident | rule, host, for: "4h", comment}`.
    private func addSilence(_ arguments: JSON) -> ControlResponse {
        guard let length = arguments["for"]?.string.flatMap({ Duration(text: $0) }), length > .zero,
            length <= .seconds(366 * 86400)
        else { return .failure("a silence has an end: 'for' wants a duration such as 4h") }
        var silence = Silence(
            id: (book.silences.map(\.id).max() ?? 0) + 1, rule: arguments["rule"]?.string,
            host: arguments["host"]?.string, until: clock().wall + length,
            comment: Printable.text(arguments["comment"]?.string ?? "", limit: 300))
        if let id = arguments["incident"]?.int {
            guard let incident = book.incident(id) else { return .failure("no open incident \(id)") }
            silence.fingerprint = incident.fingerprint
        }
        guard silence.rule != nil || silence.host != nil || silence.fingerprint != nil else {
            return .failure("say what to silence: an incident, a rule or a host")
        }
        book.add(silence)
        return .success(Self.shown(silence))
    }

    private static func shown(_ silence: Silence) -> JSON {
        [
            "id": .int(silence.id), "rule": JSON(silence.rule), "host": JSON(silence.host),
            "fingerprint": JSON(silence.fingerprint?.text), "until": .string(silence.until.rfc3339()),
            "comment": .string(silence.comment),
        ]
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
            "sources": .array(sources.status.map(Self.shown)),
            "open_incidents": JSON(open.count),
            "incidents": .array(
                open.sorted { ($0.severity, $0.lastSeen) > ($1.severity, $1.lastSeen) }.prefix(50).map(Self.shown)),
            "silences": .array(book.silences.map(Self.shown)),
            "last_letter": last.map {
                ["subject": .string($0.subject), "at": .string($0.time.rfc3339(fraction: 3))]
            } ?? .null,
            "problems": .array(problems.map { .string($0) }),
        ]
    }

    private static func shown(_ source: SourceStatus) -> JSON {
        [
            "name": .string(source.source.name), "state": .string(source.fault == nil ? "well" : "unreadable"),
            "behind_bytes": source.behind.map { .int($0) } ?? .null, "fault": JSON(source.fault),
        ]
    }

    private static func shown(_ incident: Incident) -> JSON {
        [
            "id": .int(incident.id), "severity": .string(incident.severity.name), "title": .string(incident.title),
            "host": .string(incident.origin.host), "rule": .string(incident.rule.id), "hits": JSON(incident.hits),
            "last_seen": .string(incident.lastSeen.rfc3339()),
        ]
    }

    /// What needs a person, in sentences.
    private var problems: [String] {
        var problems = [storeFault, outbox.fault, letterFault, reloadFault].compactMap { $0 }
        if matcher.rules.rules.isEmpty { problems.append("there are no rules: nothing is looked for (watch.rules)") }
        if settings.report.enabled, !settings.report.recipients.contains(where: \.enabled) {
            problems.append("nobody is told: report.to_email names no one")
        }
        for source in sources.status.prefix(1000) {
            if let fault = source.fault { problems.append(fault) }
        }
        return problems
    }
}
