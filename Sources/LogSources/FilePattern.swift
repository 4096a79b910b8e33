import Glibc
import Platform
import Records

/// Which files: a glob, less some.
package struct FilePattern: Hashable, Sendable {
    /// glob(7): `*`, `?`, `[…]` in any component; `**` for any depth is not one. As `LogPath` has it.
    package var path: String
    /// Globs against the whole path, or against the name where they have no slash.
    package var exclude: [String]
    /// More folders in which rotated generations lie (logrotate's `olddir`), relative ones to the log's own. That, and
    /// `old` and `archive` in it, are looked at anyway.
    package var rotated: [String]
    package var format: LineFormat
    /// Of one line, in bytes; the rest of a longer one is skipped, and said.
    package var lineLimit = LineFormat.lineLimit

    package init(_ path: String, exclude: [String] = [], rotated: [String] = [], format: LineFormat = .auto) {
        self.path = LogPath.text(ofPath: path)
        self.exclude = exclude
        self.rotated = rotated.map(LogPath.text(ofPath:))
        self.format = format
    }

    /// Whether it names `path`, by the names alone.
    package func names(_ path: String) -> Bool {
        (self.path == path || Self.matches(path, self.path, FNM_PATHNAME | FNM_PERIOD)) && !excludes(path)
    }

    /// Whether `exclude` leaves `path` out.
    func excludes(_ path: String) -> Bool {
        if exclude.isEmpty { return false }
        let name = Files.split(path).name
        return exclude.contains { exclude in
            exclude.contains("/") ? Self.matches(path, exclude, FNM_PATHNAME) : Self.matches(name, exclude, 0)
        }
    }

    /// The log that `path` may be a rotated generation of, and which this names; nil where there is none.
    package func log(ofGeneration path: String) -> String? {
        let (folder, name) = Files.split(path)
        for reading in RotatedName.readings(of: name) {
            let beside = LogFile.join(folder, reading.base)
            if names(beside) { return beside }
            let home = Files.split(self.path).directory
            let inFolder = LogFile.join(home, reading.base)
            if generationFolders(home).contains(folder), names(inFolder) { return inFolder }
        }
        return nil
    }

    /// The folders in which generations of the logs in `home` may lie, `home` first, none twice.
    func generationFolders(_ home: String) -> [String] {
        let further = (rotated + ["old", "archive"]).map { $0.hasPrefix("/") ? $0 : LogFile.join(home, $0) }
        return further.reduce(into: [home]) { if !$0.contains($1) { $0.append($1) } }
    }

    private static func matches(_ path: String, _ glob: String, _ flags: Int32) -> Bool {
        LogFile.withPath(path) { path in LogFile.withPath(glob) { fnmatch($0, path, flags) } } == 0
    }
}
