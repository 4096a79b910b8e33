// A folder read file by file: what one handle over all files would miss or mix.

import Formats
import Glibc
import LogSources
import Platform
import Records
import TestSupport
import Testing

@Suite(.serialized) struct JournalFolderTests {
    private func numbered(_ range: Range<Int64>, _ prefix: String = "entry") -> [ExportedEntry] {
        range.map { ExportedEntry("\(prefix) \($0)", at: $0) }
    }

    @Test("a late host's file, all its entries older than what was read, is read and not lost")
    func late() throws {
        let bench = try JournalBench(byFile: true)
        try bench.follow(numbered(1000..<1010, "early"), to: "remote-a.journal")
        try bench.follow(numbered(0..<10, "late"), to: "remote-b.journal")
        // And more of it, still older than the other's.
        try bench.follow(numbered(10..<20, "late"), to: "remote-b.journal")
        bench.restart()
        bench.settle()
        #expect(bench.messages == (1000..<1010).map { "early \($0)" } + (0..<20).map { "late \($0)" })
        #expect(bench.notices.isEmpty)
    }

    @Test("what a host writes while it is followed is not late by its own clock; what nobody read is")
    func ages() throws {
        let bench = try JournalBench(byFile: true) { $0.batchEntries = 4 }
        try bench.follow(numbered(0..<10), to: "remote-a.journal")
        #expect(bench.trusted == Array(repeating: true, count: 10))
        try bench.write(numbered(10..<20), to: "remote-a.journal")
        // A host's file comes whole, in the same look.
        try bench.write(numbered(0..<10, "late"), to: "remote-b.journal")
        bench.settle()
        bench.restart()
        try bench.follow(numbered(20..<25), to: "remote-a.journal")
        try bench.follow(numbered(25..<30), to: "remote-a.journal")
        let byMessage = Dictionary(uniqueKeysWithValues: zip(bench.messages, bench.trusted))
        #expect(byMessage.count == 40)
        for (message, isTrusted) in byMessage {
            let number = Int(message.split(separator: " ")[1]) ?? 0
            let wasUnread = message.hasPrefix("late") || number < 10 || (20..<25).contains(number)
            #expect(isTrusted == wasUnread, "\(message)")
        }
    }

    @Test("the journal of this host itself has this host's clock")
    func ownAges() throws {
        let bench = try JournalBench(byFile: false)
        try bench.follow(numbered(0..<5))
        try bench.follow(numbered(5..<10))
        #expect(bench.trusted == Array(repeating: true, count: 10))
    }

    @Test("forty hosts' files that grow, come and go over restarts: every host's entries once and in order")
    func hosts() throws {
        let bench = try JournalBench(byFile: true) { $0.batchEntries = 64 }
        bench.start()
        bench.settle()
        for round in 0..<3 {
            for host in 0..<40 where host % 3 >= round % 3 || round == 2 {
                let from = Int64(round * 20)
                // Each host's clock is elsewhere.
                let entries = (from..<from + 20).map { number in
                    ExportedEntry("\(number)", at: number + Int64(host % 7) * 5000, [("_HOSTNAME", "host\(host)")])
                }
                try bench.write(entries, to: "remote-host\(host).journal")
                if host % 10 == 0 { bench.read() }
            }
            if round == 1 { bench.restart() }
            bench.settle()
        }
        for host in 0..<40 {
            let mine = bench.records.filter { $0.host == "host\(host)" }.compactMap {
                Int(String(decoding: $0.message, as: UTF8.self))
            }
            let rounds = [0, 1, 2].filter { host % 3 >= $0 % 3 || $0 == 2 }
            #expect(mine == rounds.flatMap { Array($0 * 20..<$0 * 20 + 20) }, "host \(host)")
        }
        #expect(bench.notices.isEmpty)
        // A host that is gone, read to its end, is no gap while it is watched.
        try Files.remove(bench.path("remote-host0.journal"))
        bench.settle()
        #expect(bench.notices.isEmpty)
        #expect(!bench.stored.values.contains { $0.text.contains("host0.journal") })
    }

    @Test(
        "an hour, a year and ten years, back and forth, with the journal open: every entry once, in the order of writing",
        arguments: [true, false])
    func clockJumps(byFile: Bool) throws {
        let bench = try JournalBench(byFile: byFile)
        bench.start()
        let year: Int64 = 365 * 86400
        var sent = 0
        for (index, jump) in [0, 3600, -3600, year, -year, 10 * year, 0, -10 * year].enumerated() {
            // journald begins a new file when the clock jumps far, and a new boot has a clock of its own.
            let entries = (0..<5).map { number in
                var entry = ExportedEntry("entry \(sent + number)", at: jump + Int64(sent + number))
                entry.monotonic = Int64(sent + number) * 1_000_000
                return entry
            }
            try bench.write(entries)
            sent += 5
            bench.settle()
            if index % 3 == 2 { bench.restart() }
            #expect(bench.messages == (0..<sent).map { "entry \($0)" }, "after \(jump)")
        }
        bench.restart()
        bench.settle()
        #expect(bench.records.count == sent)
        #expect(bench.notices.isEmpty)
    }

