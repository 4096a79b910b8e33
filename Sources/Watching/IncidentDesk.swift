// What people ask of incidents and silences, and what they change: the same code for the watcher at work and for a command
// that owns the state while no watcher runs.

import Control
import Database
import Formats
import Incidents
import Mail
import Records
import Rules

/// Answers requests about incidents and silences.
struct IncidentDesk {
    let store: WatcherStore
    let now: Timestamp
    /// How a person calls `herald` for this state.
    let command: HeraldCommand
    /// Asked where a rule is named.
    let rules: () -> KnownRules

    /// The commands that change the book.
    static let changes: Set<String> = ["silence-add", "silence-remove", "incident-resolve"]
    /// Those that only ask, of anything that titles and log lines tell.
    static let questions: Set<String> = ["silence-list", "incident-list", "incident-show"]

    func answer(
        to command: String, _ arguments: JSON, _ book: inout IncidentBook, from peer: ControlPeer
    ) -> ControlResponse {
        guard peer.isPrivileged else { return .failure("only root and the group herald may do this", .denied) }
        do throws(DatabaseError) {
            switch command {
            case "silence-list": return .success(.array(book.silences.map { shown($0, book) }))
            case "incident-list": return try list(arguments, book)
            case "incident-show": return try show(arguments["id"]?.int ?? 0, book)
            case "silence-add": return addSilence(arguments, &book, by: peer)
            case "silence-remove":
                return removeSilence(arguments["id"]?.int, &book)
            default: return resolve(arguments, &book)
            }
        } catch {
            return .failure("\(error)", .later)
        }
    }

    // MARK: Incidents

    /// `{all, rule, host, since: microseconds, limit}`: the open ones, the most severe first; with `all` what is over too,
    /// the newest first.
    private func list(_ arguments: JSON, _ book: IncidentBook) throws(DatabaseError) -> ControlResponse {
        let all = arguments["all"]?.bool ?? false
        let limit = Int(clamping: min(max(arguments["limit"]?.int ?? 1000, 1), 10_000))
        let since = arguments["since"]?.int.map { Timestamp(microseconds: $0) }
        func isWanted(_ incident: Incident) -> Bool {
            RuleName.matches(incident.rule.id, arguments["rule"]?.string)
                && arguments["host"]?.string.map { Wildcard.matches(incident.origin.host, $0) } ?? true
                && since.map { incident.lastSeen >= $0 } ?? true
        }
        let found = book.openIncidents.filter(isWanted).sorted {
            ($0.severity, $0.lastSeen) > ($1.severity, $1.lastSeen)
        }
        var list = found.prefix(limit).map { shown($0, book) }
        if all {
            let open = Set(found.map(\.id))
            let history = try store.history(
                rule: arguments["rule"]?.string, host: arguments["host"]?.string, since: since,
                limit: limit + open.count)
            list += history.filter { !open.contains($0.id) }.prefix(limit - list.count).map { listed in
                // What lingers in the book may have changed since it was stored.
                book.incident(listed.id).map { shown($0, book) } ?? Self.shown(listed)
            }
        }
        return .success(.array(list))
    }

    private static func shown(_ listed: ListedIncident) -> JSON {
        [
            "id": .int(listed.id), "state": .string(listed.state), "severity": .string(listed.severity.name),
            "title": .string(listed.title), "host": .string(listed.host), "rule": .string(listed.rule),
            "hits": JSON(listed.hits), "not_told": JSON(max(0, listed.hits - listed.told)),
            "first_seen": .string(listed.firstSeen.rfc3339()), "last_seen": .string(listed.lastSeen.rfc3339()),
        ]
    }

