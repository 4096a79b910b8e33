// What is shown of the files: each once, with what is unread or wrong, and the patterns that name nothing.

import Glibc
import LogSources
import Platform
import Records
import TestSupport
import Testing

@Suite struct FileStatusTests {
    /// The sources of the status without the folder, those that are not there marked.
    private func shown(_ bench: TailingBench) -> [String] {
        (bench.tailer?.status ?? []).map { status in
            let name = String(status.source.name.dropFirst(bench.folder.path.utf8.count + 1))
            return status.fault != nil ? "fault \(name)" : status.isThere ? name : "no \(name)"
        }
    }

    @Test(
        "each pattern that names nothing that is read stands in the status, and no other, whoever else names its files")
    func emptyPatterns() throws {
        let bench = try TailingBench(["*.log", "a*", "b*", "c.log", "d.log", "e/*"])
        #expect(mkdir(bench.path("e"), 0o700) == 0 && mkdir(bench.path("e/folder"), 0o700) == 0)
        try bench.append("1\n", to: "e/old.gz")
        try bench.append("1\n", to: "a.log")
        try bench.follow("1\n", to: "c.log")
        #expect(shown(bench) == ["a.log", "no b*", "c.log", "fault d.log", "no e/*"])
        try bench.append("1\n", to: "d.log")
        try bench.append("1\n", to: "e/new")
        bench.remove("a.log")
        try bench.follow("1\n", to: "b.log")
        bench.settle()
        #expect(shown(bench) == ["no a*", "b.log", "c.log", "d.log", "e/new"])
    }

    @Test("what left its path is shown as read until it is, and only then as not there", arguments: ["a.log", "*.log"])
    func removed(pattern: String) throws {
        let bench = try TailingBench([pattern]) {
            $0.readLimit = 4096; $0.blockSize = 4096; $0.setLineLimit(1000)
        }
        try bench.append(String(repeating: "0123456789\n", count: 2000), to: "a.log")
        bench.read()
        bench.remove("a.log")
        bench.clock += .seconds(1)
        bench.read()
        #expect(shown(bench) == ["a.log"])
        bench.settle()
        #expect(bench.lines.count == 2000)
        #expect(shown(bench) == ["no " + pattern])
    }

    @Test("a file that may not be read is there for its pattern")
    func unreadable() throws {
        try Unprivileged.run {
            let bench = try TailingBench(["*.log", "a*"])
            try bench.append("1\n", to: "a.log")
            #expect(chmod(bench.path("a.log"), 0) == 0)
            bench.settle()
            #expect(shown(bench) == ["fault a.log"])
        }
    }

    @Test("what of a log is not read yet, its rotated generations included, stands in the status")
    func status() throws {
        let bench = try TailingBench {
            $0.readLimit = 4096; $0.blockSize = 4096; $0.setLineLimit(1000)
        }
        try bench.append(String(repeating: "0123456789\n", count: 1000), to: "a.log")
        bench.read()
        try bench.rotate("a.log", to: "a.log.1", next: "next\n")
        bench.clock += .seconds(1)
        bench.read()
        let behind = try #require(bench.tailer?.status.first?.behind)
        #expect(behind > 0 && bench.tailer?.status.count == 1)
        bench.settle()
        #expect(bench.tailer?.status.map(\.behind) == [0])
    }

    @Test("what is matched and taken for a rotated file is named beside its log")
    func rotated() throws {
        let bench = try TailingBench(["*.log*"])
        for name in ["a.log.1", "a.log-20261121", "a.log.old", "a.log.2.gz", "b.log"] {
            try bench.append("old\n", to: name)
        }
        try bench.follow("1\n", to: "a.log")
        let status = try #require(bench.tailer).status
        let names = status.map { $0.rotated.map { $0.dropFirst(bench.folder.path.utf8.count + 1) } }
        #expect(names == [["a.log-20261121", "a.log.1", "a.log.2.gz", "a.log.old"], []])
    }
}
