import Formats
import Glibc
import Platform
import Testing

@testable import Intake

/// A drop folder of a test's own, gone with it.
final class Tree {
    let path: String
    init() throws {
        path = "/tmp/herald-intake-\(Randomness.identifier())"
        try Files.makeDirectories(path + "/in")
    }
    deinit { try? Files.removeTree(path) }

    var inbox: String { path + "/in" }
    var outcomes: String { path + "/in.herald" }

    func put(_ name: String, _ text: String, in folder: String = "") throws {
        let file = try Descriptor.open("\(inbox)/\(folder)\(name)", O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
        try file.write(text.utf8)
    }
    func put(_ name: [UInt8], _ text: String) throws { try Directory(inbox).create(name, text.utf8, mode: 0o644) }
    func folder(settle: Duration = .seconds(3), patience: Duration = .seconds(600)) -> DropFolder {
        DropFolder(path: inbox, settle: settle, patience: patience)
    }
    func names(_ scan: DropFolderScan) -> [String] {
        scan.ready.map { String(decoding: $0.name, as: UTF8.self) }.sorted()
    }
}

@Suite("A drop folder")
struct DropFolderTests {
    @Test("takes what stays unchanged for the settle time, and not before")
    func settles() throws {
        let tree = try Tree()
        let folder = tree.folder()
        try tree.put("a.txt", "one")
        #expect(try folder.scan(now: .seconds(100)).ready.isEmpty)
        #expect(try folder.scan(now: .seconds(102)).settling == 1)
        try tree.put("a.txt", "one and more")
        #expect(try folder.scan(now: .seconds(104)).nextLook == .seconds(107))
        #expect(try folder.scan(now: .seconds(106)).ready.isEmpty)
        #expect(try tree.names(folder.scan(now: .seconds(107))) == ["a.txt"])
    }

    @Test("starts anew when the file is replaced by another of the same size")
    func replaced() throws {
        let tree = try Tree()
        let folder = tree.folder()
        try tree.put("a.txt", "one")
        _ = try folder.scan(now: .seconds(0))
        try Files.write(Array("two".utf8), to: tree.inbox + "/a.txt")
        #expect(try folder.scan(now: .seconds(3)).ready.isEmpty)
        #expect(try folder.scan(now: .seconds(6)).ready.count == 1)
    }

    @Test("waits for the format's end, within its patience")
    func formatEnd() throws {
        let tree = try Tree()
        let folder = tree.folder(settle: .zero, patience: .seconds(60))
        try tree.put("a.pdf", "%PDF-1.4\nhalf")
        try tree.put("b.json", "{\"basics\": ")
        try tree.put("c.eml", "From: a@b.example\nSubject: x")
        try tree.put("d.pdf", "%PDF-1.4\nwhole\n%%EOF\n")
        try tree.put("e.json", "{}")
        try tree.put("f.eml", "From: a@b.example\r\n\r\nbody")
        try tree.put("g.txt", "")
        let scan = try folder.scan(now: .seconds(1))
        #expect(tree.names(scan) == ["d.pdf", "e.json", "f.eml", "g.txt"])
        #expect(scan.incomplete == 3)
        #expect(!scan.isIdle)
        #expect(try folder.scan(now: .seconds(61)).ready.count == 7)
    }

    @Test(
        "leaves alone what is no item",
        arguments: [
            ".hidden", "a.pdf.part", "a.filepart", "a.TMP", "a.partial", "a.crdownload", ".in.a.pdf.", "~$a.docx",
            ".~lock.a.odt#", ".nfs0001",
            "._a.pdf", "Thumbs.db", ".DS_Store", "desktop.ini", "@eaDir", "a.txt~",
        ])
    func ignored(_ name: String) throws {
        #expect(IgnoredNames.contains(Array(name.utf8)))
    }

    @Test(
        "takes names that only resemble those",
        arguments: ["a.pdf", "part.txt", "in.pdf", "Thumbs.db.pdf", "tmp", "a.tmp.txt", "~a"])
    func notIgnored(_ name: String) {
        #expect(!IgnoredNames.contains(Array(name.utf8)))
    }