    /// Everything about one.
    private func show(_ id: Int64, _ book: IncidentBook) throws(DatabaseError) -> ControlResponse {
        var found = book.incident(id)
        if found == nil { found = try store.incident(id) }
        guard let incident = found else {
            return .failure(
                "there is no incident \(id) any more: what is over is kept for 30 days, the last "
                    + "\(WatcherStore.keptIncidents) of it")
        }
        var members = shown(incident, book).members ?? []
        func add(_ name: String, _ value: JSON) { members.append(JSON.Member(name, value)) }
        let origin = incident.origin
        add("advice", JSON(incident.advice))
        add("url", JSON(incident.rule.url))
        add("source", .string(origin.source))
        add("unit", JSON(origin.unit))
        add("identifier", JSON(origin.identifier))
        add("executable", JSON(origin.executable))
        add("uid", JSON(origin.uid.map { Int($0) }))
        add("captures", .object(incident.captures.map { JSON.Member($0.name, .string($0.value)) }))
        add("fingerprint", .string(incident.fingerprint.text))
        add("ended_by", JSON(incident.endedBy))
        add("timeline", incident.timeline.json)
        add("samples", .array((incident.samples + incident.shownSamples).map(shown)))
        add("letters_sent", .array(try store.reports(of: id)))
        add("keeps_quiet", .array(book.openIncidents.filter { $0.inhibitedBy == id }.map { .int($0.id) }))
        add("silence_command", .string(command.line(Silence.command("--incident \(id)"))))
        return .success(.object(members))
    }

    private func resolve(_ arguments: JSON, _ book: inout IncidentBook) -> ControlResponse {
        let ids = arguments["ids"]?.array?.compactMap(\.int) ?? [arguments["id"]?.int].compactMap { $0 }
        // All or none: a wrong number among them is a mistake in the rest perhaps.
        for id in ids where book.incident(id)?.state != .open { return .failure("no such open incident: \(id)") }
        guard !ids.isEmpty else { return .failure("say which incident") }
        let titles = ids.map { book.incident($0)?.title ?? "" }
        // A group of a rule with `expect` may be gone for good.
        let ended = ids.filter { id in
            book.incident(id).map { $0.rule.ending == .absence && !$0.groups.isEmpty } ?? false
        }
        for id in ids { _ = book.resolve(id, at: now) }
        return .success([
            "ids": .array(ids.map { .int($0) }), "titles": .array(titles.map { .string($0) }),
            "not_awaited": .array(ended.map { .int($0) }),
        ])
    }

    func shown(_ incident: Incident, _ book: IncidentBook) -> JSON {
        let line = (incident.shownSamples.first ?? incident.samples.first).map { message(of: $0) }
        return [
            "id": .int(incident.id), "state": .string(incident.state.rawValue),
            "severity": .string(incident.severity.name), "title": .string(incident.title),
            "host": .string(incident.origin.host), "place": .string(incident.origin.place),
            "line": JSON(line),
            "rule": .string(incident.rule.id), "hits": JSON(incident.hits), "not_told": JSON(incident.newHits),
            "letters": JSON(incident.letters), "returns": JSON(incident.returns),
            "first_seen": .string(incident.firstSeen.rfc3339()), "last_seen": .string(incident.lastSeen.rfc3339()),
            "telling": .string(book.telling(of: incident, at: now).rawValue),
            "next_letter": JSON(book.nextLetter(of: incident, at: now)?.rfc3339()),
            // Of what is over nothing is kept quiet.
            "silence": incident.isOver
                ? .null : book.silences.first { $0.covers(incident, at: now) }.map { .int($0.id) } ?? .null,
            "inhibited_by": incident.isOver ? .null : incident.inhibitedBy.map { .int($0) } ?? .null,
        ]
    }

    /// The first line of a sample, without the header that a file's line has: what tells it from others.
    private func message(of sample: Sample) -> String {
        let line = Array(sample.text.utf8.prefix { $0 != 0x0a })
        let start =
            sample.origin.isJournal ? 0 : LineHeader.parse(line, context: LineContext(readAt: now)).messageStart
        return Printable.text(line.dropFirst(start < line.count ? start : 0), limit: 100)
    }

    private func shown(_ sample: Sample) -> JSON {
        [
            "time": .string(sample.time.rfc3339(fraction: 3)), "place": .string(sample.origin.place),
            "before": .array(sample.before.map { .string($0) }), "text": .string(sample.text),
            "after": .array(sample.after.map { .string($0) }),
        ]
    }

    // MARK: Silences

