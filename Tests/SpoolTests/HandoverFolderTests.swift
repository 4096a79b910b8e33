import Formats
import Glibc
import Mail
import Platform
import Testing

@testable import Spool

@Suite struct HandoverFolderTests {
    /// A folder of its own for each test.
    private func inFolder(_ body: (String) throws -> Void) throws {
        let path = "/tmp/herald-spool-test-" + Randomness.identifier()
        defer { try? Files.removeTree(path) }
        try Files.makeDirectories(path)
        try body(path)
    }

    @Test("a letter handed over waits, is read, and is gone when it was taken away") func way() throws {
        try inFolder { path in
            let folder = HandoverFolder(path: path + "/incoming/watcher")
            #expect(try folder.waiting() == [])
            let letter = try LetterFileTests.letter()
            try folder.deposit(letter)
            try folder.deposit(letter)
            let name = HandoverFolder.name(of: letter.id)
            #expect(try folder.waiting() == [name])
            #expect(try FileStatus.of(folder.path + "/" + name)?.permissions == 0o640)
            #expect(try LetterFile.decode(folder.read(name)) == letter)
            try folder.remove(name)
            try folder.remove(name)
            #expect(try folder.waiting() == [])
            #expect(try Files.list(folder.path) == [])
        }
    }

    @Test("a letter whose file is there already is left as it is") func idempotent() throws {
        try inFolder { path in
            let folder = HandoverFolder(path: path)
            var letter = try LetterFileTests.letter()
            try folder.deposit(letter)
            letter.subject = "other"
            try folder.deposit(letter)
            #expect(try LetterFile.decode(folder.read(HandoverFolder.name(of: letter.id))).subject != "other")
        }
    }

    @Test(
        "an id that is none never becomes a file's name",
        arguments: ["", "../x", "0123", "0123456789ABCDEF0123456789ABCDEF"])
    func ids(id: String) throws {
        try inFolder { path in
            var letter = try LetterFileTests.letter()
            letter.id = id
            #expect(throws: SystemError.self) { try HandoverFolder(path: path).deposit(letter) }
            #expect(try Files.list(path) == [])
        }
    }

