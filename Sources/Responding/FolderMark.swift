// How a drop folder is known again: a file of ours in its outcome folder, and the device that it lay on. A share that
// is not mounted leaves an empty folder behind: that is an outage, and not "no items".

import Database
import Formats
import Glibc
import Intake
import Platform

enum FolderMark {
    static let name = ".herald-mark"

    /// Throws when the folder is empty, on another device than before and without its mark. The outcome folder is there.
    static func check(_ inbox: String, _ outcomes: String, _ store: ResponderStore) throws(WorkFault) {
        do throws(SystemError) {
            let path = outcomes + "/" + name
            guard let status = try FileStatus.of(inbox) else { return }
            let found =
                try FileStatus.of(path) == nil
                ? nil : String(decoding: try Files.read(path, limit: 4096), as: UTF8.self)
            let known = try database { () throws(DatabaseError) in try store.mark(of: inbox) }
            if let known, found == nil || found != known.mark, known.device != status.device,
                try Files.names(in: inbox).isEmpty
            {
                throw SystemError("recognise the drop folder", inbox, errno: ESTALE)
            }
            if let known, known.mark == found, known.device == status.device { return }
            let mark = found ?? Randomness.identifier()
            if found == nil { try Files.write(mark.utf8, to: path, mode: 0o640) }
            try database { () throws(DatabaseError) in try store.setMark(mark, device: status.device, of: inbox) }
        } catch {
            if error.errno == ESTALE {
                throw .outage(
                    IntakeOutage(
                        "the drop folder \(inbox) is empty and lies on another file system than before: is it mounted? "
                            + "If it was moved for good, put a file into it"))
            }
            throw .system(error)
        }
    }

    /// A fault of the database as one of the system, which ends the round alike.
    private static func database<T>(_ body: () throws(DatabaseError) -> T) throws(SystemError) -> T {
        do throws(DatabaseError) { return try body() } catch {
            throw SystemError("use the ledger: \(error.message)", errno: EIO)
        }
    }
}
