// What was found out about archives: how each begins, and of which texts it is not, so that its program is not run again
// for the same question.

import Formats
import Platform
import Records

/// Belongs to one thread.
final class KnownArchives {
    /// Beginnings, and of which archives: an inode is used again, and times are coarse.
    private var heads: [FileKey: (status: FileStatus, head: [UInt8])] = [:]
    /// Texts that begin as the archive does, and are others.
    private var refuted: [FileKey: Set<TextMarks>] = [:]
    /// Archives of which the beginning is still to come.
    private var streams: [FileKey: (status: FileStatus, stream: ArchiveStream, since: Duration)] = [:]
    /// How long one call waits for a program.
    private let patience: Duration
    private static let most = 4096
    /// After so long without a beginning an archive counts as one that cannot be read.
    private static let mostPatience = Duration.seconds(60)

    init(patience: Duration) { self.patience = patience }

    /// The beginning of an archive's text as it was found last.
    func knownHead(of key: FileKey) -> [UInt8]? { heads[key]?.head }

    /// How an archive's text begins.
    enum Beginning {
        case bytes([UInt8])
        /// Its program is slow, or there is no room for it: to be asked again.
        case coming
        case unreadable
    }

    /// Waits for it, `patience` at most.
    /// - Parameter open: the archive; asked only where it is not known.
    func beginning(of generation: Generation, _ compression: Compression, open: () -> Descriptor?) -> Beginning {
        let (key, status) = (generation.key, generation.status)
        if let known = heads[key], Self.areSame(known.status, status) { return .bytes(known.head) }
        let now = SystemClock.monotonic()
        streams = streams.filter { $0.value.since + Self.mostPatience > now || $0.key == key }
        do throws(ArchiveFailure) {
            var running = streams.removeValue(forKey: key)
            if !(running.map { Self.areSame($0.status, status) } ?? false) {
                guard let descriptor = open() else { return .unreadable }
                running = (status, try ArchiveStream(descriptor, compression, now: .zero), now)
            }
            guard let running else { return .unreadable }
            guard let head = try running.stream.head(patience: patience) else {
                if running.since + Self.mostPatience <= now { return .unreadable }
                streams[key] = running
                return .coming
            }
            if heads.count >= Self.most { heads = [:] }
            heads[key] = (status, head)
            return .bytes(head)
        } catch {
            return error.isPassing ? .coming : .unreadable
        }
    }

    private static func areSame(_ a: FileStatus, _ b: FileStatus) -> Bool {
        a.size == b.size && a.modified == b.modified
    }

    func refute(_ key: FileKey, _ marks: TextMarks) { refuted[key, default: []].insert(marks) }

    func isRefuted(_ key: FileKey, _ marks: TextMarks) -> Bool { refuted[key]?.contains(marks) ?? false }
}
