import Records

/// Which files: a glob, less some.
package struct FilePattern: Hashable, Sendable {
    /// glob(7): `*`, `?`, `[…]` in any component; `**` for any depth is not one.
    package var path: String
    /// Globs against the whole path, or against the name where they have no slash.
    package var exclude: [String]
    /// More folders in which rotated generations lie (logrotate's `olddir`), relative ones to the log's own. That, and
    /// `old` and `archive` in it, are looked at anyway.
    package var rotated: [String]
    package var format: LineFormat

    package init(_ path: String, exclude: [String] = [], rotated: [String] = [], format: LineFormat = .auto) {
        self.path = path
        self.exclude = exclude
        self.rotated = rotated
        self.format = format
    }
}
