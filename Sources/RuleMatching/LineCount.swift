// How many lines of a file are hit: `herald scan --count`. Two threads, each with a matcher of its own, take the next
// 256 KiB of the file in turn; a line belongs to the part in which it begins.

import CPlatform
import Glibc
import Platform
import Records
import Synchronization

/// What a count found.
package struct LineCount: Sendable {
    package var lines = 0
    /// Rules that gave up on a line, each with one notice.
    package var notices: [MatchNotice] = []

    package init() {}

    fileprivate mutating func add(_ other: LineCount) {
        lines += other.lines
        note(other.notices)
    }

    fileprivate mutating func note(_ more: [MatchNotice]) {
        for notice in more where !notices.contains(where: { $0.rule.id == notice.rule.id }) {
            notices.append(notice)
        }
    }
}

extension Matcher {
    /// Counts the lines of a file or pipe that any rule hits.
    package func count(_ file: Descriptor, source: Source, context: LineContext) throws(SystemError) -> LineCount {
        let status = try file.status()
        let isWhole = status.isRegular && lseek(file.number, 0, SEEK_CUR) == 0
        if isWhole, status.size > Int64(PartCounter.partSize) * 8 {
            return try countParts(file, size: Int(status.size), source: source, context: context)
        }
        return try count(BlockReader(file), source: source, context: context)
    }

    /// Counts the lines of a stream that any rule hits.
    package func count(
        _ reader: consuming BlockReader, source: Source, context: LineContext
    ) throws(SystemError) -> LineCount {
        var total = LineCount()
        while let block = try reader.next() { total.add(count(in: block, source: source, context: context)) }
        return total
    }

    fileprivate func count(in block: UnsafeRawBufferPointer, source: Source, context: LineContext) -> LineCount {
        var total = LineCount()
        var notices: [MatchNotice] = []
        total.lines = countHits(in: block, source: source, context: context, notices: &notices)
        total.note(notices)
        return total
    }

    private func countParts(
        _ file: Descriptor, size: Int, source: Source, context: LineContext
    ) throws(SystemError) -> LineCount {
        let shared = PartCounter.Shared()
        let mine = PartCounter(file, size: size, source: source, context: context, shared: shared) { self }
        // The rules are made ready for the other thread while this one is at work.
        let other = PartCounter(file, size: size, source: source, context: context, shared: shared) { self.twin() }
        var thread = pthread_t()
        let retained = Unmanaged.passRetained(other)
        let started = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<PartCounter>.fromOpaque(context).takeUnretainedValue().run() }
                return nil
            }, retained.toOpaque())
        mine.run()
        if started == 0 { pthread_join(thread, nil) }
        retained.release()
        if let failure = mine.failure ?? other.failure { throw failure }
        var total = mine.total
        total.add(other.total)
        return total
    }
}

/// One thread's share of a file. Used by its thread alone until that has ended.
private final class PartCounter {
    static let partSize = 256 << 10

    final class Shared: Sendable {
        let next = Atomic(0)
    }

    private let makeMatcher: () -> Matcher
    private let file: Descriptor
    private let size: Int
    private let source: Source
    private let context: LineContext
    private let shared: Shared
    private let buffer: UnsafeMutableRawBufferPointer
    private(set) var total = LineCount()
    private(set) var failure: SystemError?

    /// `matcher` is called on the thread that runs.
    init(
        _ file: Descriptor, size: Int, source: Source, context: LineContext, shared: Shared,
        matcher: @escaping () -> Matcher
    ) {
        makeMatcher = matcher
        self.file = file
        self.size = size
        self.source = source
        self.context = context
        self.shared = shared
        // One byte before the part, and a line that begins at its end.
        buffer = .allocate(byteCount: 1 + Self.partSize + BlockReader.lineLimit, alignment: 64)
    }

    deinit { buffer.deallocate() }

    func run() {
        do throws(SystemError) {
            let matcher = makeMatcher()
            while let part = nextPart() { total.add(try count(from: part, matcher)) }
        } catch {
            failure = error
        }
    }

    private func nextPart() -> Int? {
        let part = shared.next.wrappingAdd(1, ordering: .relaxed).oldValue
        let (start, overflow) = part.multipliedReportingOverflow(by: Self.partSize)
        return overflow || start >= size ? nil : start
    }

    /// Counts the lines that begin in the part at `start`.
    private func count(from start: Int, _ matcher: Matcher) throws(SystemError) -> LineCount {
        guard let base = buffer.baseAddress else { return LineCount() }
        // The byte before says whether a line begins with the part.
        let origin = max(0, start - 1)
        let wanted = min(start + Self.partSize, size) - origin
        var filled = try fill(base, 0, to: wanted, origin)
        var first = 0
        if start > 0 {
            guard let newline = memchr(base, 0x0a, filled) else { return LineCount() }
            first = UnsafeRawPointer(newline) + 1 - UnsafeRawPointer(base)
            // The line that begins behind the part's last byte is the next one's.
            if first >= wanted { return LineCount() }
        }
        let end = try endOfLastLine(base, &filled, wanted, origin)
        return matcher.count(
            in: UnsafeRawBufferPointer(start: base + first, count: end - first), source: source, context: context)
    }

    /// Reads on until the last line that begins before `wanted` is whole, or as long as a line may be.
    private func endOfLastLine(
        _ base: UnsafeMutableRawPointer, _ filled: inout Int, _ wanted: Int, _ origin: Int
    ) throws(SystemError) -> Int {
        var searched = wanted - 1
        while true {
            if searched < filled, let newline = memchr(base + searched, 0x0a, filled - searched) {
                return UnsafeRawPointer(newline) + 1 - UnsafeRawPointer(base)
            }
            searched = filled
            let more = min(filled + 4096, buffer.count)
            let now = try fill(base, filled, to: more, origin)
            if now == filled { return filled }
            filled = now
        }
    }

    private func fill(
        _ base: UnsafeMutableRawPointer, _ filled: Int, to wanted: Int, _ origin: Int
    ) throws(SystemError) -> Int {
        var filled = filled
        while filled < wanted {
            let count = try retrying("read") {
                pread(file.number, base + filled, wanted - filled, off_t(origin + filled))
            }
            if count == 0 { break }
            filled += count
        }
        return filled
    }
}
