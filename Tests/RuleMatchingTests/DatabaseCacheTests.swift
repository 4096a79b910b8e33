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
}
