import Glibc
import TestSupport
import Testing

@testable import Platform

@Suite struct FilesTests {
    private let temporary = try? TemporaryFolder()
    private var folder: String { temporary?.path ?? "" }

    @Test("written files have their content and mode, and leave no temporary behind") func write() throws {
        try Files.write("one".utf8, to: folder + "/a", mode: 0o640)
        try Files.write("two".utf8, to: folder + "/a", mode: 0o640)
        #expect(try Files.read(folder + "/a") == Array("two".utf8))
        #expect(try FileStatus.of(folder + "/a")?.permissions == 0o640)
        #expect(try Files.list(folder) == ["a"])
    }

    /// Marks and joiners belong to the slash before them for who reads by characters, and U+0601 takes the one behind it.
    @Test(
        "a path is parted at its last slash, whatever stands beside it",
        arguments: [("/var", "\u{301}x"), ("/var/app", "\u{200d}x"), ("/\u{fe0f}", "x"), ("/a/b\u{601}", "\u{e33}")])
    func split(directory: String, name: String) throws {
        let parts = Files.split(directory + "/" + name)
        #expect(Array(parts.directory.utf8) == Array(directory.utf8))
        #expect(Array(parts.name.utf8) == Array(name.utf8))
        try Files.makeDirectories(folder + directory)
        try Files.write("one".utf8, to: folder + directory + "/" + name)
        #expect(try Files.read(folder + directory + "/" + name) == Array("one".utf8))
    }

    @Test("a tree goes with all that is in it, names that are no UTF-8 and links among them") func removeTree() throws {
        try Files.makeDirectories(folder + "/kept")
        try Files.write("one".utf8, to: folder + "/kept/a")
        let tree = folder + "/tree"
        try Files.makeDirectories(tree + "/inner")
        for place in [tree, tree + "/inner"] {
            try Directory(place).create([0xff, 0x2e, 0xc3], "x".utf8, mode: 0o600)
            #expect(symlink(folder + "/kept", place + "/link") == 0)
            let made = (Array((place + "/").utf8) + [0xfe, 0]).withUnsafeBytes { bytes in
                bytes.withMemoryRebound(to: CChar.self) { $0.baseAddress.map { mkdir($0, 0o700) } }
            }
            #expect(made == 0)
        }
        try Files.removeTree(tree)
        #expect(try Files.list(folder) == ["kept"])
        #expect(try Files.list(folder + "/kept") == ["a"])
    }

    @Test("the name with a domain is found in hosts(5), whose lines may end in CR LF", arguments: ["\n", "\r\n"])
    func hosts(end: String) {
        let lines = [
            "127.0.0.1 localhost", "# 127.0.1.1 web1 web1.example.net", "127.0.1.1\tweb1 web1.example.org", "",
        ]
        #expect(HostNames.alias(of: "web1", in: Array(lines.joined(separator: end).utf8)) == "web1.example.org")
        #expect(HostNames.alias(of: "web", in: Array(lines.joined(separator: end).utf8)) == nil)
    }

    @Test("create never overwrites") func create() throws {
        try Files.create("one".utf8, at: folder + "/a")
        #expect(throws: SystemError("create", folder + "/a", errno: EEXIST)) {
            try Files.create("two".utf8, at: folder + "/a")
        }
        #expect(try Files.read(folder + "/a") == Array("one".utf8))
        #expect(try Files.list(folder) == ["a"])
    }

    @Test("only regular files are read, and only to the limit") func read() throws {
        try Files.write(Array(repeating: 65, count: 1000), to: folder + "/a")
        #expect(throws: SystemError.self) { try Files.read(folder + "/a", limit: 999) }
        #expect(throws: SystemError.self) { try Files.read(folder) }
        mkfifo(folder + "/fifo", 0o600)
        #expect(throws: SystemError.self) { try Files.read(folder + "/fifo") }
    }

    @Test("errors name the operation, the path and the reason") func errors() {
        let error = #expect(throws: SystemError.self) { try Files.read("/no/such/file") }
        #expect(error?.description == "cannot open /no/such/file: No such file or directory")
    }

    @Test("configuration is the file, then conf.d in the order of names") func configuration() throws {
        try Files.makeDirectories(folder + "/conf.d")
        for name in ["20-b.yaml", "10-a.yaml", ".hidden.yaml", "note.txt"] {
            try Files.write([], to: folder + "/conf.d/" + name)
        }
        try Files.write([], to: folder + "/herald.yaml")
        let names = ConfigurationFile.found(folder + "/herald.yaml").files.map { Files.split($0.path).name }
        #expect(names == ["herald.yaml", "10-a.yaml", "20-b.yaml"])
    }

    @Test("a lock has one holder") func lock() throws {
        let first = try LockFile(folder + "/lock")
        #expect(throws: SystemError.self) { try LockFile(folder + "/lock") }
        withExtendedLifetime(first) {}
    }
}
