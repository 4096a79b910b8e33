// One file of a folder of journal files, and how far it is read. Within a file entries follow each other by their sequence
// numbers, whatever their times say: the number read last is the whole position.

import Formats
import Glibc
import Platform
import Records

/// A file of a folder. Belongs to the folder's thread.
final class JournalFile {
    let id: String
    let sequenceID: String
    var path: String
    var identity: FileKey
    var header: JournalFileHeader
    /// The sequence number of the entry read last; 0 before the first.
    var position: UInt64
    /// Nothing will be written to it any more, and all was read.
    var isComplete = false
    /// It cannot be read any further, and that was said.
    var isBroken = false
    var isWaiting = false
    /// The folder has it; before, it was only found.
    var isKnownToFolder = false
    /// It came while the folder was watched, or between two runs.
    var isNew = false
    /// How often in a row it gave less than its header promises, or could not be opened.
    var failures = 0
    /// When that began.
    var failingSince = Duration.zero
    /// Of the scan that found it last, and of its last reading.
    var seen = 0
    var used = 0

    private var descriptor: Descriptor?
    private var handle: JournalHandle?
    private var standsOnUnread = false

    init(_ header: JournalFileHeader, path: String, identity: FileKey, position: UInt64) {
        id = header.fileID
        sequenceID = header.sequenceID
        self.header = header
        self.path = path
        self.identity = identity
        self.position = position
    }

    /// Whether there are entries in it that were not read.
    var hasNews: Bool { !isBroken && !isComplete && header.entries > 0 && header.tail > position }
    var isOpen: Bool { handle != nil }

    func checkpoint(_ place: String) -> SourceCheckpoint {
        var checkpoint = JournalFileCheckpoint(place: place, file: id, sequenceID: sequenceID, sequence: position)
        checkpoint.isComplete = isComplete
        return .journalFile(checkpoint)
    }

    /// Lets go of the file; the position stays.
    func close() {
        handle = nil
        descriptor = nil
        standsOnUnread = false
    }

    /// Reads the header again where the file is open, also when it was deleted.
    func refresh() {
        if let descriptor, let fresh = try? JournalFileHeader.read(descriptor) { header = fresh }
    }

    /// Reads on until the batch is full or the file's end is reached.
    /// - Returns: whether it was the end; how many damaged entries were passed over.
    func read(
        into batch: inout JournalBatch, _ options: JournalReader.Options
    ) throws(SystemError) -> (isEnd: Bool, damaged: Int) {
        let handle = try opened(options)
        var damaged = 0
        var hasMoved = false
        var isEnd = false
        while batch.hasRoom {
            if !standsOnUnread, try !handle.next() {
                isEnd = true
                break
            }
            standsOnUnread = true
            do throws(SystemError) { try batch.add(handle) } catch {
                guard error.isDamage, damaged < 1000 else { throw error }
                damaged += 1
            }
            standsOnUnread = false
            hasMoved = true
        }
        if hasMoved {
            guard let sequence = CursorParts(try handle.cursor()).sequence else {
                throw SystemError("read an entry's number in", path, errno: EBADMSG)
            }
            position = sequence
        }
        return (isEnd, damaged)
    }

    private func opened(_ options: JournalReader.Options) throws(SystemError) -> JournalHandle {
        if let handle { return handle }
        let file = try Descriptor.open(path, O_RDONLY | O_NONBLOCK)
        guard try JournalFileHeader.read(file)?.fileID == id else {
            throw SystemError("find a journal file any more at", path, errno: ENOENT)
        }
        let opened = try JournalHandle(file: file)
        opened.setDataThreshold(options.messageLimit + 64)
        if position == 0 {
            try opened.seekHead()
        } else {
            let cursor = "s=\(sequenceID);i=\(String(position, radix: 16))"
            try opened.seek(cursor: cursor)
            standsOnUnread = try opened.next() && !opened.isAt(cursor: cursor)
        }
        descriptor = file
        handle = opened
        return opened
    }

    /// The number before the first entry of the boot that runs now; nil where there is none of it.
    func positionBeforeThisBoot(_ options: JournalReader.Options) throws(SystemError) -> UInt64? {
        defer { close() }
        let first = try opened(options).firstCursorOfThisBoot()
        return first.flatMap { CursorParts($0).sequence }.map { $0 > 0 ? $0 - 1 : 0 }
    }
}
