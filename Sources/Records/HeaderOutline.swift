// The header of a line of syslog as places in the block that the line stands in: what is asked of each line of a storm,
// with no text made of it. Must stay true: an outline says what `LineHeader.parse` says of the line; where it might not,
// there is none, and `parse` is asked.

import Formats
import Glibc

/// What the header of a line of syslog says, and where: `Nov 21 12:41:14 host sshd[812]: `, with an ISO time too. Such a
/// header has no severity and no further fields.
package struct HeaderOutline: Equatable, Sendable {
    package let time: Timestamp
    /// Of the name in the block; empty where there is none. Both names are printable ASCII.
    package let host: Range<Int>
    package let identifier: Range<Int>
    package let pid: Int32?
    /// The program is named `kernel`.
    package let isKernel: Bool
    /// The kernel's own stamp, in microseconds.
    let uptime: Int64?
    /// In the block.
    package let messageStart: Int
}

/// The time in a header of syslog, as written. Its fields are in their ranges.
struct SyslogStamp: Equatable {
    var month: Int
    var day: Int
    /// Of the day.
    var second: Int
    /// Nil where only month and day are written.
    var year: Int?
    var microsecond = 0
    /// Seconds ahead of UTC, where they are written.
    var offset: Int?

    init(month: Int, day: Int, second: Int) { (self.month, self.day, self.second) = (month, day, second) }

    var civil: CivilTime {
        CivilTime(
            year: year ?? 2000, month: month, day: day, hour: second / 3600, minute: second / 60 % 60,
            second: second % 60, microsecond: microsecond)
    }
}

/// Reads the outlines of a batch's lines. In a storm a thousand lines in a row have one time and one host: of these the
/// beginning is compared, and not read again.
package struct OutlineReader {
    private let context: LineContext
    private var last: (stamp: SyslogStamp, time: Timestamp)?
    private var before: Before?

    /// The last line with a host: where it stands in the block, and what its beginning says.
    private struct Before {
        let start: Int
        let host: Range<Int>
        /// Behind the host and the spaces there, from the line's start.
        let end: Int
        let isDated: Bool
        let time: Timestamp
    }

    /// Nil for a format whose lines have none.
    package init?(_ batch: RecordBatch) {
        guard case .lines(let context) = batch.origin, context.format == .auto else { return nil }
        self.context = context
    }

    /// The outline of the line at `range` of the block; nil when it has no such header, or one that is written in a way
    /// that takes more looking at.
    package mutating func outline(of range: Range<Int>, in block: UnsafeRawBufferPointer) -> HeaderOutline? {
        let line = UnsafeRawBufferPointer(rebasing: block[range])
        if let before, isAlike(line, before, block) {
            var walk = HeaderWalk(line, host: before.host, end: before.end)
            return walk.messageStartBehindHost(isDated: before.isDated).map {
                outline(walk, at: range.lowerBound, before.time, messageStart: $0)
            }
        }
        var walk = HeaderWalk(line)
        guard let start = walk.messageStart(), let stamp = walk.stamp, let time = time(of: stamp) else { return nil }
        // A host's name with a bracket is not remembered: whether it is a program's hangs on what follows.
        if let end = walk.hostEnd, !line[walk.host].contains(UInt8(ascii: "[")) {
            before = Before(start: range.lowerBound, host: walk.host, end: end, isDated: walk.isDated, time: time)
        }
        return outline(walk, at: range.lowerBound, time, messageStart: start)
    }

    private func outline(_ walk: HeaderWalk, at base: Int, _ time: Timestamp, messageStart: Int) -> HeaderOutline {
        HeaderOutline(
            time: time, host: walk.host.lowerBound + base..<walk.host.upperBound + base,
            identifier: walk.program.lowerBound + base..<walk.program.upperBound + base, pid: walk.pid,
            isKernel: walk.isOfKernel, uptime: walk.uptime, messageStart: messageStart + base)
    }

    /// Whether a line begins as that one does up to what stands behind the host, and has no further space there.
    private func isAlike(_ line: UnsafeRawBufferPointer, _ before: Before, _ block: UnsafeRawBufferPointer) -> Bool {
        guard before.end < line.count, let own = line.baseAddress, let base = block.baseAddress else { return false }
        return memcmp(base + before.start, own, before.end) == 0 && line[before.end] != 0x20 && line[before.end] != 0x09
    }

    private mutating func time(of stamp: SyslogStamp) -> Timestamp? {
        if let last, last.stamp == stamp { return last.time }
        let time =
            if stamp.year == nil {
                LineScanner.nearest(stamp.civil, context)
            } else {
                stamp.civil.timestamp(utcOffset: stamp.offset ?? context.utcOffset)
            }
        if let time { last = (stamp, time) }
        return time
    }
}
