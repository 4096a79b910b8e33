// Where the reading of a source has come to, as plain values. The owner stores them in the transaction that stores the
// hits of the records before them; a source resumes from them.

import Formats

/// Where the reading of a journal has come to: the cursor, never a time.
package struct JournalCheckpoint: Hashable, Sendable {
    /// The place as in `Source.journal`.
    package var place: String
    /// Of the last entry that was handed over (sd_journal_get_cursor(3)); "" before the first entry of all.
    package var cursor: String
    /// The settings ceased to name it: it is not resumed from here.
    package var isRetired = false

    package init(place: String, cursor: String) {
        self.place = place
        self.cursor = cursor
    }

    /// Of a journal that was empty when the reading of it began: all that will be in it is new.
    package static func beforeAll(of place: String) -> JournalCheckpoint { JournalCheckpoint(place: place, cursor: "") }

    package var isBeforeAll: Bool { cursor.isEmpty }
}

/// Where the reading of one file of a folder of journal files has come to. An entry's sequence number is its place in the
/// file, so that a file is read to its end whenever it comes, and whatever times its entries bear.
package struct JournalFileCheckpoint: Hashable, Sendable {
    /// The folder, as in `Source.journal`.
    package var place: String
    /// The id in the file's header, hexadecimal: it stays when the file is renamed or copied.
    package var file: String
    /// Whose numbers they are: one writer's, over all its files.
    package var sequenceID: String
    /// Of the last entry that was handed over; 0 before the first.
    package var sequence: UInt64
    /// Nothing will be written to it any more, and all was read.
    package var isComplete = false

    package init(place: String, file: String, sequenceID: String, sequence: UInt64) {
        self.place = place
        self.file = file
        self.sequenceID = sequenceID
        self.sequence = sequence
    }
}

/// Either, with a key under which the newest replaces the one before.
package enum SourceCheckpoint: Hashable, Sendable {
    case file(FileCheckpoint)
    case journal(JournalCheckpoint)
    case journalFile(JournalFileCheckpoint)
    /// This glob was looked at first at that time: files that match it and are not known appeared since, and are read
    /// from their beginning. Of a folder, with a `/` behind it: it might not be looked into since then.
    case pattern(String, since: Timestamp)

    /// One row of the owner's table: device and inode of a file with the path of its log (a renamed file keeps its row;
    /// another log's file that gets its inode has one of its own), or the journal's place.
    package var key: String {
        switch self {
        case .file(let file): Self.key(device: file.device, inode: file.inode, path: file.path)
        case .journal(let journal): "journal:\(journal.place)"
        case .journalFile(let file): "journal-file:\(file.file):\(file.place)"
        case .pattern(let pattern, _): Self.key(pattern: pattern)
        }
    }

    package static func key(device: UInt64, inode: UInt64, path: String) -> String { "file:\(device):\(inode):\(path)" }

    package static func key(pattern: String) -> String { "pattern:\(pattern)" }

    /// The stored form: JSON on one line.
    package var text: String {
        switch self {
        case .file(let file): return file.json.text
        case .journal(let journal):
            let value: JSON = [
                "journal": .string(journal.place), "cursor": .string(journal.cursor),
                "retired": .bool(journal.isRetired),
            ]
            return value.text
        case .journalFile(let file):
            let value: JSON = [
                "journal": .string(file.place), "file": .string(file.file), "sequence_id": .string(file.sequenceID),
                "sequence": JSON(String(file.sequence)), "complete": .bool(file.isComplete),
            ]
            return value.text
        case .pattern(let pattern, let since):
            let value: JSON = ["pattern": .string(pattern), "since": .int(since.microseconds)]
            return value.text
        }
    }

    /// Reads `text` back; nil when it is none.
    package init?(text: String) {
        guard let value = try? JSON.parse(text) else { return nil }
        if let place = value["journal"]?.string, let cursor = value["cursor"]?.string {
            var journal = JournalCheckpoint(place: place, cursor: cursor)
            journal.isRetired = value["retired"]?.bool ?? false
            self = .journal(journal)
            return
        }
        if let file = JournalFileCheckpoint(value) {
            self = .journalFile(file)
            return
        }
        if let pattern = value["pattern"]?.string {
            self = .pattern(LogPath.text(ofPath: pattern), since: Timestamp(microseconds: value["since"]?.int ?? 0))
            return
        }
        guard let file = FileCheckpoint(value) else { return nil }
        self = .file(file)
    }
}

extension JournalFileCheckpoint {
    fileprivate init?(_ value: JSON) {
        guard let place = value["journal"]?.string, let file = value["file"]?.string,
            let sequenceID = value["sequence_id"]?.string,
            let sequence = value["sequence"]?.string.flatMap({ UInt64($0) })
        else { return nil }
        self.init(place: place, file: file, sequenceID: sequenceID, sequence: sequence)
        isComplete = value["complete"]?.bool ?? false
    }
}

/// A batch, and the checkpoint that is valid once its hits are stored.
package struct SourceDelivery: Sendable {
    package var batch: RecordBatch
    package var checkpoint: SourceCheckpoint
    /// Whether a record that is old by its own time is read late: the clock that stamped it is this host's, or nobody read
    /// what was written then. Else that clock may only be slow.
    package var isAgeTrusted: Bool
}

/// What one call of a source's `read` hands over. All of it belongs into one transaction: the hits of the deliveries with
/// their checkpoints, in order, then `checkpoints`; rows of `forgotten` go. No key is in two of these places wrongly:
/// use the methods.
package struct SourceOutput: Sendable {
    package private(set) var deliveries: [SourceDelivery] = []
    package var notices: [SourceNotice] = []
    /// Checkpoints that moved without a record (a file seen for the first time and begun at its end).
    package private(set) var checkpoints: [SourceCheckpoint] = []
    /// Keys of checkpoints whose file is gone for good.
    package private(set) var forgotten: Set<String> = []
    /// Where a key stands in `checkpoints`: at a first start with 10,000 files there are as many of them.
    private var places: [String: Int] = [:]

    package init() {}

    package var isEmpty: Bool {
        deliveries.isEmpty && notices.isEmpty && checkpoints.isEmpty && forgotten.isEmpty
    }

    /// A batch, and the checkpoint behind it, which takes the place of earlier ones of its key.
    package mutating func deliver(_ batch: RecordBatch, _ checkpoint: SourceCheckpoint, isAgeTrusted: Bool) {
        withdraw(checkpoint.key)
        deliveries.append(SourceDelivery(batch: batch, checkpoint: checkpoint, isAgeTrusted: isAgeTrusted))
    }

    /// A checkpoint that moved without records.
    package mutating func move(_ checkpoint: SourceCheckpoint) {
        let key = checkpoint.key
        withdraw(key)
        places[key] = checkpoints.count
        checkpoints.append(checkpoint)
    }

    /// The checkpoint with this key is of no use any more.
    package mutating func forget(_ key: String) {
        withdraw(key)
        forgotten.insert(key)
    }

    private mutating func withdraw(_ key: String) {
        forgotten.remove(key)
        guard let place = places.removeValue(forKey: key), let last = checkpoints.popLast() else { return }
        guard place < checkpoints.count else { return }
        checkpoints[place] = last
        places[last.key] = place
    }
}
