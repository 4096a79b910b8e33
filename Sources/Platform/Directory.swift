// A folder held open, its entries named by bytes: a file's name need not be UTF-8, and what a path leads to can change
// between two calls, while an open folder stays the one that it was.

import CPlatform
import Formats
import Glibc

/// A folder held open. Names are single components, as raw bytes.
package final class Directory: Sendable {
    package let path: String
    private let descriptor: Descriptor

    package init(_ path: String) throws(SystemError) {
        self.path = path
        descriptor = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
    }

    private init(path: String, _ descriptor: Descriptor) {
        (self.path, self.descriptor) = (path, descriptor)
    }

    package func status() throws(SystemError) -> FileStatus { try descriptor.status() }

    /// Makes renames and unlinks in it durable.
    package func sync() throws(SystemError) { try descriptor.sync() }

    /// What an entry is, symbolic links not followed; nil when it is gone.
    package func status(of name: [UInt8]) throws(SystemError) -> FileStatus? {
        var raw = stat()
        let result = Self.withName(name) { fstatat(descriptor.number, $0, &raw, AT_SYMLINK_NOFOLLOW) }
        if result == 0 { return FileStatus(raw) }
        if errno == ENOENT { return nil }
        throw SystemError("look at", shown(name))
    }

    /// Opens an entry for reading; a symbolic link throws ELOOP. Does not wait on a FIFO.
    package func open(_ name: [UInt8]) throws(SystemError) -> Descriptor {
        let number = try retrying("open", shown(name)) {
            Self.withName(name) {
                openat(descriptor.number, $0, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
            }
        }
        return Descriptor(owning: number)
    }

    /// Makes a file that is not there yet, durable once the folder is synced. Throws EEXIST.
    package func create(_ name: [UInt8], _ bytes: some Sequence<UInt8>, mode: mode_t) throws(SystemError) {
        let number = try retrying("create", shown(name)) {
            Self.withName(name) {
                openat(descriptor.number, $0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
            }
        }
        let file = Descriptor(owning: number)
        do throws(SystemError) {
            try file.write(bytes)
            try file.sync()
        } catch {
            remove(name)
            throw SystemError("write", shown(name), errno: error.errno)
        }
    }

    /// Moves an entry into another folder of the same mount, never over an existing name (EEXIST).
    package func move(_ name: [UInt8], to target: Directory, as newName: [UInt8]) throws(SystemError) {
        try retrying("move", shown(name)) {
            Self.withName(name) { from in
                Self.withName(newName) { to in
                    herald_rename_exclusive(descriptor.number, from, target.descriptor.number, to)
                }
            }
        }
    }

    /// Removes a file; false when it was not there or could not be.
    @discardableResult
    package func remove(_ name: [UInt8]) -> Bool { Self.withName(name) { unlinkat(descriptor.number, $0, 0) } == 0 }

    /// Removes an empty folder.
    @discardableResult
    package func removeFolder(_ name: [UInt8]) -> Bool {
        Self.withName(name) { unlinkat(descriptor.number, $0, Int32(AT_REMOVEDIR)) } == 0
    }

    /// Removes all that is in it, whatever the names; symbolic links are removed, not followed.
    package func removeAll() throws(SystemError) {
        for name in try names() {
            guard let status = try status(of: name) else { continue }
            if status.isDirectory { try Directory(name, in: self).removeAll() }
            try retrying(status.isDirectory ? "remove the folder" : "remove", shown(name)) {
                Self.withName(name) { unlinkat(descriptor.number, $0, status.isDirectory ? Int32(AT_REMOVEDIR) : 0) }
            }
        }
    }

    private convenience init(_ name: [UInt8], in folder: Directory) throws(SystemError) {
        self.init(path: folder.shown(name), try folder.open(name))
    }

    private func names() throws(SystemError) -> [[UInt8]] {
        do throws(SystemError) {
            return try Files.names(in: "/proc/self/fd/\(descriptor.number)")
        } catch {
            throw SystemError("list", path, errno: error.errno)
        }
    }

    /// The entry's path for messages, safe to show.
    package func shown(_ name: [UInt8]) -> String { path + "/" + Printable.text(name, limit: 300) }

    private static func withName<T>(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> T) -> T {
        (name.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return "".withCString(body) }
            return body(base)
        }
    }
}
