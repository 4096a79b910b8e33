// Which files do the globs name now? Only paths: what stands there is looked at by who opens it.

import Glibc
import Platform
import Records

/// The globs of the settings.
struct FileFinder {
    let patterns: [FilePattern]

    struct Found {
        var path: String
        var pattern: FilePattern
    }

    struct ClosedFolder {
        var path: String
        var pattern: FilePattern
        var error: SystemError
    }

    struct Result {
        /// Each path once, in the order of the patterns.
        var files: [Found] = []
        /// Paths that further patterns name too.
        var again: [Found] = []
        /// Paths without wildcard that name nothing.
        var missing: [String] = []
        /// The folders in which new files may appear, and those in which new folders of that kind may.
        var folders: Set<String> = []
        /// A folder that a pattern names is not there: the others do not tell when it comes.
        var lacksFolders = false
        /// Folders that may not be looked into, for what a pattern names there.
        var closedFolders: [ClosedFolder] = []
    }

    func find() -> Result {
        var result = Result()
        var known: Set<String> = []
        for pattern in patterns {
            var child = pattern.path
            for folder in Self.parents(of: pattern.path) {
                let found = Self.expand(folder)
                if found.isEmpty { result.lacksFolders = true }
                result.folders.formUnion(found)
                let isListed = Self.hasWildcard(Files.split(child).name)
                for path in found where !pattern.excludes(path) && !pattern.excludes(LogFile.join(path, "x")) {
                    guard let error = Self.refusal(path, isListed: isListed) else { continue }
                    result.closedFolders.append(ClosedFolder(path: path, pattern: pattern, error: error))
                }
                child = folder
            }
            let paths = Self.expand(pattern.path)
            if paths.isEmpty, !Self.hasWildcard(pattern.path) { result.missing.append(pattern.path) }
            for path in paths where !pattern.excludes(path) {
                let found = Found(path: path, pattern: pattern)
                if known.insert(path).inserted { result.files.append(found) } else { result.again.append(found) }
            }
        }
        return result
    }

    /// Why nothing is seen of what stands in a folder, though it is there.
    private static func refusal(_ folder: String, isListed: Bool) -> SystemError? {
        do throws(SystemError) {
            // To reach what is in it takes another right than to list it.
            guard try LogFile.status(LogFile.join(folder, ".")) != nil else { return nil }
            if isListed { _ = try LogFile.open(folder) }
            return nil
        } catch {
            guard error.errno == EACCES || error.errno == EPERM else { return nil }
            return SystemError("look into", LogPath.shown(folder), errno: error.errno)
        }
    }

    /// The pattern of the folder, and of those above it that decide which folders it names.
    private static func parents(of pattern: String) -> [String] {
        var folder = Files.split(pattern).directory
        var parents = [folder]
        while hasWildcard(folder) {
            folder = Files.split(folder).directory
            parents.append(folder)
        }
        return parents
    }

    /// The pattern that names `path`, first come.
    func pattern(for path: String) -> FilePattern? {
        patterns.first { $0.names(path) }
    }

    /// The folders in which the logs of a pattern lie.
    static func folders(of pattern: FilePattern) -> [String] { expand(Files.split(pattern.path).directory) }

    /// Whether a pattern is no glob but this path itself.
    func isWrittenOut(_ path: String) -> Bool { patterns.contains { $0.path == path && !$0.excludes(path) } }

    static func hasWildcard(_ path: String) -> Bool { path.utf8.contains { "*?[".utf8.contains($0) } }

    /// The paths, as `LogPath` has them. One without wildcard stands for itself, even if it holds characters that
    /// glob(3) would read.
    private static func expand(_ pattern: String) -> [String] {
        guard hasWildcard(pattern) else {
            return LogFile.withPath(pattern) { access($0, F_OK) } == 0 || (errno != ENOENT && errno != ENOTDIR)
                ? [pattern] : []
        }
        var found = glob_t()
        defer { globfree(&found) }
        guard LogFile.withPath(pattern, { glob($0, 0, nil, &found) }) == 0 else { return [] }
        var paths: [String] = []
        paths.reserveCapacity(Int(found.gl_pathc))
        for index in 0..<Int(found.gl_pathc) {
            guard let name = found.gl_pathv[index] else { continue }
            paths.append(LogPath.text(Array(UnsafeRawBufferPointer(start: name, count: strlen(name)))))
        }
        return paths
    }
}
