// The stored form of an incident: one JSON text. What commands select by stands beside it in columns; this is the truth.

import Formats
import Rules

extension JSON {
    init(time: Timestamp?) { self = time.map { .int($0.microseconds) } ?? .null }
    init(strings: [String]) { self = .array(strings.map { .string($0) }) }

    var strings: [String] { (array ?? []).compactMap(\.string) }

    /// An object without the members that are null.
    static func compact(_ members: [(String, JSON)]) -> JSON {
        .object(members.filter { !$0.1.isNull }.map { Member($0.0, $0.1) })
    }
}

extension Timestamp {
    init?(json: JSON?) {
        guard let microseconds = json?.int else { return nil }
        self.init(microseconds: microseconds)
    }
}

extension Incident {
    package var json: JSON {
        .compact([
            ("id", .int(id)), ("fingerprint", .string(fingerprint.text)),
            ("groups", .array(groups.map(\.json))), ("state", .string(state.rawValue)),
            ("rule", rule.json), ("severity", .string(severity.name)), ("title", .string(title)),
            ("advice", JSON(advice)), ("origin", origin.json),
            ("captures", .array(captures.map { [.string($0.name), .string($0.value)] })),
            ("explanation", JSON(explanation)),
            ("first_seen", JSON(time: firstSeen)), ("last_seen", JSON(time: lastSeen)), ("timeline", timeline.json),
            ("hits", JSON(hits)), ("told", JSON(told)), ("samples", .array(samples.map(\.json))),
            ("shown_samples", shownSamples.isEmpty ? nil : .array(shownSamples.map(\.json))),
            ("ended_by", JSON(endedBy)), ("ended", JSON(time: ended)),
            ("opened", JSON(time: opened)), ("last_hit", JSON(time: lastHit)),
            ("due", JSON(time: due)), ("last_letter", JSON(time: lastLetter)), ("letters", JSON(letters)),
            ("reminder_after", .int(reminderAfter.milliseconds)), ("held", isHeld ? true : nil),
            ("late", isLate ? true : nil), ("arrivals", .array(arrivals.map { JSON(time: $0) })),
            ("inhibited_by", inhibitedBy.map { .int($0) } ?? .null),
            ("silenced_by", silencedBy.map { .int($0) } ?? .null), ("returns", returns > 0 ? JSON(returns) : nil),
            ("back_since", JSON(time: backSince)),
            ("first_message_ids", firstMessageIDs.isEmpty ? nil : JSON(strings: firstMessageIDs)),
            ("last_message_ids", lastMessageIDs.isEmpty ? nil : JSON(strings: lastMessageIDs)),
        ])
    }

    /// Nil when `json` is no incident.
    package init?(json: JSON) {
        guard let id = json["id"]?.int,
            let fingerprint = json["fingerprint"]?.string.flatMap({ Hex.decode($0) }).flatMap({ Fingerprint(bytes: $0) }
            ),
            let state = json["state"]?.string.flatMap({ State(rawValue: $0) }),
            let rule = RuleFacts(json: json["rule"]), let origin = Origin(json: json["origin"]),
            let opened = Timestamp(json: json["opened"]), let firstSeen = Timestamp(json: json["first_seen"])
        else { return nil }
        let seed = Occurrence(
            rule: rule, groups: (json["groups"]?.array ?? []).compactMap { GroupValue(json: $0) },
            title: json["title"]?.string ?? rule.id,
            advice: json["advice"]?.string,
            time: firstSeen, origin: origin,
            captures: (json["captures"]?.array ?? []).compactMap { pair in
                guard let both = pair.array, both.count == 2, let name = both[0].string, let value = both[1].string
                else { return nil }
                return CapturedValue(name: name, value: value)
            })
        let reminder = Duration.milliseconds(json["reminder_after"]?.int ?? 14_400_000)
        self.init(id: id, seed, at: opened, reminderAfter: reminder)
        self.fingerprint = fingerprint
        self.state = state
        explanation = json["explanation"]?.string
        severity = json["severity"]?.string.flatMap { Severity(name: $0) } ?? rule.severity
        lastSeen = Timestamp(json: json["last_seen"]) ?? firstSeen
        timeline = Timeline(json: json["timeline"]) ?? Timeline()
        hits = Int(clamping: json["hits"]?.int ?? 0)
        told = min(hits, Int(clamping: json["told"]?.int ?? 0))
        samples = (json["samples"]?.array ?? []).compactMap { Sample(json: $0) }
        shownSamples = (json["shown_samples"]?.array ?? []).compactMap { Sample(json: $0) }
        endedBy = json["ended_by"]?.string
        ended = Timestamp(json: json["ended"])
        lastHit = Timestamp(json: json["last_hit"]) ?? opened
        due = Timestamp(json: json["due"])
        lastLetter = Timestamp(json: json["last_letter"])
        letters = Int(clamping: json["letters"]?.int ?? 0)
        isHeld = json["held"]?.bool ?? false
        isLate = json["late"]?.bool ?? false
        arrivals = (json["arrivals"]?.array ?? []).compactMap { Timestamp(json: $0) }
        inhibitedBy = json["inhibited_by"]?.int
        silencedBy = json["silenced_by"]?.int
        returns = Int(clamping: max(0, json["returns"]?.int ?? 0))
        backSince = Timestamp(json: json["back_since"])
        firstMessageIDs = json["first_message_ids"]?.strings ?? []
        lastMessageIDs = json["last_message_ids"]?.strings ?? []
    }
}

