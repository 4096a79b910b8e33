// Files written so that they survive a crash and a power cut, and read with a bound.

import CPlatform
import Formats
import Glibc

package enum Files {
    /// The path from the root; as it is where the working folder cannot be told.
    package static func absolute(_ path: String) -> String {
        guard !path.begins("/"), let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return String(cString: folder) + "/" + path
    }

    /// The whole file, refused above `limit` bytes (EFBIG).
    package static func read(_ path: String, limit: Int = 64 << 20) throws(SystemError) -> [UInt8] {
        let file = try Descriptor.open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK)
        let status = try file.status()
        guard status.isRegular else { throw SystemError("read", path, errno: status.isDirectory ? EISDIR : EINVAL) }
        return try readAll(file, path: path, limit: limit)
    }

    /// From the descriptor's position to its end, refused above `limit` bytes (EFBIG).
    package static func readAll(
        _ file: Descriptor, path: String = "", limit: Int = 64 << 20
    ) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let chunk = try file.read(upTo: 1 << 18)
            if chunk.isEmpty { return bytes }
            bytes.append(contentsOf: chunk)
            if bytes.count > limit { throw SystemError("read", path, errno: EFBIG) }
        }
    }

    /// Durable replacement: a temporary neighbour, fsync, rename over `path`, fsync of the directory. After return the
    /// new content survives a power cut; at every instant before it, `path` is whole, old or new.
    package static func write(_ bytes: some Sequence<UInt8>, to path: String, mode: mode_t = 0o600) throws(SystemError)
    {
        try put(bytes, path, mode, "write") { (temporary) throws(SystemError) in
            try retrying("rename", temporary) { Glibc.rename(temporary, path) }
        }
    }

    /// Like `write`, but never over an existing file: throws EEXIST.
    package static func create(_ bytes: some Sequence<UInt8>, at path: String, mode: mode_t = 0o600) throws(SystemError)
    {
        try put(bytes, path, mode, "create") { (temporary) throws(SystemError) in
            try renameExclusively(temporary, to: path)
        }
    }

    private static func put(
        _ bytes: some Sequence<UInt8>, _ path: String, _ mode: mode_t, _ operation: String,
        _ rename: (String) throws(SystemError) -> Void
    ) throws(SystemError) {
        let (directory, name) = split(path)
        let temporary = "\(directory)/.\(name).\(getpid()).tmp"
        _ = unlink(temporary)
        let file = try Descriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
        do throws(SystemError) {
            try retrying("set the mode of", temporary) { fchmod(file.number, mode) }
            try file.write(bytes)
            try file.sync()
            try rename(temporary)
        } catch {
            _ = unlink(temporary)
            throw SystemError(operation, path, errno: error.errno)
        }
        try syncDirectory(directory)
    }

    /// rename(2), but EEXIST where the target exists.
    package static func renameExclusively(_ from: String, to: String) throws(SystemError) {
        try retrying("rename", from) { herald_rename_exclusive(AT_FDCWD, from, AT_FDCWD, to) }
    }

    /// fsync of a directory: makes renames and unlinks in it durable.
    package static func syncDirectory(_ path: String) throws(SystemError) {
        try Descriptor.open(path, O_RDONLY | O_DIRECTORY).sync()
    }

    package static func remove(_ path: String) throws(SystemError) {
        try retrying("remove", path) { unlink(path) }
    }

    /// mkdir -p. Directories that are there are left as they are.
    package static func makeDirectories(_ path: String, mode: mode_t = 0o750) throws(SystemError) {
        if try FileStatus.of(path)?.isDirectory == true { return }
        let (parent, _) = split(path)
        if parent != path, parent != "/", parent != "." { try makeDirectories(parent, mode: mode) }
        if mkdir(path, mode) != 0, errno != EEXIST { throw SystemError("make the folder", path) }
    }

    /// The names in a directory without `.` and `..`, as raw bytes (a name need not be UTF-8), in no order.
    package static func names(in directory: String) throws(SystemError) -> [[UInt8]] {
        guard let stream = opendir(directory) else { throw SystemError("list", directory) }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw SystemError("list", directory) }
                return names
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: UInt8.self, capacity: 256) { bytes in
                    Array(
                        UnsafeBufferPointer(
                            start: bytes,
                            count: strnlen(UnsafeRawPointer(bytes).assumingMemoryBound(to: CChar.self), 256)))
                }
            }
            if name != [0x2e], name != [0x2e, 0x2e] { names.append(name) }
        }
    }

    /// The names in a directory that are UTF-8, sorted.
    package static func list(_ directory: String) throws(SystemError) -> [String] {
        try names(in: directory).compactMap { String(validating: $0, as: UTF8.self) }.sorted()
    }

    /// Removes a folder and all beneath it; symbolic links are removed, not followed.
    package static func removeTree(_ path: String) throws(SystemError) {
        guard let status = try FileStatus.of(path, followingLinks: false) else { return }
        guard status.isDirectory else { return try remove(path) }
        try Directory(path).removeAll()
        try retrying("remove the folder", path) { rmdir(path) }
    }

    /// The folder and the last component, parted at the octet: a name may begin with a mark that joins the slash.
    package static func split(_ path: String) -> (directory: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
        let name = String(path[path.utf8.index(after: slash)...])
        return slash == path.startIndex ? ("/", name) : (String(path[..<slash]), name)
    }
}
