// What `herald scan` reads: a file, an archive of one, or what comes through a pipe. A file that is no text is refused with
// words: "no line is hit" would be said of something that nobody looked at.

import Formats
import Glibc
import LogSources
import Platform
import RuleMatching

/// One file, opened. Used by one thread.
final class ScanInput {
    /// The first bytes of its text.
    let head: [UInt8]
    /// Why not all of the text was looked at.
    private(set) var failure: String?
    /// The file itself, where it can be read at any place.
    let file: Descriptor?

    private let descriptor: Descriptor
    private let name: String
    /// The words for what goes on in UTF-16.
    private let mixedWords: String
    private let archive: ArchiveStream?
    /// Bytes that were read before, and where in the archive's text reading goes on.
    private var taken: ArraySlice<UInt8>
    private var offset: Int64

    private static let headSize = 4096

    /// - Parameters:
    ///   - name: `-` for standard input.
    ///   - scan: how a person calls `herald scan -` with the same rules.
    /// - Throws: `SystemError`; `Failure` where it is no text.
    init(_ name: String, scan: String) throws {
        let shown = name == "-" ? "standard input" : Printable.text(name)
        descriptor = try Self.open(name)
        self.name = shown
        let path = name == "-" ? nil : ShellWord.quoted(shown)
        let status = try descriptor.status()
        let isFile = status.isRegular && lseek(descriptor.number, 0, SEEK_CUR) == 0
        let first = try isFile ? Self.peek(descriptor) : Self.begin(descriptor)
        let compression = Compression(head: first)
        let unpack = compression.flatMap { compression in path.map { "\(compression.program.name) -dc \($0)" } }
        mixedWords = WideEncoding.mixed.words(path: path, unpack: unpack, scan: scan)
        if let compression {
            guard isFile else {
                let program = compression.program.name
                throw Failure.wrong(
                    "\(shown) is compressed (\(program)): name the file, or `\(program) -dc FILE | \(scan)`")
            }
            do throws(ArchiveFailure) {
                let stream = try ArchiveStream(descriptor, compression)
                head = try stream.waited(at: 0, upTo: Self.headSize)
                archive = stream
            } catch {
                throw Failure.wrong("cannot read \(shown): \(error.text)")
            }
            (taken, offset, file) = (head[...], Int64(head.count), nil)
        } else {
            (head, archive, offset) = (first, nil, 0)
            taken = isFile ? [] : first[...]
            file = isFile ? descriptor : nil
        }
        if let kind = NoText.kind(of: head, path: path, unpack: unpack, scan: scan) {
            throw Failure.wrong("\(shown) \(kind)")
        }
        if isFile, archive == nil {
            noteEncoding(of: try Self.peek(descriptor, at: max(0, status.size - Int64(Self.headSize))))
        }
    }

    /// Its text in blocks of whole lines; once.
    func reader() -> BlockReader {
        BlockReader { (place, count) throws(SystemError) in try self.read(to: place, count) }
    }

    private func read(to place: UnsafeMutableRawPointer, _ count: Int) throws(SystemError) -> Int {
        if taken.isEmpty, let archive {
            do throws(ArchiveFailure) {
                taken = try archive.waited(at: offset, upTo: min(count, BlockReader.blockSize))[...]
                offset += Int64(taken.count)
            } catch {
                failure = "\(name) cannot be read to its end: \(error.text)"
                return 0
            }
        }
        if taken.isEmpty, archive == nil {
            let got = Int(try retrying("read", name) { Glibc.read(descriptor.number, place, count) })
            if file == nil { noteEncoding(of: UnsafeRawBufferPointer(start: place, count: got)) }
            return got
        }
        let some = taken.prefix(count)
        some.withUnsafeBytes { if let base = $0.baseAddress { place.copyMemory(from: base, byteCount: $0.count) } }
        taken = taken.dropFirst(count)
        noteEncoding(of: some)
        return some.count
    }

    /// What goes on in UTF-16 is read, and nothing is found in it. Of a little no more is known than that it has NULs.
    private func noteEncoding(of bytes: some BidirectionalCollection<UInt8>) {
        guard failure == nil, bytes.count >= 64 else { return }
        if WideEncoding.fills(Array(bytes.suffix(WideEncoding.stretch))) { failure = "\(name) \(mixedWords)" }
    }

    private static func open(_ name: String) throws(SystemError) -> Descriptor {
        if name == "-" { return Descriptor(owning: try retrying("read standard input") { dup(0) }) }
        let file = try Descriptor.open(name, O_RDONLY | O_NOCTTY)
        if try file.status().isDirectory { throw SystemError("read", Printable.text(name), errno: EISDIR) }
        return file
    }

    private static func peek(_ file: Descriptor, at offset: Int64 = 0) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: headSize)
        let count = try retrying("read") { pread(file.number, &bytes, bytes.count, off_t(offset)) }
        return Array(bytes.prefix(Int(count)))
    }

    /// What comes first through a pipe: as much as tells what it is, and no waiting for more.
    private static func begin(_ pipe: Descriptor) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < 8 {
            let more = try pipe.read(upTo: headSize)
            if more.isEmpty { break }
            bytes += more
        }
        return bytes
    }
}

/// Files that hold no lines of text.
enum NoText {
    private static let beginnings: [(bytes: [UInt8], words: String, program: String)] = [
        ([0x50, 0x4b, 0x03, 0x04], "is a zip archive", "unzip -p"),
        ([0x04, 0x22, 0x4d, 0x18], "is compressed by lz4", "lz4 -dc"),
        (Array("LZIP".utf8), "is compressed by lzip", "lzip -dc"), ([0x1f, 0x9d], "is compressed by compress", "zcat"),
    ]

    /// Why a file that begins with these bytes cannot be scanned; nil of text. Text in any encoding with ASCII in it has
    /// hardly a control character but for those that terminals know; of binary data, one byte in ten is one. NULs tell
    /// nothing: a log whose writer does not append has a hole of them after copytruncate.
    /// - Parameters:
    ///   - path: as the shell takes it; nil for standard input.
    ///   - unpack: the command that writes the text of an archive.
    ///   - scan: how a person calls `herald scan -`.
    static func kind(of head: [UInt8], path: String?, unpack: String?, scan: String) -> String? {
        if head.starts(with: "LPKSHHRH".utf8) { return "is a file of the journal: herald scan --journal FOLDER" }
        if let known = beginnings.first(where: { head.starts(with: $0.bytes) }) {
            return "\(known.words): `\(known.program) \(path ?? "FILE") | \(scan)`"
        }
        // Of what is so in part the rest is looked at.
        if let encoding = WideEncoding(head: head), encoding != .mixed {
            return encoding.words(path: path, unpack: unpack, scan: scan)
        }
        if head.count >= 262, head[257..<262].elementsEqual("ustar".utf8) {
            return "is a tar archive: `tar -xOf \(path ?? "FILE") | \(scan)`"
        }
        let bytes = head.filter { $0 != 0 }
        let controls = bytes.count {
            ($0 < 0x20 && ![0x07, 0x08, 0x09, 0x0a, 0x0c, 0x0d, 0x1b].contains($0)) || $0 == 0x7f
        }
        guard bytes.count >= 16, controls * 20 > bytes.count else { return nil }
        return "holds no text that can be scanned"
    }
}
