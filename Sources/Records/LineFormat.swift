// The forms that log files have. A file's form is chosen by its lines, or set (`format:`).

import Formats

/// The form of the lines of a file.
package enum LineFormat: String, Hashable, Sendable, CaseIterable {
    /// Each line's header is recognised by itself.
    case auto
    /// No header: all of the line is the message.
    case plain
    /// One JSON object on each line.
    case json
    /// `{"log":"…\n","stream":"stderr","time":"…"}`, Docker's json-file driver.
    case docker
    /// `2026-11-21T12:41:14.123456789Z stderr F …`, of containerd and CRI-O, where the program's own lines are JSON.
    case cri

    /// How long a line may be, in bytes, where a file's settings do not say.
    package static let lineLimit = 64 << 10

    /// Whether the text must be decoded before the scan sees it.
    package var isDecoded: Bool { self == .json || self == .docker || self == .cri }

    /// The form of a file that begins with these bytes: JSON when its first line that is not blank starts with `{`.
    package static func recognised(in head: some Sequence<UInt8>) -> LineFormat {
        let line = head.drop { [0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf].contains($0) }.prefix { $0 != 0x0a }
        var scanner = LineScanner(Array(line.prefix(64)))
        if scanner.peek() == UInt8(ascii: "{") { return .json }
        guard scanner.isoTime(localOffset: 0) != nil,
            scanner.take(" stderr ") || scanner.take(" stdout "), scanner.take("F {") || scanner.take("P {")
        else { return .auto }
        return .cri
    }
}

/// What a line's header cannot say by itself: RFC 3164 has neither year nor zone.
package struct LineContext: Hashable, Sendable {
    package var format: LineFormat
    /// About when the lines were read: gives the year.
    package var readAt: Timestamp
    /// Seconds that this host's clocks are ahead of UTC.
    package var utcOffset: Int
    /// When lines without a time were written at the latest, where that is known to be before they were read; nil where
    /// it is not.
    package var undatedTime: Timestamp?

    package init(
        format: LineFormat = .auto, readAt: Timestamp, utcOffset: Int = 0, undatedTime: Timestamp? = nil
    ) {
        self.format = format
        self.readAt = readAt
        self.utcOffset = utcOffset
        self.undatedTime = undatedTime
    }
}