extension GroupValue {
    var json: JSON { [.string(name), .string(Base64.encode(value))] }

    init?(json: JSON) {
        guard let pair = json.array, pair.count == 2, let name = pair[0].string,
            let value = pair[1].string.flatMap({ Base64.decode($0.utf8) })
        else { return nil }
        self.init(name, value)
    }
}

extension RuleFacts {
    var json: JSON {
        .compact([
            ("id", .string(id)), ("severity", .string(severity.name)), ("url", JSON(url)),
            ("ending", .string(ending.rawValue)), ("count", JSON(threshold?.count)),
            ("within", threshold.map { .int($0.within.milliseconds) } ?? nil),
            ("inhibits", inhibits.isEmpty ? nil : JSON(strings: inhibits)),
        ])
    }

    init?(json: JSON?) {
        guard let id = json?["id"]?.string, let severity = json?["severity"]?.string.flatMap({ Severity(name: $0) }),
            let ending = json?["ending"]?.string.flatMap({ Ending(rawValue: $0) })
        else { return nil }
        self.init(id: id, severity: severity, url: json?["url"]?.string, ending: ending)
        if let count = json?["count"]?.int, let within = json?["within"]?.int {
            threshold = Threshold(count: Int(clamping: count), within: .milliseconds(within))
        }
        inhibits = json?["inhibits"]?.strings ?? []
    }
}

extension Origin {
    var json: JSON {
        .compact([
            ("host", .string(host)), ("source", .string(source)), ("journal", isJournal ? true : nil),
            ("transport", JSON(transport)), ("unit", JSON(unit)), ("identifier", JSON(identifier)),
            ("executable", JSON(executable)), ("pid", JSON(pid.map { Int($0) })), ("uid", JSON(uid.map { Int($0) })),
            ("boot", JSON(bootID)), ("trace_language", JSON(traceLanguage)),
        ])
    }

    init?(json: JSON?) {
        guard let host = json?["host"]?.string, let source = json?["source"]?.string else { return nil }
        self.init(host: host, source: source)
        isJournal = json?["journal"]?.bool ?? false
        transport = json?["transport"]?.string
        unit = json?["unit"]?.string
        identifier = json?["identifier"]?.string
        executable = json?["executable"]?.string
        pid = json?["pid"]?.int.flatMap { Int32(exactly: $0) }
        uid = json?["uid"]?.int.flatMap { UInt32(exactly: $0) }
        bootID = json?["boot"]?.string
        traceLanguage = json?["trace_language"]?.string
    }
}

extension Sample {
    var json: JSON {
        .compact([
            ("time", JSON(time: time)), ("origin", origin.json), ("text", .string(text)),
            ("before", JSON(strings: before)), ("after", JSON(strings: after)),
        ])
    }

    init?(json: JSON) {
        guard let time = Timestamp(json: json["time"]), let origin = Origin(json: json["origin"]),
            let text = json["text"]?.string
        else { return nil }
        self.init(
            time: time, origin: origin, text: text, before: json["before"]?.strings ?? [],
            after: json["after"]?.strings ?? [])
    }
}
