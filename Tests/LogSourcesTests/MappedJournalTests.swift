// A journal file read where it stands says what libsystemd says of it, and leaves to that what it should.

import Glibc
import Platform
import Records
import TestSupport
import Testing

@testable import LogSources

@Suite(.serialized) struct MappedJournalTests {
    /// Entries that share fields and have their own, repeat names, lack a MESSAGE or have several, hold any bytes.
    private func entries(_ range: Range<Int64>) -> [ExportedEntry] {
        range.map { number in
            var entry = ExportedEntry(
                number % 17 == 5 ? nil : "entry \(number)", at: number,
                [
                    ("PRIORITY", "\(number % 8)"), ("_PID", "\(300 + number % 5)"), ("_UID", "0"),
                    ("_SYSTEMD_UNIT", "unit\(number % 3).service"), ("REPEATED", "1"), ("REPEATED", "\(number)"),
                    ("SYSLOG_IDENTIFIER", "program\(number % 11)"),
                ])
            if number % 19 == 0 { entry.fields.append(("MESSAGE", Array("second \(number % 4)".utf8))) }
            if number % 23 == 0 { entry.fields.append(("BINARY", [0, 0x0a, 0xff, UInt8(number & 0xff)])) }
            if number % 29 == 0 { entry.fields.append(("MESSAGE_ID", Array(repeating: 0x61, count: 32))) }
            return entry
        }
    }

    private func expectSame(
        _ one: JournalBench, _ other: JournalBench, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(one.records.count == other.records.count, sourceLocation: sourceLocation)
        for (mine, theirs) in zip(one.records, other.records) {
            var mine = mine
            mine.source = theirs.source
            if mine != theirs {
                Issue.record("\(mine)\nis not\n\(theirs)", sourceLocation: sourceLocation)
                return
            }
        }
    }

    /// One handle over the folder never maps.
    private func byLibrary(_ bench: JournalBench) throws -> JournalBench {
        let other = try JournalBench(byFile: false) { $0.place = bench.folder.path }
        other.start()
        other.settle()
        return other
    }

    @Test(
        "each entry has the fields that libsystemd gives, in its order, whatever form the file has",
        arguments: [[], ["SYSTEMD_JOURNAL_COMPACT=0"], ["SYSTEMD_JOURNAL_KEYED_HASH=0"]])
    func same(environment: [String]) throws {
        let bench = try JournalBench(byFile: true) { $0.batchEntries = 100 }
        try bench.write(entries(0..<900), environment)
        bench.start()
        bench.settle()
        #expect(bench.records.count == 900 && bench.notices.isEmpty)
        expectSame(bench, try byLibrary(bench))
    }

    @Test("a batch that is full with the last entry there is leaves nothing to wait for when there are more")
    func fullAtTheEnd() throws {
        let bench = try JournalBench(byFile: true) { $0.batchEntries = 20 }
        try bench.follow(entries(0..<20))
        #expect(bench.records.count == 20 && bench.batches == 1)
        try bench.follow(entries(20..<25))
        #expect(bench.records.count == 25)
    }

    @Test("a field that is damaged is said, with the file and how many entries; the entries are read all the same")
    func damagedFields() throws {
        for destroy in [
            { try $0.destroy("MESSAGE=entry 7") && $0.destroy("MESSAGE=entry 11") },
            { try $0.destroyCompressed() == 2 },
        ] as [(inout JournalObjects) throws -> Bool] {
            let bench = try JournalBench(byFile: true)
            let long = [Int64(7), 8].map {
                ExportedEntry(String(repeating: "long text \($0) ", count: 400), at: 20 + $0)
            }
            try bench.write(entries(6..<12) + long)
            var objects = try JournalObjects(bench.path("a.journal"))
            #expect(try destroy(&objects))
            bench.start()
            bench.settle()
            #expect(bench.records.count == 8)
            #expect(bench.notices.map(\.kind) == [.gap])
            let said = "The journal file \(bench.path("a.journal")) is damaged: parts of 2 entries cannot be read."
            #expect(bench.notices.map(\.text) == [said])
        }
    }

    @Test(
        "it is read without libsystemd to its last entry, from wherever it is begun", arguments: [0, 1, 499, 600, 899])
    func whole(behind: UInt64) throws {
        let bench = try JournalBench(byFile: true)
        try bench.write(entries(0..<900))
        let file = try Descriptor.open(bench.path("a.journal"), O_RDONLY)
        let header = try #require(try JournalFileHeader.read(file))
        #expect(header.tail == 900)
        let mapped = try #require(MappedJournal(file, after: behind, upTo: header.tail))
        var batch = JournalBatch(bench.options)
        batch.beginMappedFile()
        guard case .end = mapped.read(into: &batch) else {
            Issue.record("the end is not reached")
            return
        }
        #expect(mapped.sequence == 900 && batch.count == 900 - Int(behind))
    }

    @Test("compressed fields are read through libsystemd, and the entries around them are in their place")
    func compressed() throws {
        let bench = try JournalBench(byFile: true) { $0.batchEntries = 70 }
        var all = entries(0..<600)
        for number in [0, 1, 2, 69, 70, 300, 450, 599] {
            all[number].fields.append(("LONG", [UInt8](repeating: 0x78, count: 5000 + number)))
        }
        all[301].fields = [("MESSAGE", [UInt8](repeating: 0x79, count: 20_000))]
        try bench.write(all)
        bench.start()
        bench.settle()
        #expect(bench.notices.isEmpty && bench.records[301].message.count == 20_000)
        expectSame(bench, try byLibrary(bench))
    }

    @Test("stopped after each batch, and while the file grows, no entry is missing and none is there twice")
    func restarts() throws {
        let bench = try JournalBench(byFile: true) { $0.batchEntries = 90 }
        var written: Int64 = 0
        for more in [700, 300, 10, 400, 255, 256] as [Int64] {
            try bench.write(entries(written..<written + more))
            written += more
            for round in 0..<5 {
                if round % 2 == 0 { bench.restart() }
                bench.read()
            }
        }
        bench.settle()
        #expect(bench.records.count == Int(written) && bench.notices.isEmpty)
        expectSame(bench, try byLibrary(bench))
    }

    @Test("an entry's fields are bounded as libsystemd's are: a field, all of an entry, the message")
    func bounded() throws {
        func bench(_ byFile: Bool, _ place: String? = nil) throws -> JournalBench {
            try JournalBench(byFile: byFile) {
                ($0.fieldLimit, $0.entryLimit, $0.messageLimit) = (30, 90, 12)
                if let place { $0.place = place }
            }
        }
        let mapped = try bench(true)
        var all = entries(0..<600)
        for number in all.indices where number % 7 == 0 {
            all[number].fields.append(("WIDE", [UInt8](repeating: 0x7a, count: 20 + number % 40)))
        }
        try mapped.write(all)
        mapped.start()
        mapped.settle()
        let other = try bench(false, mapped.folder.path)
        other.start()
        other.settle()
        expectSame(mapped, other)
    }
}
