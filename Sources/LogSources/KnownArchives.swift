// What was found out about archives: how each begins, and of which texts it is not, so that its program is not run again
// for the same question.

import Formats
import Platform
import Records

/// Belongs to one thread.
final class KnownArchives {
    /// Beginnings, and when their archives were changed last.
    private var heads: [FileKey: (modified: Timestamp, head: [UInt8])] = [:]
    /// Texts that begin as the archive does, and are others.
    private var refuted: [FileKey: Set<TextMarks>] = [:]
    private static let most = 4096

    /// The beginning of an archive's text as it was found last.
    func knownHead(of key: FileKey) -> [UInt8]? { heads[key]?.head }

    /// The beginning of an archive's text; nil where it cannot be read.
    /// - Parameter open: the archive; asked only where it is not known.
    func head(of generation: Generation, _ compression: Compression, open: () -> Descriptor?) -> [UInt8]? {
        let (key, modified) = (generation.key, generation.status.modified)
        if let known = heads[key], known.modified == modified { return known.head }
        guard let descriptor = open(), let head = try? ArchiveStream.head(of: descriptor, compression) else {
            return nil
        }
        if heads.count >= Self.most { heads = [:] }
        heads[key] = (modified, head)
        return head
    }

    func refute(_ key: FileKey, _ marks: TextMarks) { refuted[key, default: []].insert(marks) }

    func isRefuted(_ key: FileKey, _ marks: TextMarks) -> Bool { refuted[key]?.contains(marks) ?? false }
}
