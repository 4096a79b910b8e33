// A log line as a letter shows it: safe, masked, bounded, with its neighbours and with who wrote it.

import Formats
import Records

/// Where a record came from and who wrote it, as far as the source says. All texts are safe to show.
package struct Origin: Hashable, Sendable {
    package var host: String
    /// The source's name: `journal`, or the path of the file.
    package var source: String
    package var isJournal = false
    package var transport: String?
    package var unit: String?
    package var identifier: String?
    package var executable: String?
    package var pid: Int32?
    package var uid: UInt32?
    package var bootID: String?
    /// Of a stack trace: the language that wrote it, in lower case.
    package var traceLanguage: String?

    package init(host: String, source: String) {
        self.host = host
        self.source = source
    }

    /// - Parameter localHost: stands in where the record names no host.
    package init(_ record: Record, localHost: String) {
        host = Self.safe(record.host) ?? localHost
        source = Self.shown(record.source)
        isJournal = record.source.isJournal
        transport = Self.safe(record.transport)
        unit = Self.safe(record.unit)
        identifier = Self.safe(record.identifier)
        executable = Self.safe(record.executable)
        pid = record.pid
        uid = record.uid
        bootID = Self.safe(record.bootID)
        // Only records of several lines have it, and few are.
        guard record.message.contains(0x0a), let language = record.values(of: Record.traceLanguage).first else {
            return
        }
        traceLanguage = Printable.text(language, limit: 40)
    }

    /// Of what Herald itself noticed, and no source said.
    package static func own(host: String) -> Origin { Origin(host: host, source: ownSource) }
    /// No file has this name: theirs are whole paths.
    package var isOwn: Bool { !isJournal && source == Self.ownSource }
    private static let ownSource = "herald-watcher"

    /// The unit, else the file, else the program: what an administrator would call the place.
    package var place: String { unit ?? (isJournal ? identifier ?? source : source) }

    /// Whether both are of one place, as recovery and inhibition want it, since any user can write any text: in the journal
    /// the same host, transport and unit; in files the same host and file.
    package func vouches(for other: Origin) -> Bool {
        host == other.host && isJournal == other.isJournal && transport == other.transport && unit == other.unit
            && (isJournal || source == other.source)
    }

    package static func shown(_ source: Source) -> String { Printable.text(source.name, limit: 300) }
    package static func safe(_ text: String?) -> String? { text.map { Printable.text($0, limit: 200) } }
}

/// One hit as the letter shows it.
package struct Sample: Hashable, Sendable {
    /// Of a line, in characters.
    package static let limit = 4000
    /// Of a record of several lines.
    package static let traceLimit = 12_000
    /// Of a line of context.
    package static let contextLimit = 500

    package var time: Timestamp
    package var origin: Origin
    /// May hold newlines (a stack trace), nothing else unsafe.
    package var text: String
    package var before: [String] = []
    package var after: [String] = []

    package init(time: Timestamp, origin: Origin, text: String, before: [String] = [], after: [String] = []) {
        self.time = time
        self.origin = origin
        self.text = text
        self.before = before
        self.after = after
        maskKeys()
    }

    /// Lines that came after it was made.
    package mutating func append(after lines: [String]) {
        after += lines
        maskKeys()
    }

    /// A private key may stand in many lines, of which each alone looks harmless.
    private mutating func maskKeys() {
        let own = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let lines = before + own + after
        let masked = SecretMask.maskedKeys(lines)
        guard masked != lines else { return }
        before = Array(masked[..<before.count])
        text = masked[before.count..<(before.count + own.count)].joined(separator: "\n")
        after = Array(masked[(before.count + own.count)...])
    }

    /// Log bytes made fit to be kept and shown.
    package static func line(_ bytes: some Collection<UInt8>, limit: Int = Sample.limit) -> String {
        // A trace is kept longer than a line, and of one that is too long the end is: it says what was the cause.
        if limit == Sample.limit, bytes.contains(0x0a) { return trace(Array(bytes)) }
        // Masked before it is cut, so that a cut never bares half a secret; four bytes are one character at most.
        let masked = SecretMask.masked(Array(bytes.prefix(limit * 4)))
        return trimmed(Printable.text(masked, keepingLines: true, limit: limit))
    }

    private static func trace(_ bytes: [UInt8]) -> String {
        let text = trimmed(Printable.text(SecretMask.masked(Array(bytes.prefix(1 << 18))), keepingLines: true))
        let scalars = text.unicodeScalars
        guard scalars.count > traceLimit else { return text }
        func string(_ part: Substring.UnicodeScalarView) -> String { String(String.UnicodeScalarView(part)) }
        let (head, tail) = (scalars.prefix(traceLimit * 2 / 3), scalars.suffix(traceLimit / 3))
        return string(head) + "…\n…" + string(tail)
    }

    private static func trimmed(_ text: String) -> String {
        // Other line ends do not get here.
        let end = text.utf8.lastIndex { $0 != 0x0a }
        return end.map { String(text[..<text.utf8.index(after: $0)]) } ?? ""
    }
}

/// What a pattern's named group took, safe to show.
package struct CapturedValue: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        value =
            SecretMask.isSecretName(name)
            ? "***" : Printable.text(SecretMask.masked(Array(bytes.prefix(1200))), limit: 300)
    }
}
