import Glibc
import Platform
import Rules
import TestSupport
import Testing

@testable import RuleMatching

@Suite struct DatabaseCacheTests {
    private let folder = try? TemporaryFolder()

    private func set() throws -> RuleSet {
        try rules("rules: [{id: a, title: a, severity: critical, match: 'disk (?<name>sd[a-z]) failed'}]")
    }

    /// The one file of the cache.
    private func file(_ path: String) throws -> String {
        let names = try Files.list(path)
        #expect(names.count == 1, "\(names)")
        return path + "/" + (names.first ?? "")
    }

    @Test("what was compiled once is loaded, and finds the same") func kept() throws {
        let path = try #require(folder).path + "/cache"
        let cache = DatabaseCache(folder: path)
        for _ in 0..<2 {
            let matcher = try Matcher(try set(), cache: cache)
            #expect(matcher.hits(in: lines("kernel: disk sda failed", "kernel: disk sda is well")).map(\.index) == [0])
        }
        let before = try FileStatus.of(try file(path))
        _ = try Matcher(try set(), cache: cache)
        #expect(try FileStatus.of(try file(path)) == before)
        #expect(before?.permissions == 0o600)
    }

    @Test("a file that was changed, cut, or could have been written by others is not used, and made anew")
    func damaged() throws {
        let path = try #require(folder).path + "/cache"
        let cache = DatabaseCache(folder: path)
        _ = try Matcher(try set(), cache: cache)
        let name = try file(path)
        let whole = try Files.read(name)
        var flipped = whole
        flipped[whole.count / 2] ^= 1
        for bytes in [flipped, Array(whole.dropLast(7)), [], Array(whole.prefix(20))] {
            try Files.write(bytes, to: name)
            let matcher = try Matcher(try set(), cache: cache)
            #expect(matcher.hits(in: lines("kernel: disk sdb failed")).count == 1)
            #expect(try Files.read(name) == whole)
        }
        chmod(name, 0o622)
        _ = try Matcher(try set(), cache: cache)
        #expect(try FileStatus.of(name)?.permissions == 0o600)
        let key = String(name.dropFirst(path.count + 7).dropLast(5))
        #expect(cache.load(key) != nil)
        unlink(name)
        try Files.write(whole, to: path + "/elsewhere")
        symlink(path + "/elsewhere", name)
        #expect(cache.load(key) == nil)
    }

    @Test("without a folder to write to, the rules are compiled all the same") func unwritable() throws {
        let matcher = try Matcher(try set(), cache: DatabaseCache(folder: "/proc/none"))
        #expect(matcher.hits(in: lines("kernel: disk sdb failed")).count == 1)
    }

    /// The key in a file's name.
    private func key(_ name: String, _ path: String) -> String { String(name.dropFirst(path.count + 7).dropLast(5)) }

    @Test(
        "what another version of the library, or another kind of processor, made is refused, however well it is sealed",
        arguments: [4, 12])
    func otherMachine(offset: Int) throws {
        let path = try #require(folder).path + "/cache"
        let cache = DatabaseCache(folder: path)
        _ = try Matcher(try set(), cache: cache)
        let name = try file(path)
        let key = key(name, path)
        var content = Array(try Files.read(name).dropFirst(32))
        // A serialised database begins with magic, version, length (4 bytes each) and the platform's features (8).
        content[offset] ^= 0x40
        try Files.write(DatabaseCache.seal(content, key) + content, to: name)
        #expect(cache.load(key) == nil)
        content[offset] ^= 0x40
        try Files.write(DatabaseCache.seal(content, key) + content, to: name)
        #expect(cache.load(key) != nil)
        #expect(try Matcher(try set(), cache: cache).hits(in: lines("kernel: disk sdb failed")).count == 1)
    }

    @Test("a database under another one's name is not taken for it") func renamed() throws {
        let path = try #require(folder).path + "/cache"
        let cache = DatabaseCache(folder: path)
        _ = try Matcher(try set(), cache: cache)
        let name = try file(path)
        let other = try rules("rules: [{id: a, title: a, severity: critical, match: 'fan stopped'}]")
        let elsewhere = try #require(folder).path + "/elsewhere"
        _ = try Matcher(other, cache: DatabaseCache(folder: elsewhere))
        rename(name, path + "/" + Files.split(try file(elsewhere)).name)
        let matcher = try Matcher(other, cache: cache)
        #expect(matcher.hits(in: lines("fan stopped", "disk sda failed")).map(\.index) == [0])
    }

    @Test("each expression and each flag is in the name") func keys() {
        func key(_ texts: [String], multiline: Bool = false, prefilter: Bool = false) -> String {
            DatabaseCache.key(
                texts.map { PatternDatabase.Expression(text: $0, multiline: multiline, prefilter: prefilter) })
        }
        let keys = [
            key(["a", "b"]), key(["ab"]), key(["b", "a"]), key(["a"]), key(["a"], multiline: true),
            key(["a"], prefilter: true), key([]),
        ]
        #expect(Set(keys).count == keys.count)
    }

    @Test(
        "what another user could have written is neither read nor written to", .enabled(if: geteuid() == 0),
        arguments: [false, true])
    func otherUser(folderToo: Bool) throws {
        let path = try #require(folder).path + "/cache"
        let cache = DatabaseCache(folder: path)
        _ = try Matcher(try set(), cache: cache)
        let name = try file(path)
        let key = key(name, path)
        chown(name, 4242, 4242)
        if folderToo { chown(path, 4242, 4242) }
        #expect(cache.load(key) == nil)
        #expect(try Matcher(try set(), cache: cache).hits(in: lines("kernel: disk sdb failed")).count == 1)
        // In our own folder it is made anew; in another's, left alone.
        #expect(try FileStatus.of(name)?.owner == (folderToo ? 4242 : 0))
    }
}
