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
