// The tables of incidents and silences: the same in their lists and in `herald status`.

import Formats

enum IncidentTables {
    static func incidents(_ incidents: [JSON]) -> [[String]] {
        let titles = Dictionary(grouping: incidents, by: face).filter { $0.value.count > 1 }
        let head = ["ID", "STATE", "SEVERITY", "HITS", "LAST SEEN", "TOLD", "HOST", "PLACE", "RULE", "TITLE"]
        return [head]
            + incidents.map { incident in
                var title = Printable.text(incident["title"]?.string ?? "", limit: 90)
                // Several of one rule at one place: what tells them apart is the line.
                if titles[face(incident)] != nil, let line = incident["line"]?.string {
                    title += ": " + Printable.text(line, limit: 60)
                }
                return [
                    String(incident["id"]?.int ?? 0), state(incident), incident["severity"]?.string ?? "",
                    String(incident["hits"]?.int ?? 0), HostClock.text(incident["last_seen"]), told(incident),
                    Printable.text(incident["host"]?.string ?? "", limit: 30), place(incident["place"]?.string ?? ""),
                    Printable.text(incident["rule"]?.string ?? "", limit: 40), title,
                ]
            }
    }

    /// What a person sees of an incident's origin; equal ones cannot be told apart by it.
    private static func face(_ incident: JSON) -> [String] {
        ["rule", "host", "place", "title"].map { incident[$0]?.string ?? "" }
    }

    /// `open`, or why nothing is heard of it.
    private static func state(_ incident: JSON) -> String {
        if let silence = incident["silence"]?.int { return "silenced (\(silence))" }
        if let cause = incident["inhibited_by"]?.int { return "quiet (by \(cause))" }
        return incident["state"]?.string ?? ""
    }

    /// Whether all of it was told; else what it waits for, and until when.
    static func told(_ incident: JSON) -> String {
        guard let telling = incident["telling"]?.string else { return incident["not_told"]?.int == 0 ? "yes" : "no" }
        let hour = HostClock.hour(incident["next_letter"])
        switch telling {
        case "told": return "yes"
        case "waits": return hour.isEmpty ? "waits" : "at \(hour)"
        case "digest", "late": return hour.isEmpty ? "digest" : "digest \(hour)"
        default: return telling
        }
    }

    /// The end of a long path says more than its beginning.
    private static func place(_ place: String) -> String {
        let shown = Printable.text(place)
        return shown.count > 40 ? "…" + shown.suffix(39) : shown
    }

    static func silences(_ silences: [JSON]) -> [[String]] {
        [["ID", "UNTIL", "WHAT", "COVERS", "BY", "COMMENT"]]
            + silences.map { silence in
                [
                    String(silence["id"]?.int ?? 0), HostClock.text(silence["until"]),
                    Printable.text(silence["what"]?.string ?? "", limit: 120), String(silence["covers"]?.int ?? 0),
                    Printable.text(silence["author"]?.string ?? "", limit: 30),
                    Printable.text(silence["comment"]?.string ?? "", limit: 80),
                ]
            }
    }
}