    @Test("a message of 20 MB, more than libsystemd maps at once, is cut and said, and the entries around it are read")
    func beyondTheWindow() throws {
        for byFile in [true, false] {
            let bench = try JournalBench(byFile: byFile)
            // Nothing that compresses: it stands in the file as it is.
            var random = Xorshift(seed: 20)
            let noise = (0..<(20 << 20) / 8).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
            var large = ExportedEntry(nil, at: 1)
            large.fields = [("MESSAGE", noise), ("BLOB", noise), ("_HOSTNAME", Array("web1".utf8))]
            try bench.follow(numbered(0..<1) + [large] + numbered(2..<3))
            #expect(bench.records.count == 3)
            #expect(bench.records.dropFirst().first?.message == Array(noise.prefix(bench.options.messageLimit)))
            #expect(bench.records.dropFirst().first?.host == "web1")
            #expect(bench.messages.last == "entry 2")
            #expect(bench.notices.map(\.kind) == [.skipped])
        }
    }

    @Test("entries are read by their numbers when the clock goes back, and across boots")
    func clockBack() throws {
        let bench = try JournalBench(byFile: true)
        try bench.follow(numbered(5000..<5005))
        var earlier = numbered(100..<105)
        for index in earlier.indices { earlier[index].boot = String(repeating: "ef", count: 16) }
        try bench.follow(earlier)
        bench.restart()
        try bench.follow(numbered(50..<55))
        let expected = (5000..<5005).map { $0 } + (100..<105).map { $0 } + (50..<55).map { $0 }
        #expect(bench.messages == expected.map { "entry \($0)" })
        #expect(bench.notices.isEmpty)
    }

    @Test("a file that is renamed, copied over itself or moved into a machine's folder is read on where it was")
    func renamed() throws {
        let bench = try JournalBench(byFile: true)
        try bench.follow(numbered(0..<5))
        try Files.write(try Files.read(bench.path("a.journal")), to: bench.path("copy.journal"))
        bench.settle()
        #expect(rename(bench.path("a.journal"), bench.path("a@1-2.journal")) == 0)
        bench.settle()
        let machine = String(repeating: "0a", count: 16)
        #expect(mkdir(bench.path(machine), 0o700) == 0)
        #expect(rename(bench.path("copy.journal"), bench.path(machine + "/system.journal")) == 0)
        try Files.remove(bench.path("a@1-2.journal"))
        bench.settle()
        try bench.follow(numbered(5..<8), to: machine + "/system.journal")
        #expect(bench.messages == (0..<8).map { "entry \($0)" })
        #expect(bench.notices.map(\.kind) == [.remark])  // the copy is named
    }

    @Test("a file that goes with entries that were not read is a gap, with their number; and it is let go of")
    func removed() throws {
        let bench = try JournalBench(byFile: true)
        try bench.follow(numbered(0..<5))
        try bench.write(numbered(5..<12))
        try Files.remove(bench.path("a.journal"))
        bench.settle()
        #expect(bench.notices.map(\.kind) == [.gap])
        #expect(bench.notices.first?.text.contains("up to 7 entries") == true)
        #expect(bench.messages == (0..<5).map { "entry \($0)" })
        #expect(heldDeleted(bench).isEmpty)
    }

    @Test("a deleted file is let go of by one handle over all, too", arguments: [false, true])
    func deletedIsClosed(byFile: Bool) throws {
        let bench = try JournalBench(byFile: byFile)
        for name in ["a.journal", "b.journal", "c.journal"] { try bench.write(numbered(0..<5, name), to: name) }
        bench.start()
        bench.settle()
        for name in ["a.journal", "b.journal"] { try Files.remove(bench.path(name)) }
        bench.settle()
        #expect(heldDeleted(bench).isEmpty)
        #expect(bench.messages.count == 15)
    }

    /// Descriptors and mappings of this process that hold a deleted file of the bench's folder.
    private func heldDeleted(_ bench: JournalBench) -> [String] {
        let links = (try? Files.list("/proc/self/fd")) ?? []
        let open = links.compactMap { name -> String? in
            var buffer = [CChar](repeating: 0, count: 4096)
            let count = readlink("/proc/self/fd/" + name, &buffer, buffer.count - 1)
            return count > 0 ? String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
        }
        let maps = String(decoding: (try? Files.read("/proc/self/maps")) ?? [], as: UTF8.self).split(separator: "\n")
        return (open + maps.map(String.init)).filter { $0.contains(bench.folder.path) && $0.hasSuffix("(deleted)") }
    }

