// Logs that are watched under a symbolic link, which is switched to the program's next file: cronolog, rotatelogs -L, a
// deployment's `current`.

import Glibc
import LogSources
import Platform
import Testing

@Suite struct FileLinkTests {
    /// As those programs do: the new link is made beside the old one, and renamed over it.
    private func lead(_ link: String, to target: String, _ bench: TailingBench) {
        #expect(symlink(target, bench.path("new-link")) == 0)
        bench.rename("new-link", link)
    }

    private func linked(_ pattern: String = "current.log", text: String = "1\n") throws -> TailingBench {
        let bench = try TailingBench([pattern])
        try bench.append(text, to: "day-1.txt")
        lead("current.log", to: "day-1.txt", bench)
        bench.settle()
        return bench
    }

    @Test("switched while it runs, the old file is read to its end before the new one")
    func switchedAtWork() throws {
        let bench = try linked()
        try bench.append("2\n", to: "day-1.txt")
        try bench.append("3\n", to: "day-2.txt")
        lead("current.log", to: "day-2.txt", bench)
        bench.settle()
        bench.expectTold(["1", "2", "3"])
    }

    @Test("switched while stopped, the old file is read to its end before the new one", arguments: ["1\n", ""])
    func switchedWhileStopped(first: String) throws {
        let bench = try linked(text: first)
        try bench.whileStopped {
            try bench.append("2\n", to: "day-1.txt")
            try bench.append("3\n", to: "day-2.txt")
            lead("current.log", to: "day-2.txt", bench)
        }
        try bench.whileStopped {
            try bench.append("4\n", to: "day-2.txt")
            try bench.append("5\n", to: "day-3.txt")
            lead("current.log", to: "day-3.txt", bench)
        }
        bench.expectTold((first.isEmpty ? [] : ["1"]) + ["2", "3", "4", "5"])
        #expect(bench.records.allSatisfy { $0.source == .file(bench.path("current.log")) })
    }

    @Test("what is appended to the old file afterwards is told too")
    func grownAfterwards() throws {
        let bench = try linked()
        try bench.whileStopped {
            try bench.append("2\n", to: "day-2.txt")
            lead("current.log", to: "day-2.txt", bench)
        }
        try bench.whileStopped { try bench.append("3\n", to: "day-1.txt") }
        bench.expectTold(["1", "2", "3"])
    }

    @Test("an old file that is gone is a gap, said once")
    func gone() throws {
        let bench = try linked()
        try bench.whileStopped {
            bench.remove("day-1.txt")
            try bench.append("2\n", to: "day-2.txt")
            lead("current.log", to: "day-2.txt", bench)
        }
        bench.restart()
        bench.settle()
        #expect(bench.lines == ["1", "2"])
        #expect(bench.notices.map(\.kind) == [.gap])
    }

    @Test("the old file is found under the name that rotation gave it, or compressed", arguments: [false, true])
    func rotatedTarget(isCompressed: Bool) throws {
        let bench = try linked()
        try bench.append("from before the link\n", to: "day-1.txt.7")
        try bench.whileStopped {
            try bench.append("2\n", to: "day-1.txt")
            try bench.rotate("day-1.txt", to: "day-1.txt.1", next: "3\n")
            if isCompressed { try bench.compress("day-1.txt.1", "gzip", ".gz") }
        }
        bench.expectTold(["1", "2", "3"])
    }

    @Test("a folder on the way that is a link and switched: the old folder's file is read to its end")
    func folder() throws {
        let bench = try TailingBench(["current/app.log"])
        for release in ["one", "two"] { #expect(mkdir(bench.path(release), 0o700) == 0) }
        try bench.append("1\n", to: "one/app.log")
        lead("current", to: "one", bench)
        bench.settle()
        try bench.whileStopped {
            try bench.append("2\n", to: "one/app.log")
            try bench.append("3\n", to: "two/app.log")
            lead("current", to: "two", bench)
        }
        bench.expectTold(["1", "2", "3"])
    }

    @Test("files that the globs name too are read once")
    func namedTwice() throws {
        let bench = try linked("*")
        try bench.whileStopped {
            try bench.append("2\n", to: "day-1.txt")
            try bench.append("3\n", to: "day-2.txt")
            lead("current.log", to: "day-2.txt", bench)
        }
        bench.expectTold(inAnyOrder: ["1", "2", "3"])
    }

    @Test("an empty log whose target was rotated is read to its end, and no older one", arguments: ["", "old\n"])
    func emptyTarget(before: String) throws {
        let bench = try linked(text: "")
        if !before.isEmpty { try bench.append(before, to: "day-1.txt.2") }
        try bench.whileStopped {
            try bench.append("1\n", to: "day-1.txt")
            try bench.rotate("day-1.txt", to: "day-1.txt.1", next: "2\n")
        }
        try bench.whileStopped { try bench.append("3\n", to: "day-1.txt") }
        bench.expectTold(["1", "2", "3"])
    }

    @Test("a folder link that is switched is heard of, and what comes in the new folder too, not found by a timer only")
    func switchedFolder() throws {
        for isChain in [false, true] {
            let bench = try TailingBench(["current/log/*.log"])
            for release in ["one", "two"] {
                #expect(mkdir(bench.path(release), 0o700) == 0 && mkdir(bench.path(release + "/log"), 0o700) == 0)
            }
            if isChain { #expect(mkdir(bench.path("links"), 0o700) == 0) }
            let link = isChain ? "links/now" : "current"
            let prefix = isChain ? "../" : ""
            lead(link, to: prefix + "one", bench)
            if isChain { lead("current", to: "links/now", bench) }
            try bench.follow("1\n", to: "one/log/a.log")
            try bench.append("2\n", to: "two/log/a.log")
            lead(link, to: prefix + "two", bench)
            bench.glance()
            #expect(bench.lines == ["1", "2"])
            try bench.append("3\n", to: "two/log/b.log")
            bench.glance()
            #expect(bench.lines == ["1", "2", "3"])
            // What else comes and goes beside the link does not matter.
            bench.settle()
            try bench.append("", to: "other")
            bench.read()
            #expect(bench.tailer?.isIdle == true)
        }
    }
}
