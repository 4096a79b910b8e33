// Copies of journal files beside them: every entry that stands in one of them is read, and read once.

import Formats
import Glibc
import LogSources
import Platform
import Records
import TestSupport
import Testing

@Suite(.serialized) struct JournalCopyTests {
    private func numbered(_ range: Range<Int64>) -> [ExportedEntry] {
        range.map { ExportedEntry("entry \($0)", at: $0) }
    }

    /// A file with 300 entries at `remote.journal`, and a copy of it when there were 100.
    private func bench(copy: String) throws -> JournalBench {
        let bench = try JournalBench(byFile: true)
        try bench.write(numbered(0..<100), to: "remote.journal")
        try Files.write(try Files.read(bench.path("remote.journal")), to: bench.path(copy))
        try bench.write(numbered(100..<300), to: "remote.journal")
        return bench
    }

    private let all = (0..<300).map { "entry \($0)" }

    @Test("a shorter copy takes nothing away, and is named", arguments: ["aaa.journal", "zzz.journal"])
    func shorter(copy: String) throws {
        let bench = try bench(copy: copy)
        bench.start()
        bench.settle()
        #expect(bench.messages == all)
        #expect(bench.notices.map(\.kind) == [.remark])
        #expect(
            bench.notices.first?.text
                == "\(bench.path(copy)) is a copy of the journal file \(bench.path("remote.journal")), which is read.")
        // The original goes on being read, and nothing is said twice.
        try bench.write(numbered(300..<310), to: "remote.journal")
        bench.settle()
        bench.settle()
        #expect(bench.messages.count == 310 && bench.notices.count == 1)
    }

    @Test("a piece of the file is not read in its place", arguments: ["aaa.journal", "zzz.journal"])
    func piece(copy: String) throws {
        let bench = try JournalBench(byFile: true)
        try bench.write(numbered(0..<300), to: "remote.journal")
        try Files.write(try Files.read(bench.path("remote.journal")).prefix(5000), to: bench.path(copy))
        bench.start()
        bench.settle()
        #expect(bench.messages == all)
        #expect(bench.notices.map(\.kind) == [.remark])
    }

    @Test(
        "where the file that goes furthest is damaged, its copy is read, and what neither has is a gap",
        arguments: ["aaa.journal", "zzz.journal"])
    func damaged(copy: String) throws {
        let bench = try bench(copy: copy)
        let whole = try Files.read(bench.path("remote.journal"))
        try Files.write(whole.prefix(5000), to: bench.path("remote.journal"))
        bench.start()
        // A file that gives less than it promises is tried a few times.
        for _ in 0..<5 { bench.settle() }
        #expect(bench.messages == Array(all.prefix(100)))
        let gaps = bench.notices.filter { $0.kind == .gap }
        #expect(gaps.count == 1 && gaps.first?.text.contains("200 entries") == true, "\(bench.notices.map(\.text))")
        let said = bench.notices.count
        for _ in 0..<5 { bench.settle() }
        bench.restart()
        for _ in 0..<5 { bench.settle() }
        #expect(bench.messages.count == 100)
        #expect(bench.notices.dropFirst(said).allSatisfy { $0.kind == .remark }, "\(bench.notices.map(\.text))")
    }

    @Test("a copy that appears while the file is watched changes nothing, also when the file is gone then")
    func later() throws {
        let bench = try JournalBench(byFile: true)
        try bench.write(numbered(0..<300), to: "remote.journal")
        bench.start()
        bench.settle()
        try Files.write(try Files.read(bench.path("remote.journal")), to: bench.path("aaa.journal"))
        bench.settle()
        bench.settle()
        #expect(bench.messages == all && bench.notices.map(\.kind) == [.remark])
        try Files.remove(bench.path("remote.journal"))
        bench.settle()
        bench.restart()
        bench.settle()
        #expect(bench.messages == all && bench.notices.map(\.kind) == [.remark])
    }
}
