import Glibc

extension Files {
    /// The bytes that are free for this process on the file system of `path` (statvfs(3)); none where it has no inodes left.
    /// Nil where that cannot be told, as of a path that is not there.
    package static func freeSpace(_ path: String) -> Int64? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        if status.f_files > 0, status.f_favail == 0 { return 0 }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? .max : Int64(clamping: bytes)
    }
}
