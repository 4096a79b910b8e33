// libsystemd's journal reader (sd-journal(3)), return codes made errors. The pointer is owned here, closed at deinit.
// A handle belongs to one thread for life, even with locks (sd_journal_open(3)).

import CSystemd
import Formats
import Glibc
import Platform

final class JournalHandle {
    private let journal: OpaquePointer

    /// "" is this host's own journal (system and users), a path a folder of journal files, any other a namespace.
    init(place: String) throws(SystemError) {
        var opened: OpaquePointer?
        let result =
            if place.isEmpty {
                sd_journal_open(&opened, Int32(SD_JOURNAL_LOCAL_ONLY))
            } else if place.hasPrefix("/") {
                sd_journal_open_directory(&opened, place, 0)
            } else {
                sd_journal_open_namespace(&opened, place, Int32(SD_JOURNAL_LOCAL_ONLY))
            }
        guard result >= 0, let opened else {
            throw SystemError("open the journal", place, errno: result < 0 ? 0 - result : EIO)
        }
        journal = opened
    }

    /// One journal file, by an open descriptor of it, whatever its name is by now. Such a handle follows the file as it
    /// grows, and has no descriptor to poll. Opened through /proc, and not by `sd_journal_open_files_fd`: whether that
    /// closes what it is given differs between versions.
    init(file: Descriptor) throws(SystemError) {
        var opened: OpaquePointer?
        let result = "/proc/self/fd/\(file.number)".withCString { path in
            var paths = [path, nil]
            return sd_journal_open_files(&opened, &paths, 0)
        }
        guard result >= 0, let opened else {
            throw SystemError("open a journal file", errno: result < 0 ? 0 - result : EIO)
        }
        journal = opened
    }

    deinit { sd_journal_close(journal) }

    private func check(_ operation: String, _ result: Int32) throws(SystemError) -> Int32 {
        if result < 0 { throw SystemError(operation, errno: -result) }
        return result
    }

    var descriptor: Int32? {
        let number = sd_journal_get_fd(journal)
        return number >= 0 ? number : nil
    }

    var events: Int16 { Int16(truncatingIfNeeded: max(0, sd_journal_get_events(journal))) }

    /// On CLOCK_MONOTONIC; nil: none.
    var timeout: Duration? {
        var microseconds: UInt64 = 0
        guard sd_journal_get_timeout(journal, &microseconds) >= 0, microseconds != .max else { return nil }
        return .microseconds(Int64(clamping: microseconds))
    }

    /// Takes note of files that came or went; whether they did.
    func process() throws(SystemError) -> Bool {
        try check("process changes of the journal", sd_journal_process(journal)) == Int32(SD_JOURNAL_INVALIDATE)
    }

    var hasFiles: Bool { sd_journal_has_persistent_files(journal) > 0 || sd_journal_has_runtime_files(journal) > 0 }

    func setDataThreshold(_ bytes: Int) { sd_journal_set_data_threshold(journal, bytes) }

    /// Whether there was a further entry.
    func next() throws(SystemError) -> Bool { try check("read the journal", sd_journal_next(journal)) > 0 }
    func previous() throws(SystemError) -> Bool { try check("read the journal", sd_journal_previous(journal)) > 0 }
    func seekHead() throws(SystemError) { _ = try check("seek in the journal", sd_journal_seek_head(journal)) }
    func seekTail() throws(SystemError) { _ = try check("seek in the journal", sd_journal_seek_tail(journal)) }
    func seek(cursor: String) throws(SystemError) {
        _ = try check("seek in the journal", sd_journal_seek_cursor(journal, cursor))
    }

    /// Whether the current entry is the one that `cursor` names.
    func isAt(cursor: String) -> Bool { sd_journal_test_cursor(journal, cursor) > 0 }

    func cursor() throws(SystemError) -> String {
        var text: UnsafeMutablePointer<CChar>?
        _ = try check("ask for the journal's cursor", sd_journal_get_cursor(journal, &text))
        defer { free(text) }
        return text.map { String(cString: $0) } ?? ""
    }

    func realtime() throws(SystemError) -> Timestamp {
        var microseconds: UInt64 = 0
        _ = try check("read an entry's time", sd_journal_get_realtime_usec(journal, &microseconds))
        return Timestamp(microseconds: Int64(clamping: microseconds))
    }

    /// Calls `body` with each `NAME=value` of the current entry; those that cannot be decompressed are left out. The
    /// bytes are valid during the call only.
    func forEachField(_ body: (UnsafeRawBufferPointer) -> Void) throws(SystemError) {
        sd_journal_restart_data(journal)
        var data: UnsafeRawPointer?
        var length = 0
        while try check("read an entry", sd_journal_enumerate_available_data(journal, &data, &length)) > 0 {
            body(UnsafeRawBufferPointer(start: data, count: length))
        }
    }

    /// The id of the boot that runs now, hexadecimal; nil where the system does not say.
    static var thisBoot: String? {
        var boot = sd_id128_t()
        guard sd_id128_get_boot(&boot) >= 0 else { return nil }
        return Hex.encode(withUnsafeBytes(of: &boot) { Array($0) })
    }

    /// The cursor of the first entry of this host's running boot, nil if there is none. A seek to the boot's first
    /// instant would not do: in files without that boot it lands at their beginning.
    func firstCursorOfThisBoot() throws(SystemError) -> String? {
        guard let boot = Self.thisBoot else { return nil }
        let match = "_BOOT_ID=" + boot
        _ = try check("select this boot's entries", sd_journal_add_match(journal, match, match.utf8.count))
        defer { sd_journal_flush_matches(journal) }
        try seekHead()
        return try next() ? try cursor() : nil
    }
}

/// The parts of a cursor that say how entries follow each other. The format is systemd's own (sd_journal_get_cursor(3)
/// calls it opaque): what is not found is nil, and only a finer notice is lost.
struct CursorParts: Equatable {
    var sequenceID: Substring?
    var sequence: UInt64?
    var boot: Substring?
    var realtime: UInt64?

    init(_ cursor: String) {
        for part in cursor.split(separator: ";") {
            let value = part.dropFirst(2)
            switch part.prefix(2) {
            case "s=": sequenceID = value
            case "i=": sequence = UInt64(value, radix: 16)
            case "b=": boot = value
            case "t=": realtime = UInt64(value, radix: 16)
            default: break
            }
        }
    }

    /// How many entries of the same writer lie between this one and `later`; nil when that cannot be told.
    func entries(before later: CursorParts) -> UInt64? {
        guard let sequenceID, sequenceID == later.sequenceID, let from = sequence, let to = later.sequence, to > from
        else { return nil }
        return to - from - 1
    }
}
