// A stream read in blocks of whole lines, for programs that look at much text and keep none of it.
// Must stay true: every line is in one block; one over the limit is cut there and its rest skipped; memory is bounded.

import CPlatform
import Glibc
import Platform

/// Blocks of whole lines of a file or pipe, each ended by a newline but perhaps the last.
package struct BlockReader: ~Copyable {
    /// Puts up to so many bytes of the stream at that place, and says how many; 0 at the end. May wait.
    package typealias Reading = (UnsafeMutableRawPointer, Int) throws(SystemError) -> Int

    private let reading: Reading
    private let buffer: UnsafeMutableRawBufferPointer
    /// Bytes of an unfinished line at the beginning of the buffer.
    private var carried = 0
    /// Where the unfinished line stands that the block before this ended at.
    private var carriedFrom = 0
    private var isSkipping = false
    private var isAtEnd = false

    /// 256 KiB stay in a core's second-level cache between the reading and the scan.
    package static let blockSize = 256 << 10
    /// A longer line is matched as far as this.
    package static let lineLimit = 1 << 20

    package init(_ file: Descriptor) {
        self.init { (place, count) throws(SystemError) in
            Int(try retrying("read") { read(file.number, place, count) })
        }
    }

    /// Blocks of what `reading` brings.
    package init(reading: @escaping Reading) {
        self.reading = reading
        buffer = .allocate(byteCount: Self.blockSize + Self.lineLimit, alignment: 64)
    }

    deinit { buffer.deallocate() }

    /// The next block, valid until the next call; nil at the end.
    package mutating func next() throws(SystemError) -> UnsafeRawBufferPointer? {
        guard let base = buffer.baseAddress else { return nil }
        if carriedFrom > 0 { memmove(base, base + carriedFrom, carried) }
        carriedFrom = 0
        while !isAtEnd {
            let room = min(Self.blockSize, buffer.count - carried)
            let start = base + carried
            var count = try reading(start, room)
            if count == 0 { isAtEnd = true }
            if isSkipping, count > 0 {
                guard let newline = memchr(start, 0x0a, count) else { continue }
                isSkipping = false
                let skipped = UnsafeRawPointer(newline) + 1 - UnsafeRawPointer(start)
                count -= skipped
                memmove(start, start + skipped, count)
            }
            let filled = carried + count
            if let newline = herald_memrchr(start, 0x0a, count) {
                let end = newline + 1 - UnsafeRawPointer(base)
                (carriedFrom, carried) = (end, filled - end)
                return UnsafeRawBufferPointer(start: base, count: end)
            }
            carried = filled
            if carried >= Self.lineLimit {
                carried = 0
                isSkipping = true
                base.storeBytes(of: 0x0a, toByteOffset: Self.lineLimit, as: UInt8.self)
                return UnsafeRawBufferPointer(start: base, count: Self.lineLimit + 1)
            }
        }
        defer { carried = 0 }
        return carried > 0 ? UnsafeRawBufferPointer(start: base, count: carried) : nil
    }
}
