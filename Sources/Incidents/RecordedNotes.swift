// What Herald noticed of its sources and no letter of its own tells, because it is not severe enough: it stands in the next
// digest, and in the next heartbeat.

import Formats

/// What was recorded and not told, each with how often.
package struct RecordedNotes: Hashable, Sendable {
    package struct Note: Hashable, Sendable {
        package var text: String
        package var count: Int
    }

    /// In the order in which they came first.
    package private(set) var notes: [Note] = []
    /// Different ones; what is beyond is counted together.
    static let limit = 20

    package init() {}

    mutating func add(_ text: String) {
        if let index = notes.firstIndex(where: { $0.text == text }) {
            notes[index].count += 1
        } else if notes.count < Self.limit - 1 {
            notes.append(Note(text: text, count: 1))
        } else if text != Self.rest {
            // The last place is that of all others.
            add(Self.rest)
        } else {
            notes.append(Note(text: text, count: 1))
        }
    }

    private static let rest = "Other notices of this kind (herald incidents list --all)"

    var json: JSON { .array(notes.map { ["text": .string($0.text), "count": JSON($0.count)] }) }

    init(json: JSON?) {
        notes = (json?.array ?? []).prefix(Self.limit).compactMap { item in
            guard let text = item["text"]?.string, let count = item["count"]?.int, count > 0 else { return nil }
            return Note(text: text, count: Int(clamping: count))
        }
    }
}
