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
    /// Whether it was as long as its header says when it was found: a piece of a file is not.
    var isWhole: Bool
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
    /// Not yet read to its end since it was found: what is old in it was written while nobody read it.
    var isBacklog = true
    /// How often in a row it gave less than its header promises, or could not be opened.
    var failures = 0
    /// When that began.
    var failingSince = Duration.zero
    /// Up to where files of this id promised entries that they did not give, and which those were.
    var owed: UInt64 = 0
    var givenUp: [FileKey: UInt64] = [:]
    /// Of the scan that found it last, and of its last reading.
    var seen = 0
    var used = 0

    /// Entries of which parts could not be read, since that was last told.
    var damagedEntries = 0

    private var descriptor: Descriptor?
    private var handle: JournalHandle?
    private var standsOnUnread = false
    /// While much is to be caught up with.
    private var mapped: MappedJournal?
    /// It is libsystemd's to read.
    private var isStrange = false

    /// From so many numbers on what is followed is not read through libsystemd.
    private static let much: UInt64 = 256

    init(_ header: JournalFileHeader, path: String, identity: FileKey, isWhole: Bool) {
        id = header.fileID
        sequenceID = header.sequenceID
        self.header = header
        self.path = path
        self.identity = identity
        self.isWhole = isWhole
        position = 0
    }

    /// Whether there are entries in it that were not read.
    var hasNews: Bool { !isBroken && !isComplete && header.entries > 0 && header.tail > position }
    var isOpen: Bool { descriptor != nil }

    func checkpoint(_ place: String) -> SourceCheckpoint {
        var checkpoint = JournalFileCheckpoint(place: place, file: id, sequenceID: sequenceID, sequence: position)
        checkpoint.isComplete = isComplete
        return .journalFile(checkpoint)
    }

    /// Lets go of the file; the position stays.
    func close() {
        mapped = nil
        letGoOfHandle()
        descriptor = nil
    }

    private func letGoOfHandle() {
        handle = nil
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
        if let isEnd = try readMapped(into: &batch, options) { return (isEnd, 0) }
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

    // MARK: Catching up

    /// Reads what was there before, and what is far behind, without libsystemd as far as that goes.
    /// - Returns: whether the end was reached; nil when nothing was read and libsystemd has to.
    private func readMapped(
        into batch: inout JournalBatch, _ options: JournalReader.Options
    ) throws(SystemError) -> Bool? {
        guard !isStrange,
            mapped != nil || (header.tail > position && (isBacklog || header.tail - position >= Self.much))
        else { return nil }
        let file = try openedFile()
        let mapped = mapped ?? MappedJournal(file, after: position, upTo: header.tail)
        self.mapped = mapped
        guard let mapped else {
            isStrange = true
            return nil
        }
        let start = position
        batch.beginMappedFile()
        while true {
            let stop = mapped.read(into: &batch)
            position = mapped.sequence
            switch stop {
            case .full: return false
            case .indirect(let number, let fields):
                if let found = try add(number, to: &batch, options) {
                    // libsystemd leaves a damaged field out in silence.
                    if found < fields { damagedEntries += 1 }
                    mapped.pass(number)
                    position = number
                    continue
                }
                isStrange = true
            case .strange: isStrange = true
            case .end: break
            }
            self.mapped = nil
            letGoOfHandle()  // it stands elsewhere
            if case .end = stop { return true }
            return position == start ? nil : false
        }
    }

    /// Adds the entry of that number through libsystemd.
    /// - Returns: how many fields could be read; nil when it cannot be found, or not read.
    private func add(
        _ number: UInt64, to batch: inout JournalBatch, _ options: JournalReader.Options
    ) throws(SystemError) -> Int? {
        let handle = try opened(options)
        let cursor = cursor(number)
        do throws(SystemError) {
            try handle.seek(cursor: cursor)
            guard try handle.next(), handle.isAt(cursor: cursor) else { return nil }
            return try batch.add(handle)
        } catch {
            guard error.isDamage else { throw error }
            return nil
        }
    }

    private func cursor(_ number: UInt64) -> String { "s=\(sequenceID);i=\(String(number, radix: 16))" }

    // MARK: Opening

    private func openedFile() throws(SystemError) -> Descriptor {
        if let descriptor { return descriptor }
        let file = try Descriptor.open(path, O_RDONLY | O_NONBLOCK)
        guard try JournalFileHeader.read(file)?.fileID == id else {
            throw SystemError("find a journal file any more at", path, errno: ENOENT)
        }
        descriptor = file
        return file
    }

    private func opened(_ options: JournalReader.Options) throws(SystemError) -> JournalHandle {
        if let handle { return handle }
        let file = try openedFile()
        let opened = try JournalHandle(file: file)
        opened.setDataThreshold(options.messageLimit + 64)
        if position == 0 {
            try opened.seekHead()
        } else {
            let cursor = cursor(position)
            try opened.seek(cursor: cursor)
            standsOnUnread = try opened.next() && !opened.isAt(cursor: cursor)
        }
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