    @Test("takes regular files alone: no folders, links, second names, pipes")
    func onlyFiles() throws {
        let tree = try Tree()
        try tree.put("real.txt", "x")
        try tree.put("twice.txt", "x")
        #expect(link(tree.inbox + "/twice.txt", tree.inbox + "/again.txt") == 0)
        #expect(symlink("/etc/passwd", tree.inbox + "/link.txt") == 0)
        #expect(mkfifo(tree.inbox + "/pipe.txt", 0o600) == 0)
        try Files.makeDirectories(tree.inbox + "/folder.txt")
        let scan = try tree.folder(settle: .zero).scan(now: .zero)
        #expect(tree.names(scan) == ["real.txt"])
    }

    @Test("reads a Maildir's new and cur, and not its tmp")
    func maildir() throws {
        let tree = try Tree()
        for name in ["tmp", "new", "cur"] { try Files.makeDirectories(tree.inbox + "/" + name) }
        try tree.put("1.a.host", "From: a@b.example\n\nx", in: "new/")
        try tree.put("2.b.host:2,S", "From: a@b.example\n\nx", in: "cur/")
        try tree.put("3.c.host", "From: a@b.example\n\nx", in: "tmp/")
        let scan = try tree.folder().scan(now: .zero)
        #expect(tree.names(scan) == ["1.a.host", "2.b.host:2,S"])
        #expect(Set(scan.ready.map(\.subfolder)) == ["new", "cur"])
    }

    @Test(
        "gives a command to paste in which a file's name is one word, whatever it is",
        arguments: ["a b", "it's", "x'\u{301};touch PWNED;: '\u{301}.pdf", "-- $(id)", "\u{601}'; id"])
    func command(name: String) throws {
        let path = "/srv/in/" + name
        let remedy = DropFolder.remedy(EACCES, path)
        let command = remedy.utf8.dropFirst("; to mend it: ".utf8.count)
        // The shell itself says which word it takes it for.
        let script = "chgrp() { printf '%s|' \"$@\"; }; chmod() { printf '%s|' \"$@\"; }; \(String(command) ?? "")"
        let pipe = try #require(popen(script, "r"))
        var told = [UInt8](repeating: 0, count: 4096)
        let count = fread(&told, 1, told.count, pipe)
        #expect(pclose(pipe) == 0)
        #expect(Array(told.prefix(count)) == Array("herald-responder|--|\(path)|g+r|--|\(path)|".utf8))
    }

    @Test("that is gone is an outage, with what to do")
    func outage() throws {
        let tree = try Tree()
        let folder = tree.folder()
        #expect(rename(tree.inbox, tree.path + "/elsewhere") == 0)
        #expect(throws: IntakeOutage.self) { try folder.scan(now: .zero) }
        #expect(throws: IntakeOutage.self) {
            try OutcomeFolder(path: tree.outcomes, inbox: folder, instance: "0000").prepare()
        }
        #expect(rename(tree.path + "/elsewhere", tree.inbox) == 0)
        #expect(try folder.scan(now: .zero).isIdle)
    }

    @Test("hands over at most the limit, and says that there is more")
    func limit() throws {
        let tree = try Tree()
        for number in 0..<30 { try tree.put("\(number).txt", "x") }
        let scan = try tree.folder(settle: .zero).scan(now: .zero, limit: 10)
        #expect(scan.ready.count == 10)
        #expect(scan.hasMore)
    }

    @Test("does not mind names that are no text")
    func names() throws {
        let tree = try Tree()
        let odd: [[UInt8]] = [
            [0xff, 0xfe, 0x2e, 0x74], Array("a\nb$(reboot)'\".txt".utf8), [UInt8](repeating: 0x61, count: 255),
        ]
        for name in odd { try tree.put(name, "x") }
        #expect(Set(try tree.folder(settle: .zero).scan(now: .zero).ready.map(\.name)) == Set(odd))
    }
}
