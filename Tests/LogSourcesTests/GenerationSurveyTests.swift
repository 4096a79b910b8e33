// What one look at the rotated files of a log finds, asked of the survey itself.

import Formats
import Glibc
import Platform
import Records
import Testing

@testable import LogSources

@Suite struct GenerationSurveyTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path + "/a.log"
    }

    /// A line longer than what tells one text from others, of a time.
    private func line(_ name: String) -> String {
        "2026-11-22T05:00:00Z " + name + String(repeating: "-", count: 59) + "\n"
    }

    private func write(_ text: String, _ suffix: String) throws {
        try Descriptor.open(path + suffix, O_WRONLY | O_CREAT | O_APPEND, mode: 0o644).write(Array(text.utf8))
    }

    private func survey(isSettled: Bool = true) throws -> GenerationSurvey {
        let chain = try #require(GenerationLister().generations(of: path, FilePattern(path)))
        let present = try? Descriptor.open(path, O_RDONLY)
        return GenerationSurvey(
            chain, KnownArchives(patience: .seconds(60)),
            present: try present.map { file in
                GenerationSurvey.Present(
                    descriptor: file, key: FileKey(try file.status()), isSettled: isSettled)
            })
    }

    /// The text of which `read` was read, by a file of the inode that the generation `suffix` has, or of one that is gone.
    private func text(_ read: String, inodeOf suffix: String? = nil) throws -> FileCheckpoint {
        let status = try suffix.flatMap { try FileStatus.of(path + $0) }
        var text = FileCheckpoint(path: path, device: status?.device ?? 0, inode: status?.inode ?? 0)
        text.marks.noteHead(Array(read.utf8.prefix(TextMark.headLength)))
        text.offset = Int64(read.utf8.count)
        return text
    }

    @Test("by its inode a text is found only where that file holds it still")
    func byInode() throws {
        try write(line("one") + line("two"), ".1")
        var survey = try survey()
        #expect(survey.byInode(try text(line("one"), inodeOf: ".1")) == 0)
        #expect(survey.byInode(try text(line("six"), inodeOf: ".1")) == nil)
        #expect(survey.byInode(try text(line("one"))) == nil)
        survey.know(0)
        #expect(survey.byInode(try text(line("one"), inodeOf: ".1")) == nil)
    }

    @Test("of copies the oldest counts that was not known")
    func byContent() throws {
        for suffix in [".1", ".2", ".4"] { try write(line("one"), suffix) }
        try write(line("old"), ".3")
        var survey = try survey()
        #expect(survey.byContent(try text(line("one"))) == 3)
        survey.know(3)
        #expect(survey.byContent(try text(line("one"))) == 1)
        #expect(survey.byContent(try text(line("one") + line("two"))) == nil)
    }

    @Test(
        "a copy that ends before what was read is known where enough of it can be compared",
        arguments: [(100, true), (84, true), (64, true), (63, false), (3, false)])
    func byBeginning(size: Int, isFound: Bool) throws {
        let read = line("one") + line("two")
        try write(String(read.prefix(size)), ".1")
        var survey = try survey()
        #expect(survey.byBeginning(try text(read)) == (isFound ? 0 : nil))
    }

    @Test("what is not known is unread, whatever its name, but for copies of the present file")
    func unread() throws {
        try write(line("now") + line("more"), "")
        try write(line("now"), ".1")
        for suffix in [".2", ".3", ".4"] { try write(line(suffix), suffix) }
        var survey = try survey()
        survey.know(2)
        survey.findUnread(besides: { [] }) { _ in .none }
        #expect(survey.unread.map(\.index).sorted() == [1, 3])
    }

    @Test("where none is known all is unread, whatever times the files bear")
    func noneKnown() throws {
        for suffix in [".1", ".2"] { try write(line(suffix), suffix) }
        let stamp = timespec(tv_sec: 1_000_000, tv_nsec: 0)
        #expect(utimensat(AT_FDCWD, path + ".2", [stamp, stamp], 0) == 0)
        var survey = try survey()
        survey.findUnread(besides: { [] }) { _ in .none }
        #expect(survey.unread.map(\.index).sorted() == [0, 1])
    }

    @Test("each way of naming is in an order of its own, whatever times the files bear")
    func schemes() throws {
        for (suffix, age) in [(".1", 9), (".2", 1), (".3", 5), ("-20261120", 3), ("-20261121", 7)] {
            try write(line(suffix), suffix)
            let stamp = timespec(tv_sec: 1_000_000 - age, tv_nsec: 0)
            #expect(utimensat(AT_FDCWD, path + suffix, [stamp, stamp], 0) == 0)
        }
        let survey = try survey()
        let names = survey.chain.map { $0.path.dropFirst(path.count) }
        #expect(names == ["-20261121", "-20261120", ".1", ".2", ".3"])
    }

    @Test("a generation holds more than the present file of a text of which little is known")
    func twin() throws {
        try write("half", "")
        try write("half and more\n", ".1")
        try write(line("old"), ".2")
        var survey = try survey()
        #expect(survey.hasTwin(of: try text("half")))
        survey.know(0)
        #expect(!survey.hasTwin(of: try text("half")))
        try write(" and more\n", "")
        var same = try self.survey()
        same.know(1)
        #expect(!same.hasTwin(of: try text("half")))
    }

    @Test("an archive in the inode of another, with the same time, is looked into anew")
    func inodeOfArchive() throws {
        let archives = KnownArchives(patience: .seconds(60))
        let stamp = timespec(tv_sec: 1_000_000, tv_nsec: 0)
        for (index, text) in [line("one"), line("two") + line("and more")].enumerated() {
            try write(text, ".plain\(index)")
            var child = ChildProcess(["/usr/bin/gzip", "-c", path + ".plain\(index)"], deadline: .seconds(60))
            child.outputLimit = 1 << 20
            let bytes = try child.run().output
            try Descriptor.open(path + ".1.gz", O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644).write(bytes)
            #expect(utimensat(AT_FDCWD, path + ".1.gz", [stamp, stamp], 0) == 0)
            let chain = try #require(GenerationLister().generations(of: path, FilePattern(path)))
            var survey = GenerationSurvey(chain, archives, present: nil)
            #expect(survey.head(0, .gzip) == Array(text.utf8.prefix(TextMark.headLength)))
        }
    }
}
