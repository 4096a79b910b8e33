// Where items go: INBOX.herald/, with work/ for those in hand and done/ held/ rejected/ failed/ duplicate/ for the rest.
//
// The states of an item, and the instant at which each is committed:
//
//   state      where its bytes are                                    committed by
//   waiting    INBOX/NAME                                             the producer
//   claimed    work/ID/NAME                                           rename into work/ID/, both folders synced
//   copied     work/ID/NAME, work/ID.copy (an inode of our own)       rename of the finished copy, work/ synced
//   decided    the same                                               the ledger's transaction (decision, letter)
//   filed      OUTCOME/NAME, OUTCOME/NAME.herald.json                 rename of the copy, then the sidecar, both synced
//   finished   the same; work/ID/ is gone                             the ledger's transaction
//
// A crash repeats the step that it interrupted: every step looks first whether it was done.

import Formats
import Glibc
import Platform

/// An item that was taken: its bytes are under work/.
package struct ClaimedItem: Hashable, Sendable {
    /// 32 hexadecimal digits.
    package var id: String
    package var name: [UInt8]

    package init(id: String, name: [UInt8]) {
        self.id = id
        self.name = name
    }
}

/// The outcome folder of one drop folder. Belongs to one thread.
package final class OutcomeFolder {
    package static let outcomes = ["done", "held", "rejected", "failed", "duplicate"]
    /// Names of one folder that are ours among those of other responders on the same folder.
    private let instance: String
    package let path: String
    private let inbox: DropFolder

    package init(path: String, inbox: DropFolder, instance: String) {
        self.path = path
        self.inbox = inbox
        self.instance = instance
    }

    private var workPath: String { path + "/work" }

    /// Makes what is missing, and checks that a rename can lead here.
    package func prepare() throws(IntakeOutage) {
        _ = try inbox.itemFolders()
        do throws(SystemError) {
            for name in ["work"] + Self.outcomes { try Files.makeDirectories(path + "/" + name, mode: 0o2770) }
            guard let ours = try FileStatus.of(path), let theirs = try FileStatus.of(inbox.path) else {
                throw SystemError("find the drop folder", inbox.path, errno: ENOENT)
            }
            if ours.device != theirs.device {
                throw SystemError("move items into", path, errno: EXDEV)
            }
        } catch {
            if error.errno == EXDEV {
                throw IntakeOutage(
                    "outcome_dir \(path) does not lie on the mount of \(inbox.path); set outcome_dir to a folder that does"
                )
            }
            throw IntakeOutage("\(error)")
        }
    }

    /// Throws what is wrong with the folders themselves, as ESTALE: then no item can be worked on.
    package func check() throws(SystemError) {
        for folder in [workPath] + Self.outcomes.map({ path + "/" + $0 }) {
            do throws(SystemError) {
                _ = try Directory(folder)
                try retrying("write to", folder) { access(folder, W_OK | X_OK) }
            } catch {
                throw SystemError("use (\(SystemError.text(of: error.errno)))", folder, errno: ESTALE)
            }
        }
    }

    /// Takes an item. Nil when it is gone: another responder, or its producer, took it.
    package func claim(_ waiting: WaitingItem, id: String) throws(IntakeOutage) -> ClaimedItem? {
        let folderName = "\(instance).\(id)"
        do throws(SystemError) {
            let source = try Directory(inbox.folder(waiting.subfolder))
            try Files.makeDirectories("\(workPath)/\(folderName)", mode: 0o2770)
            let target = try Directory("\(workPath)/\(folderName)")
            do throws(SystemError) {
                try source.move(waiting.name, to: target, as: waiting.name)
            } catch {
                try Directory(workPath).removeFolder(Array(folderName.utf8))
                if error.errno == ENOENT { return nil }
                throw error
            }
            // What was a file when it was looked at may have been replaced since.
            guard let status = try target.status(of: waiting.name), status.isRegular, status.links == 1 else {
                try target.move(waiting.name, to: source, as: waiting.name)
                try Directory(workPath).removeFolder(Array(folderName.utf8))
                return nil
            }
            try target.sync()
            try Directory(workPath).sync()
            try source.sync()
            return ClaimedItem(id: id, name: waiting.name)
        } catch {
            throw inbox.outage(error)
        }
    }

    /// The items of ours that lie in work/: after a crash, those to go on with.
    package func claimed() throws(SystemError) -> [ClaimedItem] {
        var items: [ClaimedItem] = []
        let prefix = Array("\(instance).".utf8)
        for entry in try Files.names(in: workPath) where entry.starts(with: prefix) && !entry.contains(0x2f) {
            let rest = String(decoding: entry.dropFirst(prefix.count), as: UTF8.self)
            guard rest.utf8.count == 32, rest.utf8.allSatisfy({ Hex.value(of: $0) != nil }) else { continue }
            // One that cannot be listed holds up no other.
            guard let names = try? Files.names(in: "\(workPath)/\(instance).\(rest)") else { continue }
            if let name = names.first {
                items.append(ClaimedItem(id: rest, name: name))
            } else {
                try Directory(workPath).removeFolder(entry)  // made, and nothing renamed into it; or all filed
            }
        }
        return items.sorted { $0.id < $1.id }
    }

    /// Copies the item's bytes to an inode of our own, once; the producer may still hold the old one.
    package func copy(_ item: ClaimedItem) throws(SystemError) -> ItemCopy {
        let work = try Directory(workPath)
        let final = copyName(item.id)
        if try work.status(of: final) == nil {
            for _ in 1...3 where try write(item, work, final) { break }
            if try work.status(of: final) == nil {
                try work.move(temporaryName(item.id), to: work, as: final)
            }
            try work.sync()
        }
        return try read(item)
    }

    /// The copy that `copy` made.
    package func read(_ item: ClaimedItem) throws(SystemError) -> ItemCopy {
        let file = try Directory(workPath).open(copyName(item.id))
        let size = try file.status().size
        var hash = SHA256()
        var bytes: [UInt8]? = size <= ItemCopy.limit ? [] : nil
        while true {
            let chunk = try file.read(upTo: 1 << 18)
            if chunk.isEmpty { break }
            hash.update(chunk)
            bytes?.append(contentsOf: chunk)
        }
        return ItemCopy(size: size, sha256: hash.finalize(), bytes: bytes)
    }

    /// True when nothing changed the original meanwhile.
    private func write(_ item: ClaimedItem, _ work: Directory, _ final: [UInt8]) throws(SystemError) -> Bool {
        let original = try Directory("\(workPath)/\(instance).\(item.id)").open(item.name)
        let before = try original.status()
        let temporary = temporaryName(item.id)
        work.remove(temporary)
        let target = try Descriptor.open(
            "\(workPath)/\(String(decoding: temporary, as: UTF8.self))", O_WRONLY | O_CREAT | O_EXCL, mode: 0o640)
        do throws(SystemError) {
            while true {
                let chunk = try original.read(upTo: 1 << 18)
                if chunk.isEmpty { break }
                try target.write(chunk)
            }
            try target.sync()
        } catch {
            work.remove(temporary)
            throw SystemError("copy", work.shown(item.name), errno: error.errno)
        }
        let after = try original.status()
        guard after.size == before.size, after.modified == before.modified else { return false }
        try work.move(temporary, to: work, as: final)
        return true
    }

    private func copyName(_ id: String) -> [UInt8] { Array("\(instance).\(id).copy".utf8) }
    private func temporaryName(_ id: String) -> [UInt8] { Array(".\(instance).\(id).copy.tmp".utf8) }
}

