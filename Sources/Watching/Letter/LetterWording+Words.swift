// The small words of a letter: times, counts, what is cut.

import Formats
import Incidents

extension LetterWording {
    var footer: [String] {
        let ids = report.entries.prefix(8).map { String($0.incident.id) }.joined(separator: ", ")
        let more = report.entries.count > 8 ? " and more" : ""
        return [
            "\(report.entries.count == 1 ? "Incident" : "Incidents") \(ids)\(more)", signature, "times are \(zone)",
        ]
    }

    var zone: String { Timestamp.zoneName(utcOffset) }

    func stamp(_ time: Timestamp) -> String { time.plain(utcOffset: utcOffset) }

    /// The time of day; with the date when it is not today's.
    func clock(_ time: Timestamp, near now: Timestamp) -> String {
        let text = stamp(time)
        return text.prefix(10) == stamp(now).prefix(10) ? String(text.dropFirst(11)) : text
    }

    func duration(_ incident: Incident) -> String {
        switch report.kind {
        case .reminder: Self.round(report.time - incident.firstSeen)
        case .recovered: Self.round(end(of: incident) - incident.firstSeen)
        default: Self.round(incident.lastSeen - incident.firstSeen)
        }
    }

    /// When the sign of its end was read.
    func end(of incident: Incident) -> Timestamp { incident.ended ?? report.time }

    /// A length of time without what nobody needs to know: `61 s`, `83 min`, `1 h`, `2 d 3 h`.
    static func round(_ length: Duration) -> String {
        if length < .seconds(10) { return "\(max(1, length.milliseconds / 1000)) s" }
        let minutes = (length.milliseconds + 30_000) / 60_000
        if minutes >= 60, minutes % 60 == 0, minutes < 48 * 60 { return "\(minutes / 60) h" }
        return length.phrase.replacing(" 0 min", with: "").replacing(" 0 h", with: "")
    }

    /// The name of a language, as it is written.
    static func language(_ name: String) -> String {
        switch name {
        case "php": "PHP"
        case "javascript": "JavaScript"
        case "dotnet": ".NET"
        case "cpp": "C++"
        default: name.prefix(1).uppercased() + name.dropFirst()
        }
    }

    static func times(_ count: Int) -> String { count == 1 ? "once" : "\(count) times" }

    static func count(_ count: Int, _ noun: String) -> String { counted(count, noun) }

    /// Whether the sentence tells the host: by its title, or behind it.
    static func saysHost(_ incident: Incident) -> Bool { namesHost(incident) || takesHost(incident) }

    /// Whether `on HOST` can stand behind the title: not where it names the host, nor where it ends in what a log line
    /// says, which would read as if that said it.
    static func takesHost(_ incident: Incident) -> Bool { !namesHost(incident) && !endsInLogText(incident) }

    /// The host by its name or the first part of that, as a word.
    private static func namesHost(_ incident: Incident) -> Bool {
        func isPart(_ byte: UInt8) -> Bool {
            byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
        }
        let host = incident.origin.host
        let title = incident.title.utf8
        for name in [host[...], host.prefix { $0 != "." }] where !name.isEmpty {
            var rest = title[...]
            while let range = rest.firstRange(ofBytes: name.utf8) {
                let (before, after) = (title[..<range.lowerBound].last, title[range.upperBound...].first)
                if !(before.map(isPart) ?? false), !(after.map(isPart) ?? false) { return true }
                rest = rest[range.upperBound...]
            }
        }
        return false
    }

    /// `The shop failed: no connection to db2`: some words behind a colon that stand in the line.
    private static func endsInLogText(_ incident: Incident) -> Bool {
        var tail = incident.title[...]
        while let range = tail.utf8.firstRange(ofBytes: ": ".utf8) { tail = tail[range.upperBound...] }
        guard tail.startIndex != incident.title.startIndex, tail.utf8.contains(0x20) else { return false }
        return (incident.samples + incident.shownSamples).contains { $0.text.contains(String(tail)) }
    }

    /// A title without its full stop, to stand within a sentence.
    static func ended(_ title: String) -> String {
        title.hasSuffix(".") && !title.hasSuffix("..") ? String(title.dropLast()) : title
    }

    static func cut(_ text: String, _ limit: Int) -> String {
        let scalars = text.unicodeScalars
        guard scalars.count > limit else { return text }
        return String(String.UnicodeScalarView(scalars.prefix(limit))) + "…"
    }
}

extension String {
    /// Tabs as four blanks: a mail program shows them as it likes.
    var replacingTabs: String {
        contains("\t") ? split(separator: "\t", omittingEmptySubsequences: false).joined(separator: "    ") : self
    }

    /// A record of several lines as one line of context.
    var oneLine: String {
        (contains("\n") ? split(separator: "\n").joined(separator: " ⏎ ") : self).replacingTabs
    }
}
