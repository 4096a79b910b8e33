// Which files do the globs name now? Only paths: what stands there is looked at by who opens it.

import Formats
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

    struct Result {
        /// Each path once, in the order of the patterns.
        var files: [Found] = []
        /// Paths without wildcard that name nothing, and why.
        var missing: [(path: String, pattern: FilePattern)] = []
        /// The folders in which new files may appear.
        var folders: Set<String> = []
        /// Names that are not UTF-8, made safe to show.
        var unreadableNames: [String] = []
    }

    func find() -> Result {
        var result = Result()
        var known: Set<String> = []
        for pattern in patterns {
            result.folders.formUnion(Self.expand(Files.split(pattern.path).directory).paths)
            let (paths, unreadable) = Self.expand(pattern.path)
            result.unreadableNames += unreadable
            if paths.isEmpty, !Self.hasWildcard(pattern.path) { result.missing.append((pattern.path, pattern)) }
            for path in paths where !Self.isExcluded(path, by: pattern) && known.insert(path).inserted {
                result.files.append(Found(path: path, pattern: pattern))
            }
        }
        return result
    }

    /// The pattern that names `path`, first come.
    func pattern(for path: String) -> FilePattern? {
        patterns.first {
            ($0.path == path || fnmatch($0.path, path, FNM_PATHNAME | FNM_PERIOD) == 0)
                && !Self.isExcluded(path, by: $0)
        }
    }

    private static func hasWildcard(_ path: String) -> Bool { path.contains { "*?[".contains($0) } }

    /// A path without wildcard stands for itself, even if it holds characters that glob(3) would read.
    private static func expand(_ pattern: String) -> (paths: [String], unreadable: [String]) {
        guard hasWildcard(pattern) else {
            return (access(pattern, F_OK) == 0 || errno != ENOENT && errno != ENOTDIR ? [pattern] : [], [])
        }
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0 else { return ([], []) }
        var paths: [String] = []
        var unreadable: [String] = []
        for index in 0..<Int(found.gl_pathc) {
            guard let name = found.gl_pathv[index] else { continue }
            if let path = String(validatingCString: name) {
                paths.append(path)
            } else {
                unreadable.append(
                    Printable.text(UnsafeRawBufferPointer(start: name, count: strlen(name))))
            }
        }
        return (paths, unreadable)
    }

    private static func isExcluded(_ path: String, by pattern: FilePattern) -> Bool {
        let name = Files.split(path).name
        return pattern.exclude.contains { exclude in
            exclude.contains("/") ? fnmatch(exclude, path, FNM_PATHNAME) == 0 : fnmatch(exclude, name, 0) == 0
        }
    }
}
