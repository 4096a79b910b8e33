import Records

/// Which files: a glob, less some.
package struct FilePattern: Hashable, Sendable {
    /// glob(7): `*`, `?`, `[…]` in any component; `**` for any depth is not one.
    package var path: String
    /// Globs against the whole path, or against the name where they have no slash.
    package var exclude: [String]
    package var format: LineFormat

    package init(_ path: String, exclude: [String] = [], format: LineFormat = .auto) {
        self.path = path
        self.exclude = exclude
        self.format = format
    }
}
