// The versions of a database's shape. State of an unknown version, or damaged, is set aside, never deleted.

import Glibc

/// The statements that bring a database from version n to n + 1, in order; the version is `PRAGMA user_version`.
package struct Schema: Sendable {
    package var steps: [String]
    package init(_ steps: [String]) { self.steps = steps }

    /// Opens `path`, brings it to the newest version. A file that is damaged or of a newer version is renamed to
    /// `NAME.set-aside-N` (with its WAL) and a new one begun; the second value tells, for the administrator.
    /// - Parameters:
    ///   - checking: looks for damage in the whole file, for small ones whose owner cannot start on a damaged one.
    ///   - isDamaged: its owner has met damage in it.
    ///   - salvage: carries over what can still be read of the damaged file (its first argument) into the new one, and
    ///     tells how much that was.
    package func open(
        _ path: String, checking: Bool = false, isDamaged: Bool = false,
        salvage: (_ aside: String, _ fresh: Database) -> String? = { _, _ in nil }
    ) throws(DatabaseError) -> (database: Database, setAside: String?) {
        do throws(DatabaseError) {
            if isDamaged { throw DatabaseError(code: 11, message: "met at work") }
            return (try current(path, checking: checking), nil)
        } catch  where error.isDamage || error.code == Self.newer {
            let aside = setAside(path)
            let reason = error.code == Self.newer ? "it is of a newer version" : "it is damaged (\(error.message))"
            let fresh = try current(path, checking: false)
            let rest = error.isDamage ? salvage(aside, fresh).map { "; \($0)" } : nil
            return (fresh, "\(path) could not be used: \(reason). It was set aside as \(aside)\(rest ?? "")")
        }
    }

    private static let newer: Int32 = -1

    private func current(_ path: String, checking: Bool) throws(DatabaseError) -> Database {
        let database = try Database(path: path)
        let version = Int(try database.query("PRAGMA user_version").first?.first?.int ?? 0)
        guard version <= steps.count else {
            throw DatabaseError(code: Self.newer, message: "version \(version) of \(path) is not known")
        }
        if checking || version < steps.count {
            if let result = try database.query("PRAGMA quick_check(1)").first?.first?.string, result != "ok" {
                throw DatabaseError(code: 11, message: result)
            }
        }
        for step in version..<steps.count {
            try database.transaction { () throws(DatabaseError) in
                try database.script(steps[step])
                try database.script("PRAGMA user_version = \(step + 1)")
            }
        }
        return database
    }

    private func setAside(_ path: String) -> String {
        var number = 1
        while access("\(path).set-aside-\(number)", F_OK) == 0 { number += 1 }
        let target = "\(path).set-aside-\(number)"
        for suffix in ["-wal", "-shm", ""] { rename(path + suffix, target + suffix) }
        return target
    }
}
