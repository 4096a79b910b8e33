import Records
import Testing

@testable import LogSources

/// Files whose names look alike, or are one name to who compares texts by what they look like.
@Suite struct FileTwinTests {
    static let twins = [
        ("caf\u{e9}.log", "cafe\u{301}.log"), ("K.log", "\u{212a}.log"), ("\u{c5}.log", "\u{212b}.log"),
    ]

    @Test("logs whose names only look alike are all read, over rotation and restart", arguments: twins)
    func apart(one: String, other: String) throws {
        let bench = try TailingBench()
        try bench.append("1\n", to: one)
        try bench.append("2\n", to: other)
        bench.settle()
        #expect(Set(bench.records.map(\.source)).count == 2)
        try bench.whileStopped {
            for (number, name) in [(3, one), (5, other)] {
                try bench.append("\(number)\n", to: name)
                try bench.rotate(name, to: name + ".1", next: "\(number + 1)\n")
            }
        }
        bench.expectTold(inAnyOrder: ["1", "2", "3", "4", "5", "6"])
        let names = Set(bench.records.map { Array($0.source.name.utf8) })
        #expect(names == [Array(bench.path(one).utf8), Array(bench.path(other).utf8)])
        #expect(bench.tailer?.status.count == 2)
    }

    @Test("a path that the settings write out is the file of that name, and not its twin", arguments: twins)
    func writtenOut(one: String, other: String) throws {
        for (named, unnamed) in [(one, other), (other, one)] {
            let bench = try TailingBench([named])
            try bench.append("1\n", to: unnamed)
            try bench.append("2\n", to: named)
            bench.settle()
            bench.expectTold(["2"])
        }
    }

    /// Marks and joiners that belong to the slash before them, for who reads by characters.
    @Test(
        "a log whose name begins with a mark is read on where it was left",
        arguments: ["\u{301}x", "\u{200d}x", "\u{e33}"])
    func marks(name: String) throws {
        let name = name + ".log"
        let bench = try TailingBench()
        try bench.follow("1\n", to: name)
        try bench.whileStopped {
            try bench.append("2\n", to: name)
            try bench.rotate(name, to: name + ".1", next: "3\n")
        }
        bench.expectTold(["1", "2", "3"])
    }

    @Test("a name without slash excludes a file that begins with a mark")
    func excluded() {
        #expect(!FilePattern("/var/log/*", exclude: ["\u{301}x*"]).names(LogPath.text(Array("/var/log/\u{301}x".utf8))))
    }
}