    @Test("each entry is delivered when it is written, not with the next one", arguments: [false, true])
    func single(byFile: Bool) throws {
        let bench = try JournalBench(byFile: byFile)
        bench.start()
        bench.settle()
        for number in 0..<5 {
            try bench.follow(numbered(Int64(number)..<Int64(number) + 1))
            #expect(bench.records.count == number + 1)
        }
    }

    @Test("begun at the end of several files of mixed times, nothing old is told", arguments: [false, true])
    func tail(byFile: Bool) throws {
        let bench = try JournalBench(byFile: byFile) { $0.start = .now }
        for (name, from) in [("a.journal", 0), ("b.journal", 500), ("c.journal", 20)] {
            try bench.write(numbered(Int64(from)..<Int64(from) + 300), to: name)
        }
        bench.start()
        bench.settle()
        #expect(bench.records.isEmpty)
        try bench.follow(numbered(900..<903), to: "c.journal")
        #expect(bench.messages == ["entry 900", "entry 901", "entry 902"])
    }

    @Test(
        "what journald suppressed is told, in its words; what anyone else says of it is a line as any",
        arguments: [false, true])
    func suppressed(byFile: Bool) throws {
        let bench = try JournalBench(byFile: byFile)
        let id = ("MESSAGE_ID", "a596d6fe7bfa4994828e72309e95d61e")
        try bench.write([
            ExportedEntry(
                "Suppressed 812 messages from a.service", at: 1, [id, ("_TRANSPORT", "driver"), ("_HOSTNAME", "web1")]),
            ExportedEntry("Suppressed 1 messages from b.service", at: 2, [id, ("_TRANSPORT", "journal")]),
        ])
        bench.start()
        bench.settle()
        #expect(bench.notices.map(\.kind) == [.suppressed])
        #expect(bench.notices.first?.text == "journald on web1: Suppressed 812 messages from a.service")
        #expect(bench.records.count == 2)
    }

    @Test("an entry of many MiB is bounded, whole in its message's beginning, and the next one is there")
    func huge() throws {
        let bench = try JournalBench(byFile: true)
        var entry = ExportedEntry("huge", at: 1)
        for number in 0..<24 {
            // Not compressible, so that it lies in the file at its full length.
            var state = UInt64(number) &+ 0x9e37_79b9_7f4a_7c15
            let noise = (0..<(1 << 20)).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 40)
            }
            entry.fields.append(("BLOB\(number)", noise))
        }
        entry.fields.append(("MESSAGE", [UInt8](repeating: 0x78, count: 3 << 20)))
        try bench.follow([entry, ExportedEntry("next", at: 2)])
        try #require(bench.records.count == 2)
        #expect(bench.messages[0].contains("huge") && bench.messages[0].utf8.count <= bench.options.messageLimit)
        #expect(bench.records[0].fields.reduce(0) { $0 + $1.value.count } <= bench.options.entryLimit)
        #expect(bench.messages[1] == "next")
        #expect(bench.notices.map(\.kind) == [.skipped])
    }

    @Test("files with damaged bytes crash and hang nothing, and the whole one beside them is read", arguments: 1...12)
    func damaged(seed: Int) throws {
        let bench = try JournalBench(byFile: true)
        try bench.write((0..<400).map { ExportedEntry("entry \($0)", at: $0, [("N", "\($0)")]) }, to: "a.journal")
        try bench.write(numbered(1000..<1010, "whole"), to: "b.journal")
        var bytes = try Files.read(bench.path("a.journal"))
        var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15
        for _ in 0..<200 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            // Behind the header's identity: a file that is none is another test.
            let at = 208 + Int((state >> 20) % UInt64(min(bytes.count, 400_000) - 208))
            bytes[at] = UInt8(truncatingIfNeeded: state >> 8)
        }
        try Files.write(bytes, to: bench.path("a.journal"))
        bench.start()
        for _ in 0..<6 { bench.settle() }
        #expect(bench.messages.filter { $0.hasPrefix("whole") } == (1000..<1010).map { "whole \($0)" }, "seed \(seed)")
        let read = bench.messages.filter { $0.hasPrefix("entry") }.count
        #expect(
            read == 400 || bench.notices.contains { $0.kind == .gap }, "seed \(seed): \(read) read, and no gap told")
    }

    @Test("the time at which a gap can be told comes: a header that promises more than the file holds")
    func promising() throws {
        let bench = try JournalBench(byFile: true)
        try bench.write(numbered(0..<5))
        var bytes = try Files.read(bench.path("a.journal"))
        bytes[160] = 9  // tail_entry_seqnum
        bytes[16] = 1  // as if its writer had died
        try Files.write(bytes, to: bench.path("a.journal"))
        bench.start()
        bench.settle()
        #expect(bench.messages.count == 5 && bench.notices.isEmpty)
        for _ in 0..<4 { bench.settle() }
        #expect(bench.messages.count == 5)
        #expect(bench.notices.map(\.kind) == [.gap])
    }
}
