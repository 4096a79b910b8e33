// How many records of a file are hit: `herald scan --count`. Two threads, each with a matcher of its own, take the next
// 256 KiB of the file in turn. A record belongs to the part in which it begins: what goes on behind the part's end is read
// on, and the traces that began before it are known from a look at the lines before.

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

    /// One notice for each rule.
    fileprivate mutating func thin() {
        let all = notices
        notices = []
        note(all)
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
        var total = LineCount()
        var reader = BlockReader(file)
        let scan = RecordScan(self, try finder(), source: source, context: context)
        while let block = try reader.next() {
            let first = scan.lines
            total.lines += scan.count(scan.joined(block), first: first, in: 0..<Int.max, notices: &total.notices)
        }
        total.lines += scan.countRest(in: 0..<Int.max, notices: &total.notices)
        total.thin()
        return total
    }

    private func finder() throws(SystemError) -> TraceFinder {
        do throws(MatcherError) { return try TraceFinder() } catch {
            throw SystemError("search for stack traces", errno: ENOMEM)
        }
    }

    private func countParts(
        _ file: Descriptor, size: Int, source: Source, context: LineContext
    ) throws(SystemError) -> LineCount {
        let shared = PartCounter.Shared()
        let finder = try finder()
        let mine = PartCounter(
            matcher: self, finder: finder, file: file, size: size, source: source, context: context, shared: shared)
        let other = PartCounter(
            matcher: twin(), finder: finder.twin(), file: file, size: size, source: source, context: context, shared: shared)
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

    private let matcher: Matcher
    private let finder: TraceFinder
    private let file: Descriptor
    private let size: Int
    private let source: Source
    private let context: LineContext
    private let shared: Shared
    private let buffer: UnsafeMutableRawBufferPointer
    private(set) var total = LineCount()
    private(set) var failure: SystemError?

    init(
        matcher: Matcher, finder: TraceFinder, file: Descriptor, size: Int, source: Source, context: LineContext,
        shared: Shared
    ) {
        self.matcher = matcher
        self.finder = finder
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
            while let part = nextPart() { total.add(try count(from: part)) }
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
    private func count(from start: Int) throws(SystemError) -> LineCount {
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
        let scan = RecordScan(matcher, finder, source: source, context: context)
        try warm(scan, before: origin + first)
        let own = scan.lines
        var total = LineCount()
        let batch = scan.joined(UnsafeRawBufferPointer(start: base + first, count: end - first))
        let range = own..<scan.lines
        total.lines += scan.count(batch, first: own, in: range, notices: &total.notices)
        try countRest(scan, range, from: origin + end, &total)
        total.thin()
        return total
    }

    /// So far before the part the beginnings of traces are looked for that go on in it.
    private static let look = 16 << 10
    /// So far behind the part a trace is read on.
    private static let reach = 512 << 10

    private func warm(_ scan: RecordScan, before start: Int) throws(SystemError) {
        guard start > 0 else { return }
        let from = max(0, start - Self.look)
        let bytes = try file.read(at: Int64(from), upTo: start - from)
        guard let first = from == 0 ? 0 : bytes.firstIndex(of: 0x0a).map({ $0 + 1 }), first < bytes.count else { return }
        bytes[first...].withUnsafeBytes { scan.warm($0) }
    }

    /// Records of the part that go on behind it.
    private func countRest(
        _ scan: RecordScan, _ range: Range<Int>, from start: Int, _ total: inout LineCount
    ) throws(SystemError) {
        var at = start
        while scan.joiner.isHolding, at < size, at - start < Self.reach {
            let bytes = try file.read(at: Int64(at), upTo: Self.look)
            guard let newline = bytes.lastIndex(of: 0x0a) else { break }
            let first = scan.lines
            let batch = bytes[...newline].withUnsafeBytes { scan.joined($0) }
            // All that begins here is another part's.
            if batch.firstLines != nil {
                total.lines += scan.count(batch, first: first, in: range, notices: &total.notices)
            }
            at += newline + 1
        }
        total.lines += scan.countRest(in: range, notices: &total.notices)
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
