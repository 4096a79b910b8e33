// The compiled scan kept between runs. Compiling costs about two milliseconds for each pattern and, for a moment, many
// times the memory of its result.
// Must stay true: what is loaded was written by us and not changed since. Vectorscan runs it as code of a kind: a file
// that others could have written is not looked at.

import CVectorscan
import Formats
import Glibc
import Platform

/// A folder with compiled databases, each named by all that it was made of.
package struct DatabaseCache: Sendable {
    private let folder: String

    /// - Parameter folder: made when it is not there; others must not be able to write to it.
    package init(folder: String) { self.folder = folder }

    /// The cache of the person who runs a command (XDG Base Directory Specification); nil without a home.
    package static func ofUser() -> DatabaseCache? {
        let base = Environment["XDG_CACHE_HOME"] ?? Environment["HOME"].map { $0 + "/.cache" }
        return base.flatMap { $0.hasPrefix("/") ? DatabaseCache(folder: $0 + "/herald") : nil }
    }

    /// The name for these expressions, on this version of the library and this processor.
    static func key(_ expressions: [PatternDatabase.Expression]) -> String {
        var platform = hs_platform_info_t()
        hs_populate_platform(&platform)
        var hash = SHA256()
        let version = hs_version().map { String(cString: $0) } ?? ""
        // The number changes with what a database holds besides the expressions.
        hash.update("3 \(version) \(platform.tune) \(platform.cpu_features)\n".utf8)
        for expression in expressions {
            hash.update("\(expression.flags) \(expression.text.utf8.count) \(expression.text)\n".utf8)
        }
        return Hex.encode(hash.finalize().prefix(16))
    }

    /// The database of that name; nil when there is none that can be trusted.
    func load(_ key: String) -> OpaquePointer? {
        guard let bytes = trusted(path(key)), bytes.count > 32 else { return nil }
        let content = bytes[32...]
        guard Self.seal(content, key).elementsEqual(bytes[..<32]) else { return nil }
        // Vectorscan itself refuses what another version of it, or another kind of processor, has made.
        var database: OpaquePointer?
        let result = content.withUnsafeBytes { raw in
            hs_deserialize_database(raw.baseAddress?.assumingMemoryBound(to: CChar.self), raw.count, &database)
        }
        return result == HS_SUCCESS ? database : nil
    }

    /// Keeps a database in place of the others. A cache that cannot be written is none.
    func store(_ database: OpaquePointer, _ key: String) {
        var raw: UnsafeMutablePointer<CChar>?
        var count = 0
        guard hs_serialize_database(database, &raw, &count) == HS_SUCCESS, let raw else { return }
        defer { free(raw) }
        let content = UnsafeRawBufferPointer(start: raw, count: count)
        guard (try? Files.makeDirectories(folder, mode: 0o700)) != nil, isOurs else { return }
        removeOthers()
        try? Files.write(Self.seal(content, key) + content, to: path(key), mode: 0o600)
    }

    /// What stands before a kept database: it is whole, and that of the name, not another one under this name.
    static func seal(_ content: some Sequence<UInt8>, _ key: String) -> [UInt8] {
        var hash = SHA256()
        hash.update(key.utf8)
        hash.update(content)
        return hash.finalize()
    }

    /// Nothing is written, and nothing removed, where another user could have put the folder (sudo keeps HOME).
    private var isOurs: Bool {
        guard let status = (try? FileStatus.of(folder)) ?? nil else { return false }
        return status.owner == geteuid() && status.permissions & 0o022 == 0
    }

    private func path(_ key: String) -> String { "\(folder)/rules-\(key).hsdb" }

    /// The content of a file that nobody but its owner, who is we or root, can have written.
    private func trusted(_ path: String) -> [UInt8]? {
        guard let file = try? Descriptor.open(path, O_RDONLY | O_NOFOLLOW), let status = try? file.status() else {
            return nil
        }
        guard status.isRegular, status.permissions & 0o022 == 0, [0, geteuid()].contains(status.owner) else {
            return nil
        }
        return try? Files.readAll(file, path: path, limit: 256 << 20)
    }

    /// A few are kept, for a person who works with several folders of rules: each has three.
    private func removeOthers() {
        let names = ((try? Files.list(folder)) ?? []).filter { $0.hasPrefix("rules-") && $0.hasSuffix(".hsdb") }
        let dated = names.compactMap { name in
            (try? FileStatus.of("\(folder)/\(name)")).flatMap { $0 }.map { (name, $0.modified) }
        }
        for (name, _) in dated.sorted(by: { $0.1 > $1.1 }).dropFirst(5) { try? Files.remove("\(folder)/\(name)") }
    }
}
