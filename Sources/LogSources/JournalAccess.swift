// Why a journal cannot be read, told with what to do: nearly always a group that the watcher's user is not in.

import Formats
import Glibc
import Platform

enum JournalAccess {
    /// The error in words; where it is a lack of rights, with the group to join.
    static func words(for error: SystemError, at place: String) -> String {
        let text = Printable.text(error.description)
        guard error.errno == EACCES || error.errno == EPERM else { return text }
        return text + advice(group(of: error.path.isEmpty ? place : error.path))
    }

    /// What of a journal is there and may not be read; nil when all may. libsystemd passes such files over in silence,
    /// and hands over the rest: a user's own messages.
    static func fault(ofPlace place: String, roots: [String] = roots) -> String? {
        if place.hasPrefix("/") { return unreadable(in: place, (try? Files.list(place)) ?? []) }
        for (root, folder) in zip(roots, folders(ofPlace: place, roots: roots)) {
            guard access(folder, F_OK) == 0 else {
                if errno == EACCES { return fault(root) }
                continue
            }
            guard let names = try? Files.list(folder) else { return fault(folder) }
            if let fault = unreadable(in: folder, names) { return fault }
        }
        return nil
    }

    /// Where journals lie, what survives a boot first (systemd-journald.service(8)).
    static let roots = ["/var/log/journal", "/run/log/journal"]

    /// The folders in which a journal's files lie, whether they are there or not; for each of the roots, or the one folder.
    static func folders(ofPlace place: String, roots: [String] = roots) -> [String] {
        if place.hasPrefix("/") { return [place] }
        guard let machine = machineID() else { return [] }
        return roots.map { $0 + "/" + machine + (place.isEmpty ? "" : "." + place) }
    }

    private static func unreadable(in folder: String, _ names: [String]) -> String? {
        names.lazy.filter { $0.ends(".journal") }.map { folder + "/" + $0 }
            .first { faccessat(AT_FDCWD, $0, R_OK, AT_EACCESS) != 0 && errno == EACCES }.map { fault($0) }
    }

    private static func fault(_ path: String) -> String {
        words(for: SystemError("read the journal", path, errno: EACCES), at: path)
    }

    static func advice(_ group: String?) -> String {
        let known = group == "root" ? nil : group
        return "; its group may: \(Remedy.joining(known ?? "systemd-journal"))"
    }

    /// The group that may read what stands at `path`.
    private static func group(of path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IRGRP != 0,
            let entry = getgrgid(status.st_gid)?.pointee.gr_name
        else { return nil }
        return String(cString: entry)
    }

    private static func machineID() -> String? {
        guard let bytes = try? Files.read("/etc/machine-id", limit: 64) else { return nil }
        let id = String(decoding: bytes.prefix { $0 != 0x0a }, as: UTF8.self)
        return id.utf8.count == 32 && id.utf8.allSatisfy { $0 != UInt8(ascii: "/") } ? id : nil
    }
}