    @Test("temporary files and other names are no letters; strangers are told apart") func names() throws {
        try inFolder { path in
            for name in [".x.letter.1.tmp", "x.letter", "0123456789abcdef0123456789abcdef.letter.bak", "notes"] {
                try Files.write([1], to: path + "/" + name)
            }
            let folder = HandoverFolder(path: path)
            #expect(try folder.waiting() == [])
            #expect(
                try folder.contents().strangers == ["0123456789abcdef0123456789abcdef.letter.bak", "notes", "x.letter"])
        }
    }

    @Test("what a crash left half written goes when it is old, and nothing else does") func leftovers() throws {
        try inFolder { path in
            let folder = HandoverFolder(path: path)
            let id = "0123456789abcdef0123456789abcdef"
            let others = [".\(id).letter.x.tmp", ".notes.letter.1.tmp", ".profile", "\(id).letter"]
            for name in others + [".\(id).letter.4711.tmp"] { try Files.write([1], to: path + "/" + name) }
            #expect(folder.removeLeftovers(before: Timestamp(seconds: 1_000_000)) == [])
            #expect(folder.removeLeftovers(before: Timestamp(seconds: 250_000_000_000)) == [".\(id).letter.4711.tmp"])
            #expect(try Files.list(path) == others.sorted())
        }
    }

    @Test("files whose names are no text become strangers under names that are") func illegible() throws {
        try inFolder { path in
            let folder = HandoverFolder(path: path + "/in")
            try folder.renameIllegible()
            try Files.makeDirectories(folder.path)
            let directory = try Directory(folder.path)
            let long = [UInt8](repeating: 0xff, count: 255)
            for name in [[0xff, 0xfe], [0x2e, 0xff], Array("good".utf8), long] {
                try directory.create(name, [7], mode: 0o640)
            }
            try Files.write([8], to: folder.path + "/illegible-fffe")
            try folder.renameIllegible()
            let strangers = try folder.contents().strangers
            #expect(strangers.count == 4)
            #expect(strangers.contains("good") && strangers.contains("illegible-fffe"))
            #expect(strangers.count { $0.hasPrefix("illegible-fffe-") } == 1)
            for name in strangers { try folder.reject(name, reason: "its name", into: path + "/rejected") }
            #expect(try Files.list(path + "/rejected").count == 8)
            #expect(try Files.names(in: folder.path) == [[0x2e, 0xff]])
        }
    }

    @Test("links, folders, pipes and files too large are not read") func reading() throws {
        try inFolder { path in
            let folder = HandoverFolder(path: path)
            try Files.write([UInt8](repeating: 1, count: 100), to: path + "/file")
            symlink("/etc/passwd", path + "/link")
            mkfifo(path + "/pipe", 0o600)
            mkdir(path + "/folder", 0o700)
            func fault(_ name: String, limit: Int = 1000) -> Int32? {
                do throws(SystemError) {
                    _ = try folder.read(name, limit: limit)
                    return nil
                } catch {
                    return error.errno
                }
            }
            #expect(fault("file") == nil)
            #expect(fault("file", limit: 99) == EFBIG)
            #expect(fault("link") == ELOOP)
            #expect(fault("pipe") == EINVAL)
            #expect(fault("folder") == EINVAL)
            #expect(fault("none") == ENOENT)
            for name in ["", ".", "..", "../x", "a/b", "a\0b"] { #expect(fault(name) == EINVAL) }
        }
    }

    @Test("to another file system files are copied; links, folders and what is too large go with a word")
    func rejectingAcross() throws {
        try inFolder { path in
            let other = "/dev/shm/herald-rejected-\(Randomness.identifier())"
            try Files.makeDirectories(other)
            defer { _ = try? Files.removeTree(other) }
            let here = try #require(try FileStatus.of(path))
            let there = try #require(try FileStatus.of(other))
            try #require(here.device != there.device, "both are on one file system")
            let folder = HandoverFolder(path: path)
            try Files.write([7], to: path + "/small")
            try Files.write([UInt8](repeating: 1, count: 100), to: path + "/large")
            symlink("/etc/passwd", path + "/link")
            try Files.makeDirectories(path + "/folder/in")
            mkfifo(path + "/pipe", 0o600)
            for name in ["small", "large", "link", "folder", "pipe"] {
                try folder.reject(name, reason: "no letter", into: other, limit: 99)
            }
            #expect(try Files.names(in: path).isEmpty)
            #expect(try Files.read(other + "/small") == [7])
            let names = ["folder.reason", "large.reason", "link.reason", "pipe.reason", "small", "small.reason"]
            #expect(try Files.list(other) == names)
            #expect(try Files.read(other + "/large.reason") == Array("no letter; not kept: 100 octets\n".utf8))
            #expect(try Files.read(other + "/link.reason") == Array("no letter; not kept: a link\n".utf8))
        }
    }

    @Test("of too many refused files the oldest go") func pruning() throws {
        try inFolder { path in
            for number in 0..<6 {
                try Files.write([UInt8](repeating: 1, count: 10), to: path + "/\(number)")
                let time = [timeval(tv_sec: number, tv_usec: 0), timeval(tv_sec: number, tv_usec: 0)]
                #expect(utimes(path + "/\(number)", time) == 0)
            }
            #expect(try HandoverFolder.prune(path, count: 6, bytes: 60) == [])
            #expect(try HandoverFolder.prune(path, count: 4, bytes: 60) == ["1", "0"])
            #expect(try HandoverFolder.prune(path, count: 4, bytes: 25) == ["3", "2"])
            #expect(close(creat(path + "/.\u{301}x", 0o600)) == 0)
            #expect(try HandoverFolder.prune(path, count: 2, bytes: 25) == [])
            #expect(unlink(path + "/.\u{301}x") == 0)
            #expect(try Files.list(path) == ["4", "5"])
        }
    }

    @Test("a refused file lies in the other folder with its reason") func rejecting() throws {
        try inFolder { path in
            let folder = HandoverFolder(path: path + "/in")
            try Files.makeDirectories(folder.path)
            try Files.write([7], to: folder.path + "/bad.letter")
            try folder.reject("bad.letter", reason: "it is damaged", into: path + "/rejected")
            #expect(try Files.list(folder.path) == [])
            #expect(try Files.read(path + "/rejected/bad.letter") == [7])
            #expect(try Files.read(path + "/rejected/bad.letter.reason") == Array("it is damaged\n".utf8))
            #expect(throws: SystemError.self) { try folder.reject("../x", reason: "", into: path) }
        }
    }
}