/// An item's bytes, as they were when they were copied.
package struct ItemCopy: Sendable {
    /// Larger items are kept and filed, not read.
    package static let limit: Int64 = 64 << 20
    package var size: Int64
    package var sha256: [UInt8]
    /// Nil above the limit.
    package var bytes: [UInt8]?
}

extension OutcomeFolder {
    /// A name for the item in an outcome's folder: its own, or made unique. The caller records it before it files.
    package func freeName(for name: [UInt8], in outcome: String) throws(SystemError) -> [UInt8] {
        let folder = try Directory(path + "/" + outcome)
        for number in 1...100_000 {
            let candidate = number == 1 ? name : OutcomeName.numbered(name, number)
            if try folder.status(of: candidate) == nil, try folder.status(of: OutcomeName.sidecar(candidate)) == nil {
                return candidate
            }
        }
        throw SystemError("find a free name in", folder.path, errno: EEXIST)
    }

    /// Files an item: its copy under `name`, the sidecar beside it, the work folder gone. May be repeated after a crash.
    /// Throws EEXIST when the name was taken meanwhile: choose another and file again.
    package func file(_ item: ClaimedItem, outcome: String, as name: [UInt8], sidecar: JSON) throws(SystemError) {
        let folder = try Directory(path + "/" + outcome)
        let work = try Directory(workPath)
        if try work.status(of: copyName(item.id)) != nil {
            try work.move(copyName(item.id), to: folder, as: name)
        } else if try folder.status(of: name) == nil, try original(item, work) != nil {
            // It could not be copied: what the producer made is filed itself.
            try Directory("\(workPath)/\(instance).\(item.id)").move(item.name, to: folder, as: name)
        }
        try folder.sync()
        try writeSidecar(sidecar, item, OutcomeName.sidecar(name), folder)
        try clear(item, name, folder, work)
    }

