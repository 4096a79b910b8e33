// A drop folder: what lies in it, what of it is finished, and the claim. Its legal states, and the instant at which each
// is committed, stand in OutcomeFolder.swift. Only the rescan is believed; inotify is a hint for when to look.
//
// What must stay true: nothing is opened through a link; nothing is taken that is still being written, as far as anyone
// can tell; a rename decides who takes an item; a folder that is gone is an outage and never "no items".

import Formats
import Glibc
import Platform

/// A folder that cannot be used now, and what a person can do about it.
package struct IntakeOutage: Error, Equatable, Sendable, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}

/// A finished file in a drop folder, not yet taken.
package struct WaitingItem: Hashable, Sendable {
    /// The folder within the inbox: empty, or `new` or `cur` of a Maildir.
    package var subfolder: String
    package var name: [UInt8]
    package var size: Int64
}

/// What a look at a drop folder found.
package struct DropFolderScan: Sendable {
    /// Finished, and to be claimed.
    package var ready: [WaitingItem] = []
    /// Seen, and still to settle.
    package var settling = 0
    /// Unchanged, but without their format's end; taken when patience ends.
    package var incomplete = 0
    /// More than the limit are ready.
    package var hasMore = false
    /// When the next item may have settled: monotonic time.
    package var nextLook: Duration?
    /// What a person should know, each said once: unreadable files with the command that mends them.
    package var notices: [String] = []

    package init() {}

    /// Nothing is left that will become an item by itself.
    package var isIdle: Bool { ready.isEmpty && settling == 0 && incomplete == 0 && !hasMore }
}

