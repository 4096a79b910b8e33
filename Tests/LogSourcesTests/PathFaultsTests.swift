import Records
import Testing

@testable import LogSources

@Suite struct PathFaultsTests {
    private func key(_ inode: UInt64) -> FileKey { FileKey(FileCheckpoint(path: "/a", device: 1, inode: inode)) }

    /// One scan that finds these places faulty and those places there.
    private func scan(
        _ faults: inout PathFaults, faulty: [String: String] = [:], there: Set<String> = [], open: [FileKey] = []
    ) -> [String] {
        faults.beginScan()
        var notices = faulty.sorted { $0.key < $1.key }.compactMap { faults.note($0.key, of: $0.key, $0.value) }
        notices += faults.endScan(
            isFaulty: { faulty[$0] != nil }, isThere: { there.contains($0) },
            isOpen: { key, _ in open.contains(key) })
        return notices.map { "\($0.kind) \($0.text)" }
    }

    @Test("a fault is said once, again when it is another, and taken back with the reason")
    func once() {
        var faults = PathFaults()
        #expect(scan(&faults, faulty: ["/a": "x", "/b": "y"]) == ["unreadable x", "unreadable y"])
        #expect(scan(&faults, faulty: ["/a": "x", "/b": "z"]) == ["unreadable z"])
        #expect(faults["/b"] == "z")
        #expect(scan(&faults, faulty: ["/b": "z"], there: ["/a"]) == ["readable /a is read again."])
        #expect(scan(&faults) == ["readable /b is not there any more."])
        #expect(faults.isEmpty && faults.all.isEmpty)
    }

    @Test(
        "what an open file could not be read for is over when that file is read, not when it is seen or another is read"
    )
    func reader() {
        var faults = PathFaults()
        #expect(faults.note("/a", of: "/a", "x", reader: key(1)) != nil)
        #expect(scan(&faults, there: ["/a"], open: [key(1)]).isEmpty)
        #expect(faults.clear("/a", readBy: key(2)) == nil)
        #expect(faults.clear("/b", readBy: key(1)) == nil)
        #expect(faults.clear("/a", readBy: key(1))?.kind == .readable)
        #expect(faults.isEmpty)
    }

    @Test("of more than can be read it is said that there are more, until there are not")
    func further() {
        var faults = PathFaults()
        func many(_ range: Range<Int>) -> [String: String] {
            Dictionary(uniqueKeysWithValues: range.map { ("/logs/\($0)", "x") })
        }
        let limit = PathFaults.limit
        #expect(scan(&faults, faulty: many(0..<limit + 50)).count == limit + 1)
        #expect(faults.all.count == limit + 1)
        #expect(faults.all.last?.source == .file("/logs"))
        #expect(scan(&faults, faulty: many(0..<limit + 50)).isEmpty)
        let named = faults.all.compactMap { $0.source.name }.filter { $0 != "/logs" }
        let left = Dictionary(uniqueKeysWithValues: named.prefix(limit - 1).map { ($0, "x") })
        #expect(
            Set(scan(&faults, faulty: left)) == [
                "readable All files that cannot be read are named again.",
                "readable \(named[limit - 1]) is not there any more.",
            ])
        #expect(faults.all.count == limit - 1)
    }
}
