// The header of a journal file (systemd.io/JOURNAL_FILE_FORMAT): enough to know, without opening the file's entries,
// whose it is and whether there is more in it than was read. Everything else is libsystemd's to read.

import Formats
import Glibc
import Platform

struct JournalFileHeader: Equatable {
    /// Of the file, made with it.
    var fileID: String
    /// Of the writer's numbers; a writer's next file carries it on.
    var sequenceID: String
    /// The boot of the last entry; of the file's making where there is none.
    var tailBoot: String
    /// Whether nothing will be written to it any more.
    var isArchived: Bool
    /// Whether it is being written to, or was when its writer died.
    var isOnline: Bool
    var entries: UInt64
    /// The numbers of the first and the last entry; 0 in an empty file.
    var head: UInt64
    var tail: UInt64
    /// Bytes of the file, as far as it was laid out.
    var length: UInt64

    static let size = 208

    /// Nil when `bytes` are not the beginning of a journal file.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.size, bytes.starts(with: "LPKSHHRH".utf8) else { return nil }
        func number(_ at: Int) -> UInt64 { (0..<8).reduce(0) { $0 | UInt64(bytes[at + $1]) << (8 * UInt64($1)) } }
        func id(_ at: Int) -> String { Hex.encode(Array(bytes[at..<at + 16])) }
        isArchived = bytes[16] == 2
        isOnline = bytes[16] == 1
        fileID = id(24)
        tailBoot = id(56)
        sequenceID = id(72)
        length = number(88).addingReportingOverflow(number(96)).partialValue
        entries = number(152)
        tail = number(160)
        head = number(168)
    }

    /// Reads it. Throws what cannot be read; nil when the file is no journal file (yet).
    static func read(_ file: Descriptor) throws(SystemError) -> JournalFileHeader? {
        var bytes = [UInt8](repeating: 0, count: size)
        let count = try retrying("read a journal file") { pread(file.number, &bytes, size, 0) }
        return JournalFileHeader(Array(bytes.prefix(Int(count))))
    }
}
