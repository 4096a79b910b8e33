// What was done since the last letter that says that all is well.

import Formats

/// Counts since some time.
package struct Tally: Hashable, Sendable {
    package var since: Timestamp
    /// Log entries and lines that were read.
    package var records = 0
    package var hits = 0
    /// Incidents that were opened.
    package var incidents = 0
    /// Reports that were made.
    package var reports = 0
    /// What no letter told because it is not severe enough, and a person should know in time.
    package internal(set) var notes = RecordedNotes()

    package init(since: Timestamp) { self.since = since }

    var json: JSON {
        [
            "since": .int(since.microseconds), "records": JSON(records), "hits": JSON(hits),
            "incidents": JSON(incidents), "reports": JSON(reports),
            "notes": notes.json,
        ]
    }

    init?(json: JSON?) {
        guard let json, let since = Timestamp(json: json["since"]) else { return nil }
        self.since = since
        func count(_ name: String) -> Int { Int(clamping: max(0, json[name]?.int ?? 0)) }
        (records, hits, incidents, reports) = (count("records"), count("hits"), count("incidents"), count("reports"))
        notes = RecordedNotes(json: json["notes"])
    }
}
