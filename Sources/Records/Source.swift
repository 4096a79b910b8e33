// Where records come from. A name that stays: it stands in checkpoints, letters and `herald status`.

import Formats

/// A journal or a log file.
package enum Source: Hashable, Sendable {
    /// A folder of journal files or a namespace; "" is the system's own journal.
    case journal(String)
    /// The path under which the file was found, as `LogPath` has it.
    case file(String)

    /// For people: `journal`, `journal /var/log/journal/remote`, or the path.
    package var name: String {
        switch self {
        case .journal(""): "journal"
        case .journal(let place): "journal " + place
        case .file(let path): LogPath.shown(path)
        }
    }

    /// A key of one line, for the owner's tables.
    package var key: String {
        switch self {
        case .journal(let place): "journal:" + place
        case .file(let path): "file:" + path
        }
    }

    /// Reads `key` back.
    package init?(key: String) {
        if key.begins("journal:") {
            self = .journal(String(key.unicodeScalars.dropFirst(8)))
        } else if key.begins("file:") {
            self = .file(LogPath.text(ofPath: String(key.unicodeScalars.dropFirst(5))))
        } else {
            return nil
        }
    }

    package var isJournal: Bool { if case .journal = self { true } else { false } }
}

/// Something about a source that an administrator has to know, because records may be missing or come no more. The
/// pipeline makes an incident of its own of it (what was not seen is reported too).
package struct SourceNotice: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// A stretch is gone: vacuumed, truncated, rotated away unread, or lost with a damaged journal file.
        case gap
        /// Text that is there was not matched: the rest of a line over the limit.
        case skipped
        /// The source cannot be read now; it is tried again.
        case unreadable
        /// An unreadable source is read again.
        case readable
        /// The source itself says that records were dropped (journald's rate limit).
        case suppressed
        /// Nothing is missing by it, but it is not as it should be.
        case remark
    }

    package var source: Source
    package var kind: Kind
    /// One sentence, foreign parts of it made safe to show.
    package var text: String

    package init(_ source: Source, _ kind: Kind, _ text: String) {
        self.source = source
        self.kind = kind
        self.text = text
    }

    /// Whether records may have been missed, rather than only be late.
    package var isLoss: Bool { kind == .gap || kind == .skipped || kind == .suppressed }
}