    private func original(_ item: ClaimedItem, _ work: Directory) throws(SystemError) -> FileStatus? {
        guard try work.status(of: Array("\(instance).\(item.id)".utf8)) != nil else { return nil }
        return try Directory("\(workPath)/\(instance).\(item.id)").status(of: item.name)
    }

    private func writeSidecar(
        _ sidecar: JSON, _ item: ClaimedItem, _ name: [UInt8], _ folder: Directory
    ) throws(SystemError) {
        let temporary = Array(".\(item.id).tmp".utf8)
        folder.remove(temporary)
        try folder.create(temporary, (sidecar.text + "\n").utf8, mode: 0o640)
        do throws(SystemError) {
            try folder.move(temporary, to: folder, as: name)
        } catch {
            folder.remove(temporary)
            if error.errno != EEXIST { throw error }  // written before a crash
        }
        try folder.sync()
    }

    /// Removes the original, unless its producer went on writing to it: those bytes are kept too.
    private func clear(
        _ item: ClaimedItem, _ name: [UInt8], _ folder: Directory, _ work: Directory
    ) throws(SystemError) {
        let entry = Array("\(instance).\(item.id)".utf8)
        guard try work.status(of: entry) != nil else { return }
        let original = try Directory("\(workPath)/\(instance).\(item.id)")
        for left in try Files.names(in: original.path) {
            guard let status = try original.status(of: left) else { continue }
            if try differs(original, left, folder, name, status.size) {
                let revision = OutcomeName.suffixed(name, ".revision-\(item.id.prefix(8))")
                try original.move(left, to: folder, as: revision)
                try folder.sync()
            } else {
                original.remove(left)
            }
        }
        work.removeFolder(entry)
        try work.sync()
    }

    private func differs(
        _ original: Directory, _ left: [UInt8], _ folder: Directory, _ name: [UInt8], _ size: Int64
    ) throws(SystemError) -> Bool {
        guard let filed = try folder.status(of: name) else { return true }
        if filed.size != size { return true }
        // What can no longer be opened is kept: its owner may take the right to read it away at any time.
        guard let a = try? original.open(left) else { return true }
        let b = try folder.open(name)
        while true {
            let one = try a.read(upTo: 1 << 18)
            let two = try b.read(upTo: 1 << 18)
            if one != two { return true }
            if one.isEmpty { return false }
        }
    }
}