/// A drop folder. Belongs to one thread.
package final class DropFolder {
    package let path: String
    private let settle: Duration
    private let patience: Duration
    private var seen: [WaitingKey: Sighting] = [:]
    private var reported: Set<Report> = []

    /// - Parameter patience: how long a file without its format's end is waited for, when nothing writes to it any more.
    package init(path: String, settle: Duration, patience: Duration? = nil) {
        self.path = path
        self.settle = settle
        self.patience = patience ?? max(settle * 20, .seconds(600))
    }

    private struct WaitingKey: Hashable {
        var subfolder: String
        var name: [UInt8]
    }

    private struct Sighting {
        var status: FileStatus
        var since: Duration
        /// Nil until it was looked at.
        var isComplete: Bool?
        var round: Int
    }

    private struct Report: Hashable {
        var key: WaitingKey
        var inode: UInt64
        var errno: Int32
    }

    private var round = 0

    /// The folders whose entries are items: the folder itself, or a Maildir's `new` and `cur`.
    package func itemFolders() throws(IntakeOutage) -> [String] {
        do throws(SystemError) {
            guard let status = try FileStatus.of(path) else {
                throw SystemError("find the drop folder", path, errno: ENOENT)
            }
            guard status.isDirectory else { throw SystemError("use the drop folder", path, errno: ENOTDIR) }
            for name in ["tmp", "new", "cur"] where try FileStatus.of(path + "/" + name)?.isDirectory != true {
                return [""]
            }
            return ["new", "cur"]
        } catch {
            throw outage(error)
        }
    }

    /// Looks at everything that lies there. `now` is monotonic time.
    package func scan(now: Duration, limit: Int = 1000) throws(IntakeOutage) -> DropFolderScan {
        round += 1
        var scan = DropFolderScan()
        for subfolder in try itemFolders() {
            do throws(SystemError) {
                let directory = try Directory(folder(subfolder))
                for name in try Files.names(in: folder(subfolder)) where !IgnoredNames.contains(name) {
                    look(at: WaitingKey(subfolder: subfolder, name: name), in: directory, now, limit, &scan)
                }
            } catch {
                throw outage(error)
            }
        }
        seen = seen.filter { $0.value.round == round }
        return scan
    }

    /// The path of one of `itemFolders`.
    package func folder(_ subfolder: String) -> String { subfolder.isEmpty ? path : path + "/" + subfolder }

    private func look(
        at key: WaitingKey, in directory: Directory, _ now: Duration, _ limit: Int, _ scan: inout DropFolderScan
    ) {
        guard let status = try? directory.status(of: key.name), status.isRegular, status.links == 1 else { return }
        var sighting = seen[key] ?? Sighting(status: status, since: now, round: round)
        if !sighting.status.isUnchanged(status) { sighting = Sighting(status: status, since: now, round: round) }
        sighting.round = round
        defer { seen[key] = sighting }
        // A Maildir's files are finished when they are there (tmp is for writing).
        let settled = key.subfolder.isEmpty ? sighting.since + settle : now
        if now < settled {
            scan.settling += 1
            scan.nextLook = min(scan.nextLook ?? settled, settled)
            return
        }
        if sighting.isComplete == nil {
            sighting.isComplete = complete(key, status, directory, &scan)
            if sighting.isComplete == nil { return }
        }
        let given = sighting.since + patience
        if sighting.isComplete == false, now < given {
            scan.incomplete += 1
            scan.nextLook = min(scan.nextLook ?? given, given)
        } else if scan.ready.count < limit {
            scan.ready.append(WaitingItem(subfolder: key.subfolder, name: key.name, size: status.size))
        } else {
            scan.hasMore = true
        }
    }

    /// Whether the format's end is there; nil when the file cannot be read, which is reported once.
    private func complete(
        _ key: WaitingKey, _ status: FileStatus, _ directory: Directory, _ scan: inout DropFolderScan
    ) -> Bool? {
        do throws(SystemError) {
            let file = try directory.open(key.name)
            let sample = try Self.sample(file, size: status.size)
            let kind = ItemKind(sample, name: key.name, isMaildir: !key.subfolder.isEmpty)
            return kind == .json && status.size > Self.wholeSample ? true : kind.isComplete(sample)
        } catch {
            if error.errno == ENOENT { return nil }
            if reported.count > 10_000 { reported.removeAll() }
            if reported.insert(Report(key: key, inode: status.inode, errno: error.errno)).inserted {
                scan.notices.append("left in place: \(error)\(Self.remedy(error.errno, directory.shown(key.name)))")
            }
            return nil
        }
    }

    private static let wholeSample: Int64 = 4 << 20

    /// The whole of a small file; the head and the tail of a large one.
    private static func sample(_ file: Descriptor, size: Int64) throws(SystemError) -> [UInt8] {
        if size <= wholeSample { return try Files.readAll(file, limit: Int(wholeSample) * 2) }
        var bytes = try file.read(upTo: 1 << 20)
        try retrying("seek") { lseek(file.number, -(128 << 10), SEEK_END) }
        bytes += try file.read(upTo: 128 << 10)
        return bytes
    }

    static func remedy(_ code: Int32, _ path: String) -> String {
        guard code == EACCES || code == EPERM else { return "" }
        let quoted = ShellWord.quoted(path)
        return "; to mend it: chgrp herald-responder -- \(quoted) && chmod g+r -- \(quoted)"
    }

    func outage(_ error: SystemError) -> IntakeOutage {
        let quoted = ShellWord.quoted(path)
        return switch error.errno {
        case ENOENT, ENOTDIR, ESTALE:
            IntakeOutage("the drop folder \(path) is not there: mount it, or make it (mkdir -p)")
        case EACCES, EPERM:
            IntakeOutage(
                "\(error); to mend it: chgrp herald-responder -- \(quoted) && chmod g+rwxs -- \(quoted)")
        default: IntakeOutage("\(error)")
        }
    }
}

extension FileStatus {
    /// Size, time and inode are the same.
    fileprivate func isUnchanged(_ other: FileStatus) -> Bool {
        inode == other.inode && device == other.device && size == other.size && modified == other.modified
    }
}
