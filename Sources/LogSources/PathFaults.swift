// What is wrong at the paths that are watched: each said once, and taken back once when it is over. Must stay true: what
// was said to be wrong is said to be over, and of any number of faults a person gets no more than they can read.

import Formats
import Platform
import Records

struct PathFaults {
    private struct Fault {
        var text: String
        /// The log of which it was said.
        var log: String
        /// The open file that could not be read; nil where none could be opened.
        var reader: FileKey?
    }

    /// Of more than these it is said only that there are more: whoever may make files makes faults.
    static let limit = 100

    /// By the places.
    private var named: [String: Fault] = [:]
    /// The folder of which it was said that there are more.
    private var further: String?
    /// And whether there are, as the scan that goes on has found so far.
    private var hasFurther = false

    var isEmpty: Bool { named.isEmpty }

    /// What was said of a place.
    subscript(place: String) -> String? { named[place]?.text }

    /// All, as the status shows them.
    var all: [SourceStatus] {
        named.map { SourceStatus(source: .file($0.key), fault: $0.value.text) }
            + [further].compactMap { $0 }.map { SourceStatus(source: .file($0), fault: Self.furtherText) }
    }

    private static let furtherText = "more than \(limit) files cannot be read; only these are named"

    /// Something is wrong at `place`, of which the log `log` is to be told.
    /// - Returns: what is to be said: nil where it was said before.
    mutating func note(_ place: String, of log: String, _ text: String, reader: FileKey? = nil) -> SourceNotice? {
        if named[place]?.text == text { return nil }
        guard named[place] != nil || named.count < Self.limit else { return noteFurther(log) }
        named[place] = Fault(text: text, log: log, reader: reader)
        return SourceNotice(.file(log), .unreadable, Printable.text(text))
    }

    private mutating func noteFurther(_ log: String) -> SourceNotice? {
        hasFurther = true
        if further != nil { return nil }
        let folder = Files.split(log).directory
        further = folder
        return SourceNotice(.file(folder), .unreadable, Self.furtherText)
    }

    /// The open file `reader` was read: what was wrong with the reading of it is over. What is wrong with its place is
    /// not, if another stands there.
    mutating func clear(_ place: String, readBy reader: FileKey) -> SourceNotice? {
        guard !named.isEmpty, named[place]?.reader == reader else { return nil }
        return end(place, "is read again")
    }

    /// A scan looks at all places anew.
    mutating func beginScan() { hasFurther = false }

    /// Ends the faults of places at which the scan found nothing wrong any more.
    /// - Parameters:
    ///   - isFaulty: what the scan found.
    ///   - isThere: whether something stands at the place.
    ///   - isOpen: whether a file stands there and is open: its next turn tells, not the scan.
    mutating func endScan(
        isFaulty: (String) -> Bool, isThere: (String) -> Bool, isOpen: (FileKey, _ place: String) -> Bool
    ) -> [SourceNotice] {
        var notices: [SourceNotice] = []
        for (place, fault) in named where !isFaulty(place) {
            if let reader = fault.reader, isOpen(reader, place) { continue }
            notices += [end(place, isThere(place) ? "is read again" : "is not there any more")].compactMap { $0 }
        }
        if let folder = further, !hasFurther, named.count < Self.limit {
            further = nil
            notices.append(SourceNotice(.file(folder), .readable, "All files that cannot be read are named again."))
        }
        return notices
    }

    private mutating func end(_ place: String, _ words: String) -> SourceNotice? {
        guard let fault = named.removeValue(forKey: place) else { return nil }
        return SourceNotice(.file(fault.log), .readable, "\(LogPath.shown(place)) \(words).")
    }
}
