// The text of a compressed generation, as its program writes it: gzip, xz, zstd or bzip2 as a child, held back by its
// pipe. Only forwards, a bounded window at a time, so an archive of any length costs no more memory than a block; what
// it does at one call is bounded, so a bomb takes turns like any other file.

import Formats
import Glibc
import Platform
import Records

/// Reads one archive. Belongs to one thread.
package final class ArchiveStream {
    enum State: Equatable {
        case running
        case ended
        /// Ended before the text did, and why, for people.
        case failed(String)
    }

    private(set) var state = State.running
    /// To be polled while there is nothing to read.
    var output: Descriptor { child.output }
    /// When something came last; monotonic.
    private(set) var lastProgress: Duration

    /// Held open, so that its inode is not used again while this is read.
    private let archive: Descriptor
    private let child: ChildStream
    private let compression: Compression
    /// A window of the text: what was read of it and not let go.
    private var window: [UInt8] = []
    private var windowStart: Int64 = 0

    /// Fails where the program is not installed, with a sentence that says what to install.
    package init(_ archive: Descriptor, _ compression: Compression, now: Duration = .zero) throws(ArchiveFailure) {
        let program = compression.program
        guard let path = ["/usr/bin/", "/bin/"].map({ $0 + program.name }).first(where: { access($0, X_OK) == 0 })
        else {
            throw ArchiveFailure(text: "\(program.name) is not installed (apt-get install \(program.package))")
        }
        lseek(archive.number, 0, SEEK_SET)
        do throws(SystemError) {
            child = try ChildStream([path, "-dc"], input: archive, memoryBytes: Self.memory)
        } catch {
            throw ArchiveFailure(
                text: error.description, isPassing: [EMFILE, ENFILE, ENOMEM, EAGAIN].contains(error.errno))
        }
        self.compression = compression
        self.archive = archive
        lastProgress = now
    }

    /// More than the largest windows that xz and zstd make without being asked to.
    private static let memory: UInt64 = 1 << 30
    /// Of one call.
    private static let work = 1 << 20

    /// Up to `count` bytes from `offset`, which is not before that of the last call; fewer at the end of the text, and
    /// while they are still to come (`state` tells which).
    func read(at offset: Int64, upTo count: Int, now: Duration) -> [UInt8] {
        var done = 0
        while state == .running, windowStart + Int64(window.count) < offset + Int64(count), done < Self.work {
            drop(before: offset)
            let piece: ChildStream.Piece
            do throws(SystemError) {
                piece = try child.read(upTo: 1 << 16)
            } catch {
                state = .failed(error.description)
                break
            }
            switch piece {
            case .none: return slice(offset, count)
            case .bytes(let bytes):
                window += bytes
                done += bytes.count
                lastProgress = now
            case .end: end()
            }
        }
        drop(before: offset)
        return slice(offset, count)
    }

    private func end() {
        let ending = child.finish()
        // gzip says 2 for a warning (trailing garbage behind a whole archive).
        if ending.code == 0 || (compression == .gzip && ending.code == 2) {
            state = .ended
        } else {
            // gzip begins with an empty line.
            let lines = ending.errors.split(separator: 0x0a).map { Printable.text($0, limit: 200) }
            let said = lines.prefix(2).joined(separator: "; ")
            state = .failed(said.isEmpty ? "\(compression.program.name) ended with \(ending.code)" : said)
        }
    }

    private func slice(_ offset: Int64, _ count: Int) -> [UInt8] {
        let from = Int(clamping: offset - windowStart)
        guard from >= 0, from < window.count else { return [] }
        return Array(window[from..<min(window.count, from + count)])
    }

    private func drop(before offset: Int64) {
        let count = min(window.count, max(0, Int(clamping: offset - windowStart)))
        window.removeFirst(count)
        windowStart += Int64(count)
    }

    /// The bytes from `offset` on, at most `count`, waited for; empty at the end of the text.
    package func waited(at offset: Int64, upTo count: Int) throws(ArchiveFailure) -> [UInt8] {
        while true {
            let bytes = read(at: offset, upTo: count, now: .zero)
            if !bytes.isEmpty { return bytes }
            switch state {
            case .ended: return []
            case .failed(let why): throw ArchiveFailure(text: why)
            case .running: _ = try? Poller.wait([(output.number, .readable)], timeout: .seconds(60))
            }
        }
    }

    /// The beginning of the text, up to `TextMark.headLength` bytes; of a stream that is used for nothing else. Waits for
    /// it, a few milliseconds most times, `patience` at most: nil where it is still to come then.
    func head(patience: Duration) throws(ArchiveFailure) -> [UInt8]? {
        let end = SystemClock.monotonic() + patience
        while true {
            let head = read(at: 0, upTo: TextMark.headLength, now: .zero)
            if case .failed(let why) = state, head.isEmpty { throw ArchiveFailure(text: why) }
            if head.count == TextMark.headLength || state != .running { return head }
            let left = end - SystemClock.monotonic()
            if left <= .zero { return nil }
            _ = try? Poller.wait([(output.number, .readable)], timeout: left)
        }
    }
}

/// Why an archive cannot be read, as the end of a sentence for people.
package struct ArchiveFailure: Error, Equatable {
    package var text: String
    /// There was no room for the program: it is worth another try.
    var isPassing = false
}
