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

    package init(host: String, source: String) {
        self.host = host
        self.source = source
    }

    /// - Parameter localHost: stands in where the record names no host.
    package init(_ record: Record, localHost: String) {
        host = Self.safe(record.host) ?? localHost
        source = Printable.text(record.source.name, limit: 300)
        isJournal = record.source.isJournal
        transport = Self.safe(record.transport)
        unit = Self.safe(record.unit)
        identifier = Self.safe(record.identifier)
        executable = Self.safe(record.executable)
        pid = record.pid
        uid = record.uid
        bootID = Self.safe(record.bootID)
    }

    /// The unit, else the file, else the program: what an administrator would call the place.
    package var place: String { unit ?? (isJournal ? identifier ?? source : source) }

    /// Recovery and inhibition count from the same host, transport and unit only: any user can write any text.
    package func vouches(for other: Origin) -> Bool {
        host == other.host && isJournal == other.isJournal && transport == other.transport && unit == other.unit
            && (isJournal || source == other.source)
    }

    private static func safe(_ text: String?) -> String? { text.map { Printable.text($0, limit: 200) } }
}

/// One hit as the letter shows it.
package struct Sample: Hashable, Sendable {
    /// Of a line, in characters; a multi-line record counts as one line.
    package static let limit = 4000
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
    }

    /// Log bytes made fit to be kept and shown.
    package static func line(_ bytes: some Collection<UInt8>, limit: Int = Sample.limit) -> String {
        // Masked before it is cut, so that a cut never bares half a secret; four bytes are one character at most.
        let masked = SecretMask.masked(Array(bytes.prefix(limit * 4)))
        var text = Printable.text(masked, keepingLines: true, limit: limit)
        while text.last?.isNewline == true { text.removeLast() }
        return text
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