    /// `{incident | rule, host, unit, for: "4h" | until: microseconds, comment}`.
    private func addSilence(_ arguments: JSON, _ book: inout IncidentBook, by peer: ControlPeer) -> ControlResponse {
        let length = arguments["for"]?.string.flatMap { Duration(text: $0) }
        if let text = arguments["for"]?.string, length == nil {
            return .failure("'\(Printable.text(text, limit: 40))' is no duration: \(Duration.form)")
        }
        let date = arguments["until"]?.int.map { Timestamp(microseconds: $0) }
        guard (length == nil) != (date == nil) else {
            return .failure("a silence has an end: 'for' a duration such as 4h, or 'until' a time")
        }
        let end = date ?? now + (length ?? .zero)
        guard end > now, end <= now + .seconds(366 * 86400) else {
            return .failure("a silence ends in the future, and within a year")
        }
        guard let comment = arguments["comment"]?.string, comment.contains(where: { !$0.isWhitespace }) else {
            return .failure("a silence says why, for whoever reads of it: --comment 'the disk is ordered'")
        }
        let ruleFault = arguments["rule"]?.string.flatMap { name in
            book.openIncidents.contains { $0.rule.id == name } ? nil : rules().fault(of: name)
        }
        if case .unknown(let text)? = ruleFault { return .failure(text) }
        func matcher(_ name: String) -> String? { arguments[name]?.string.map { Printable.text($0, limit: 300) } }
        var silence = Silence(
            id: book.nextSilenceID, rule: matcher("rule"), host: matcher("host"), unit: matcher("unit"), until: end,
            comment: Printable.text(comment, limit: 300))
        (silence.isDated, silence.created, silence.author) = (date != nil, now, peer.userName)
        if let id = arguments["incident"]?.int {
            // The letter names the command, and the incident may be over when it is read.
            guard let incident = book.incident(id) ?? (try? store.incident(id)) else {
                return .failure("no incident \(id)")
            }
            silence.fingerprint = incident.fingerprint
            (silence.incident, silence.title) = (id, incident.title)
        }
        guard silence.rule != nil || silence.host != nil || silence.unit != nil || silence.fingerprint != nil else {
            return .failure("say what to silence: an incident, a rule, a host or a unit")
        }
        guard book.silences.count < 1000 else { return .failure("there are 1,000 silences: remove some") }
        book.add(silence)
        let warning = ruleFault.map { [JSON.Member("warning", .string($0.text))] } ?? []
        return .success(.object((shown(silence, book).members ?? []) + warning))
    }

    private func removeSilence(_ id: Int64?, _ book: inout IncidentBook) -> ControlResponse {
        guard let id, let silence = book.silences.first(where: { $0.id == id }) else {
            return .failure("there is no silence \(id.map { String($0) } ?? "without a number")")
        }
        let freed = book.freed(bySilence: id, at: now)
        let members =
            (shown(silence, book).members ?? []) + [
                JSON.Member("told_now", JSON(freed.told)), JSON.Member("held", JSON(freed.held)),
                JSON.Member("held_until", JSON(freed.heldUntil?.rfc3339())),
                JSON.Member("waiting", JSON(freed.waiting)), JSON.Member("quiet", JSON(freed.quiet)),
            ]
        _ = book.removeSilence(id, at: now)
        return .success(.object(members))
    }

    private func shown(_ silence: Silence, _ book: IncidentBook) -> JSON {
        Self.shown(silence, covering: book.openIncidents.count { silence.covers($0, at: now) })
    }

    static func shown(_ silence: Silence, covering count: Int) -> JSON {
        [
            "id": .int(silence.id), "what": .string(silence.subject), "rule": JSON(silence.rule),
            "host": JSON(silence.host), "unit": JSON(silence.unit),
            "incident": silence.incident.map { .int($0) } ?? .null,
            "fingerprint": JSON(silence.fingerprint?.text), "created": JSON(silence.created?.rfc3339()),
            "until": .string(silence.until.rfc3339()), "comment": .string(silence.comment),
            "author": JSON(silence.author), "covers": JSON(count),
        ]
    }
}
