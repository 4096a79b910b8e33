// inotify(7): a hint that something changed, never the truth. Who uses it rescans at start, on overflow and on a timer.

import Formats
import Glibc

/// Watches of files and folders, read without waiting. Belongs to one thread.
package final class Inotify {
    package struct Event: Equatable, Sendable {
        package var watch: Int32
        package var mask: UInt32
        /// The name within a watched folder; empty for the watched object itself.
        package var name: [UInt8]
        /// Events were lost: rescan everything.
        package var overflowed: Bool { mask & UInt32(IN_Q_OVERFLOW) != 0 }
        /// The watch is gone with what it watched.
        package var ended: Bool { mask & UInt32(IN_IGNORED) != 0 }
    }

    package let descriptor: Descriptor

    package init() throws(SystemError) {
        descriptor = Descriptor(
            owning: try retrying("start inotify") { inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK)) })
    }

    /// Adds or replaces the watch of `path`. `mask` of inotify(7).
    package func add(_ path: String, _ mask: UInt32) throws(SystemError) -> Int32 {
        try retrying("watch", path) { inotify_add_watch(descriptor.number, path, mask) }
    }

    /// The same for a path of any bytes.
    package func add(_ path: [UInt8], _ mask: UInt32) throws(SystemError) -> Int32 {
        let terminated = path.map { CChar(bitPattern: $0) } + [0]
        return try retrying("watch", Printable.text(path)) { inotify_add_watch(descriptor.number, terminated, mask) }
    }

    package func remove(_ watch: Int32) { inotify_rm_watch(descriptor.number, watch) }

    /// The events that have come, up to 64 KiB of them.
    package func events() -> [Event] {
        guard let bytes = try? descriptor.read(upTo: 1 << 16) else { return [] }
        var events: [Event] = []
        var at = 0
        let header = MemoryLayout<inotify_event>.size
        bytes.withUnsafeBytes { raw in
            while at + header <= raw.count {
                let watch = raw.loadUnaligned(fromByteOffset: at, as: Int32.self)
                let mask = raw.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self)
                let length = Int(raw.loadUnaligned(fromByteOffset: at + 12, as: UInt32.self))
                let name = Array(raw[(at + header)..<min(at + header + length, raw.count)].prefix { $0 != 0 })
                events.append(Event(watch: watch, mask: mask, name: name))
                at += header + length
            }
        }
        return events
    }
}
