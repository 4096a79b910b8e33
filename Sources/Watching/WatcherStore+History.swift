// What is asked of the incidents that were stored, by lists and by one incident's page.

import Database
import Formats
import Incidents
import Rules

/// What a list shows of an incident.
struct ListedIncident {
    var id: Int64
    var state: String
    var severity: Severity
    var title: String
    var host: String
    var rule: String
    var hits: Int
    var told: Int
    var firstSeen: Timestamp
    var lastSeen: Timestamp
}

extension WatcherStore {
    /// Incidents as they were stored, the newest first, those that gather hits towards a threshold apart: what a list shows
    /// of them, so that a long history is neither read whole nor parsed.
    /// - Parameters:
    ///   - rule: a name as `Wildcard` has them; nil: any.
    ///   - host: likewise.
    func history(rule: String?, host: String?, since: Timestamp?, limit: Int) throws(DatabaseError) -> [ListedIncident]
    {
        func glob(_ pattern: String?) -> SQLValue { .text((pattern ?? "*").replacing("[", with: "[[]")) }
        let rows = try database.query(
            "SELECT id, state, severity, title, host, rule, hits, told, first_seen, last_seen FROM incidents"
                + " WHERE state <> 'gathering' AND last_seen >= ? AND rule GLOB ? AND host GLOB ?"
                + " ORDER BY id DESC LIMIT ?",
            [.integer(since?.microseconds ?? .min), glob(rule), glob(host), SQLValue(limit)])
        return rows.map { row in
            ListedIncident(
                id: row[0].int ?? 0, state: row[1].string ?? "",
                severity: row[2].int.flatMap { Severity(rawValue: Int($0)) } ?? .warning, title: row[3].string ?? "",
                host: row[4].string ?? "", rule: row[5].string ?? "", hits: Int(clamping: row[6].int ?? 0),
                told: Int(clamping: row[7].int ?? 0), firstSeen: Timestamp(microseconds: row[8].int ?? 0),
                lastSeen: Timestamp(microseconds: row[9].int ?? 0))
        }
    }

    func incident(_ id: Int64) throws(DatabaseError) -> Incident? {
        try database.query("SELECT detail FROM incidents WHERE id = ?", [.integer(id)]).first.flatMap(Self.incident)
    }

    static func incident(_ row: [SQLValue]) -> Incident? {
        row[0].string.flatMap { try? JSON.parse($0) }.flatMap { Incident(json: $0) }
    }

    /// Each report of an incident, and what became of its letter here.
    func reports(of id: Int64) throws(DatabaseError) -> [JSON] {
        let rows = try database.query(
            "SELECT time, kind, new_hits, reports.letter, fault, subject, handed_over FROM reports"
                + " LEFT JOIN outbox ON outbox.id = reports.letter WHERE incident = ? ORDER BY time LIMIT 1000",
            [.integer(id)])
        return rows.map { row in
            [
                "time": .string(Timestamp(microseconds: row[0].int ?? 0).rfc3339()), "kind": JSON(row[1].string),
                "new_hits": .int(row[2].int ?? 0), "letter": JSON(row[3].string), "fault": JSON(row[4].string),
                "subject": JSON(row[5].string),
                "handed_over": JSON(row[6].int.map { Timestamp(microseconds: $0).rfc3339() }),
            ]
        }
    }
}
