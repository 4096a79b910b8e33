// incoming/NAME: where one daemon hands letters to the mailer. The two sides trust each other little: the mailer never
// follows a link here, opens nothing but regular files, and moves what it refuses to a folder of its own.

import Formats
import Glibc
import Mail
import Platform

/// A folder in which letters are handed over.
package struct HandoverFolder: Sendable {
    package let path: String

    /// A letter file larger than this is refused (EFBIG).
    package static let sizeLimit = 64 << 20

    package init(path: String) { self.path = path }

    /// The name of a letter's file.
    package static func name(of id: String) -> String { id + ".letter" }

    /// Durable when this returns. A letter whose file is there already is done, so it may be called again after a
    /// crash. Readable for the folder's group, which is the mailer's. The folder is made when it is missing.
    package func deposit(_ letter: Letter) throws(SystemError) {
        guard Letter.isID(letter.id) else { throw SystemError("hand over the letter", letter.id, errno: EINVAL) }
        try Files.makeDirectories(path, mode: 0o2770)
        do throws(SystemError) {
            try Files.create(LetterFile.encode(letter), at: path + "/" + Self.name(of: letter.id), mode: 0o640)
        } catch  where error.errno == EEXIST {
            // Renamed into place before a crash, perhaps not yet durable.
            try Files.syncDirectory(path)
        }
    }

    /// What lies in the folder, as one listing finds it. What is hidden, temporary files among it, is not there.
    package struct Contents: Sendable {
        /// The names of the letter files that wait, those that were written first before the others.
        package var letters: [String] = []
        /// Names that are no letter's, sorted: nobody will take them, and somebody should know.
        package var strangers: [String] = []
        /// Further names that are no UTF-8: see `renameIllegible`.
        package var hasIllegible = false
    }

    /// Lists the folder once; nothing where there is no folder.
    package func contents() throws(SystemError) -> Contents {
        let names: [[UInt8]]
        do throws(SystemError) {
            names = try Files.names(in: path)
        } catch  where error.errno == ENOENT {
            return Contents()
        }
        var contents = Contents()
        var written: [(name: String, time: Timestamp)] = []
        for bytes in names where bytes.first != 0x2e {
            guard let name = String(validating: bytes, as: UTF8.self) else {
                contents.hasIllegible = true
                continue
            }
            guard name.hasSuffix(".letter"), Letter.isID(name.dropLast(7)) else {
                contents.strangers.append(name)
                continue
            }
            let status = try? FileStatus.of(path + "/" + name, followingLinks: false)
            written.append((name, status?.modified ?? Timestamp(seconds: 0)))
        }
        contents.letters = written.sorted { ($0.time, $0.name) < ($1.time, $1.name) }.map(\.name)
        contents.strangers.sort()
        return contents
    }

    /// The names of the letter files that wait, as `contents` has them.
    package func waiting() throws(SystemError) -> [String] { try contents().letters }

    /// Gives files whose names are no UTF-8 one that is, made of the old name's octets in hexadecimal digits: they are
    /// strangers then like others, and can be told of and moved away. A daemon that was taken over may put them here.
    package func renameIllegible() throws(SystemError) {
        let names: [[UInt8]]
        do throws(SystemError) {
            names = try Files.names(in: path)
        } catch  where error.errno == ENOENT {
            return
        }
        let illegible = names.filter { $0.first != 0x2e && String(validating: $0, as: UTF8.self) == nil }
        if illegible.isEmpty { return }
        let folder = try Directory(path)
        for name in illegible {
            // A name of 255 octets would be too long twice over; what is cut off is made up for by chance.
            let hex = "illegible-" + Hex.encode(name.prefix(64))
            let isWhole = name.count <= 64
            do throws(SystemError) {
                try folder.move(name, to: folder, as: Array((isWhole ? hex : hex + "-" + Randomness.identifier()).utf8))
            } catch  where error.errno == EEXIST {
                try folder.move(name, to: folder, as: Array("\(hex)-\(Randomness.identifier())".utf8))
            } catch  where error.errno == ENOENT {}
        }
    }

    /// The octets of a file here; never through a link (ELOOP), only of a regular file (EINVAL), at most `limit`
    /// (EFBIG).
    package func read(_ name: String, limit: Int = HandoverFolder.sizeLimit) throws(SystemError) -> [UInt8] {
        let path = try place(name)
        let file = try Descriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK)
        let status = try file.status()
        guard status.isRegular else { throw SystemError("read", path, errno: EINVAL) }
        guard status.size <= Int64(limit) else { throw SystemError("read", path, errno: EFBIG) }
        return try Files.readAll(file, path: path, limit: limit)
    }

    /// Takes a file away, durably; one that is gone is done.
    package func remove(_ name: String) throws(SystemError) {
        let path = try place(name)
        do throws(SystemError) {
            try Files.remove(path)
        } catch  where error.errno == ENOENT {}
        try Files.syncDirectory(self.path)
    }

    /// Removes the temporary files of `deposit` that were last written before `time`: the daemon that began them is gone.
    /// Returns their names; what cannot be removed stays for the next time.
    package func removeLeftovers(before time: Timestamp) -> [String] {
        ((try? Files.list(path)) ?? []).filter { name in
            // .ID.letter.PID.tmp, as Files.create has it.
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 5, parts[0].isEmpty, Letter.isID(parts[1]), parts[2] == "letter", parts[4] == "tmp",
                Int32(parts[3]) != nil,
                let status = try? FileStatus.of(path + "/" + name, followingLinks: false), status.isRegular,
                status.modified < time
            else { return false }
            return (try? Files.remove(path + "/" + name)) != nil
        }
    }

    /// Moves a file into `folder`, which is made when it is missing, with its reason in `NAME.reason`. A file that is
    /// there already is replaced. The reason is there before the file, so that none lies there without one. Folders are
    /// not kept, and to another file system only regular files of at most `limit` octets are copied: what else it is
    /// stands in the reason, and it is removed.
    package func reject(
        _ name: String, reason: String, into folder: String, limit: Int = HandoverFolder.sizeLimit
    ) throws(SystemError) {
        let path = try place(name)
        try Files.makeDirectories(folder)
        try Self.write(reason, of: name, in: folder)
        do throws(SystemError) {
            // What lies in a folder has no bound.
            if try FileStatus.of(path, followingLinks: false)?.isDirectory == true {
                throw SystemError("move", path, errno: EXDEV)
            }
            try retrying("move", path) { Glibc.rename(path, "\(folder)/\(name)") }
        } catch  where error.errno == EXDEV {
            try moveAcross(name, reason, folder, limit)
        }
        try Files.syncDirectory(folder)
        try Files.syncDirectory(self.path)
    }

    private static func write(_ reason: String, of name: String, in folder: String) throws(SystemError) {
        try Files.write(Array((reason + "\n").utf8), to: "\(folder)/\(name).reason", mode: 0o640)
    }

    private func moveAcross(_ name: String, _ reason: String, _ folder: String, _ limit: Int) throws(SystemError) {
        let path = try place(name)
        guard let status = try FileStatus.of(path, followingLinks: false) else { return }
        if status.isRegular, status.size <= Int64(limit) {
            try Files.write(read(name, limit: limit), to: "\(folder)/\(name)", mode: 0o640)
            return try Files.remove(path)
        }
        let kind =
            status.isDirectory
            ? "a folder" : status.isLink ? "a link" : status.isRegular ? "\(status.size) octets" : "no regular file"
        try Self.write(reason + "; not kept: \(kind)", of: name, in: folder)
        try Files.removeTree(path)
    }

    /// Removes the oldest of the rejected files in `folder`, with their reasons, until it has at most `count` files of
    /// `bytes` octets together: a daemon that was taken over must not fill the disk with them. Returns their names.
    package static func prune(_ folder: String, count: Int, bytes: Int64) throws(SystemError) -> [String] {
        var files: [(name: String, written: Timestamp, size: Int64)] = []
        for name in try Files.list(folder) where !name.begins(".") {
            guard let status = try FileStatus.of("\(folder)/\(name)", followingLinks: false) else { continue }
            files.append((name, status.modified, status.size))
        }
        files.sort { ($0.written, $0.name) > ($1.written, $1.name) }
        var (kept, total) = (0, Int64(0))
        var removed: [String] = []
        for file in files {
            kept += 1
            total += max(0, file.size)
            if kept <= count, total <= bytes { continue }
            try Files.removeTree("\(folder)/\(file.name)")
            removed.append(file.name)
        }
        return removed
    }

    /// The path of a name, which must be one.
    private func place(_ name: String) throws(SystemError) -> String {
        if name.isEmpty || name == "." || name == ".." || name.contains("/") || name.utf8.contains(0) {
            throw SystemError("use", "\(path)/\(Printable.text(name))", errno: EINVAL)
        }
        return path + "/" + name
    }
}
